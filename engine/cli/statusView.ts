import type { KubernetesObject, Pod } from '../api/generated/types.ts'
import { keyParts, objectText } from '../api/names.ts'
import type { Plan, StatusReport } from '../api/plan.ts'
import type { Desired, Snapshot } from '../api/snapshot.ts'
import { scaledObject } from '../planner/autoscale.ts'
import { officialObjects } from '../planner/official.ts'
import { isPod } from './blame.ts'
import { since } from './duration.ts'
import { headingOf, KIND_TABLES, type KindTable, rowOf } from './kindTables.ts'
import { podRow, restartLines } from './podText.ts'
import { nodeTable } from './nodes/table.ts'
import { healthText } from './progress.ts'
import { standingLines } from './standing.ts'
import { table } from './table.ts'

export type Filter = (metadata: KubernetesObject['metadata']) => boolean

export interface StatusInput {
  readonly plan: Plan
  readonly snapshot: Snapshot
  readonly filter: Filter
}

export function statusItems({ plan, snapshot, filter }: StatusInput): readonly unknown[] {
  return officialObjects(plan, snapshot)
    .filter(({ metadata }) => filter(metadata))
    .map(withoutSecrets)
}

/** A Secret is shown to exist, with its type and the names of its keys. */
function withoutSecrets(object: KubernetesObject): KubernetesObject {
  if (object.kind !== 'Secret') return object
  const { data, stringData, ...rest } = object
  const keys = Object.keys({ ...data, ...stringData }).toSorted()
  const annotations = { ...rest.metadata.annotations, 'reconcile.dev/keys': keys.join(',') }
  const { 'kubectl.kubernetes.io/last-applied-configuration': _applied, ...kept } = annotations as Record<
    string,
    string
  >
  return { ...rest, metadata: { ...rest.metadata, annotations: kept } }
}

/** A table for each kind of workload, one of pods, and what happened to restarted containers. */
export function statusText(input: StatusInput, now: Temporal.Instant, wide: boolean): string {
  const pods = podsOf(input)
  const restarts = pods.flatMap((pod) =>
    restartLines(pod).map((line) => `${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}: ${line}`),
  )
  const standing = standingLines(input.plan, (key) => isShown(key, input.snapshot.desired, input.filter), now)
  const parts = [
    nodeTable(input.snapshot),
    ...KIND_TABLES.map((kind) => kindTable(kind, input, now)),
    podTable(pods, now, wide),
    [...failures(input), ...standing, ...restarts].map((line) => `${line}\n`).join(''),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

const TABLED = new Set<string>(KIND_TABLES.map(({ kind }) => kind))

/** What is too long for a column: why workloads have failed. */
function failures({ plan, snapshot, filter }: StatusInput): readonly string[] {
  return [...plan.statuses.values()].flatMap(({ key, health }) =>
    health.kind === 'failed' &&
    // Drift has lines of its own.
    plan.leftAlone?.has(key) !== true &&
    TABLED.has(keyParts(key).kind) &&
    isShown(key, snapshot.desired, filter)
      ? [`${objectText(key)}: ${healthText(health)}`]
      : [],
  )
}

function podsOf({ plan, filter }: StatusInput): readonly Pod[] {
  return [...plan.statuses.values()]
    .flatMap(({ object }) => (isPod(object) && filter(object.metadata) ? [object] : []))
    .toSorted((a, b) => compare(nameOf(a), nameOf(b)))
}

function nameOf(pod: Pod): string {
  return `${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}`
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Deployments show what is of interest of their ReplicaSets. */
function kindTable(kind: KindTable, { plan, snapshot, filter }: StatusInput, now: Temporal.Instant): string {
  const { desired, records } = snapshot
  const rows = [...plan.statuses.values()]
    .filter((report) => keyParts(report.key).kind === kind.kind && isShown(report.key, desired, filter))
    .filter((report) => kind.kind !== 'ReplicaSet' || report.object === undefined)
    .toSorted((a, b) => compare(a.key, b.key))
    .map((report) => {
      const object = scaledObject(report.key, plan, desired)
      const row = rowOf(kind, { report, object, record: records.get(report.key), now })
      // What would be done stands below.
      return plan.leftAlone?.get(report.key)?.by === 'suspended' ? [...row.slice(0, -1), 'suspended'] : row
    })
  return rows.length === 0 ? '' : table(headingOf(kind), rows)
}

function isShown(key: StatusReport['key'], desired: Desired, filter: Filter): boolean {
  const { namespace, name } = keyParts(key)
  return filter(desired.objects.get(key)?.object.metadata ?? { namespace, name })
}

function podTable(pods: readonly Pod[], now: Temporal.Instant, wide: boolean): string {
  const rows = pods.map((pod) => {
    const { ready, status, restarts, lastRestart } = podRow(pod)
    const again =
      restarts > 0 && lastRestart !== undefined
        ? `${restarts} (${since(now, lastRestart)} ago)`
        : String(restarts)
    const { namespace = 'default', name, creationTimestamp } = pod.metadata
    const more = wide ? [pod.status?.podIP ?? '<none>', pod.spec?.nodeName ?? '<none>'] : []
    return [namespace, `pod/${name}`, ready, status, again, since(now, creationTimestamp), ...more]
  })
  const heading = ['NAMESPACE', 'NAME', 'READY', 'STATUS', 'RESTARTS', 'AGE', ...(wide ? ['IP', 'NODE'] : [])]
  return table(heading, rows)
}
