import { keyParts, type ObjectKey } from '../../../api/names.ts'
import type { Bucket, Health, Plan } from '../../../api/plan.ts'
import type { ListingCounts } from '../../../reconciler/figures.ts'
import { Describing, type Family, type Row, type Table, tablesOf } from '../table.ts'
import type { MetricsWorld, NodeSubject } from '../world.ts'

const engine = new Describing<MetricsWorld>([], () => ({}))

const HEALTHS: readonly Health['kind'][] = ['healthy', 'progressing', 'failed']
const BUCKETS: readonly Bucket[] = ['create', 'delete', 'change', 'keep', 'wait', 'unknown']

/** Rows by kind and a second label, each combination that is there. */
function countedRows(pairs: readonly (readonly [kind: string, value: string])[]): readonly Row[] {
  const counts = new Map<string, Row>()
  for (const pair of pairs) {
    const [, count] = counts.get(pair.join('/')) ?? [pair, 0]
    counts.set(pair.join('/'), [pair, count + 1])
  }
  return [...counts.keys()].toSorted().flatMap((key) => {
    const row = counts.get(key)
    return row === undefined ? [] : [row]
  })
}

function healthRows(plan: Plan | undefined): readonly Row[] {
  const reports = [...(plan?.statuses.values() ?? [])]
  return countedRows(reports.map(({ health, key }) => [keyParts(key).kind, health.kind]))
}

/** Objects for which something is to be done, or whose running state is known to differ. */
export function driftedObjects(plan: Plan): ReadonlySet<ObjectKey> {
  const differing = plan.verdicts.filter(({ bucket }) => ['create', 'delete', 'change'].includes(bucket))
  const left = [...(plan.leftAlone ?? [])].flatMap(([key, { would }]) => (would.length > 0 ? [key] : []))
  return new Set([...differing.map(({ object }) => object), ...plan.changes.keys(), ...left])
}

/** A row for each kind that there is, so that none is no number less. */
function driftRows(plan: Plan | undefined): readonly Row[] {
  if (plan === undefined) return []
  const drifted = [...driftedObjects(plan)].map((key) => keyParts(key).kind)
  const kinds = new Set([...plan.statuses.keys()].map((key) => keyParts(key).kind))
  return [...new Set([...kinds, ...drifted])]
    .toSorted()
    .map((kind) => [[kind], drifted.filter((each) => each === kind).length])
}

function bucketRows(plan: Plan | undefined): readonly Row[] {
  if (plan === undefined) return []
  const verdicts = Map.groupBy(plan.verdicts, ({ bucket }) => bucket)
  return BUCKETS.map((bucket) => [[bucket], verdicts.get(bucket)?.length ?? 0])
}

function busyRows({ loop }: MetricsWorld): readonly Row[] {
  const actions = [...(loop.snapshot?.busy.values() ?? [])].map(({ kind }) => kind)
  return [...Map.groupBy(actions, (kind) => kind)]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([kind, all]) => [[kind], all.length])
}

const LOOP: readonly Family<MetricsWorld>[] = [
  engine.counter('reconcile_ticks_total', 'Passes of the loop: look, plan, act.', ({ loop }) => loop.ticks),
  engine.counter(
    'reconcile_plan_failures_total',
    'Plans that could not be made: bugs of the engine.',
    ({ loop }) => loop.figures.planFailures,
  ),
  engine.gauges(
    'reconcile_objects',
    `Objects by kind and health: ${HEALTHS.join(', ')}.`,
    ['kind', 'health'],
    ({ loop }) => healthRows(loop.plan),
  ),
  engine.gauges(
    'reconcile_drifted_objects',
    'Objects whose running state differs from the commit in force, by kind.',
    ['kind'],
    ({ loop }) => driftRows(loop.plan),
  ),
  engine.gauges(
    'reconcile_plan_pods',
    'Pods by what the newest plan has in mind for them.',
    ['bucket'],
    ({ loop }) => bucketRows(loop.plan),
  ),
  engine.gauges(
    'reconcile_actions_in_progress',
    'Actions on pods that are under way, or have ended and were not looked at since, by kind.',
    ['action'],
    busyRows,
  ),
  engine.gauge(
    'reconcile_actions_held_back',
    'Actions of the newest plan that wait after failures before they are tried again.',
    ({ loop }) => loop.figures.heldBack,
  ),
  engine.counter(
    'reconcile_record_write_failures_total',
    'Writes of object records that failed.',
    ({ loop }) => loop.figures.recordWriteFailures,
  ),
  engine.gauge(
    'reconcile_problems',
    'Things that are wrong with nodes and records now: nodes that do not answer, records that cannot be written.',
    ({ loop }) => loop.problems.length,
  ),
]

const node = new Describing<NodeSubject>(['node'], ({ facts }) => ({ node: facts.name }))

const NODES: readonly Family<NodeSubject>[] = [
  node.gauge('reconcile_node_reachable', 'Whether the node answers.', ({ facts }) => facts.reachable),
  node.gauge(
    'reconcile_node_unreadable_pods',
    'Pods on the node whose records cannot be read: they are kept, and nothing new is made there.',
    ({ observed }) => observed?.unreadable?.length ?? 0,
  ),
]

interface Listings extends ListingCounts {
  readonly node: string
}

const listings = new Describing<Listings>(['node'], ({ node: name }) => ({ node: name }))

const LISTINGS: readonly Family<Listings>[] = [
  listings.counters(
    'reconcile_node_resyncs_total',
    'Full listings of the node, by whether it answered.',
    ['result'],
    ({ answered, failed }) => [
      [['answered'], answered],
      [['failed'], failed],
    ],
  ),
]

const reading = new Describing<MetricsWorld['readings'][number]>(['node'], ({ node: name }) => ({
  node: name,
}))

export const READING_TABLES: readonly Table<MetricsWorld>[] = tablesOf(
  ({ readings }: MetricsWorld) => readings,
  [
    reading.gauge(
      'reconcile_container_metrics_up',
      'Whether the node told in time what its containers use; without, its container_ metrics are left out.',
      ({ answered }) => answered,
    ),
    reading.gauge(
      'reconcile_container_metrics_duration_seconds',
      'How long the node took to tell what its containers use.',
      ({ tookSeconds }) => tookSeconds,
    ),
  ],
)

export const LOOP_TABLES: readonly Table<MetricsWorld>[] = [
  ...tablesOf((world: MetricsWorld) => [world], LOOP),
  ...tablesOf(({ nodes }: MetricsWorld) => nodes, NODES),
  ...tablesOf(
    ({ loop }: MetricsWorld) =>
      [...loop.figures.listings].map(([name, counts]): Listings => ({ node: name, ...counts })),
    LISTINGS,
  ),
]
