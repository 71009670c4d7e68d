import { keyParts, type ObjectKey, objectText } from '../api/names.ts'
import type { Action, Bucket, Plan, PodVerdict } from '../api/plan.ts'
import { inOrder } from './inOrder.ts'

export interface PlanTextOptions {
  /** Only objects of this namespace. */
  readonly namespace?: string
  /** Also pods about which there is nothing to do. */
  readonly all?: boolean
}

const SIGNS: Readonly<Record<Bucket, string>> = {
  create: '+',
  delete: '-',
  change: '~',
  keep: '=',
  wait: '.',
  unknown: '?',
}

/** The plan for people: grouped by object, each pod with its reason, and a line that sums it up. */
export function planText(plan: Plan, options: PlanTextOptions = {}): string {
  const objects = inOrder([...objectsOf(plan)], (key) => key).filter((key) => isShown(key, options))
  const verdicts = Map.groupBy(plan.verdicts, ({ object }) => object)
  const blocks = objects.map((key) => block(key, plan, verdicts.get(key) ?? [], options))
  const shown = blocks.filter((lines) => lines.length > 1).map((lines) => `${lines.join('\n')}\n`)
  return `${[...shown, summary(plan, options)].join('\n')}\n`
}

function isShown(key: ObjectKey, { namespace }: PlanTextOptions): boolean {
  return namespace === undefined || keyParts(key).namespace === namespace
}

function objectsOf({ actions, changes, verdicts, violations }: Plan): ReadonlySet<ObjectKey> {
  return new Set([...[...actions, ...verdicts, ...violations].map(({ object }) => object), ...changes.keys()])
}

function block(
  key: ObjectKey,
  plan: Plan,
  verdicts: readonly PodVerdict[],
  { all }: PlanTextOptions,
): readonly string[] {
  const changes = plan.changes.get(key) ?? []
  const ordered = inOrder(verdicts, ({ bucket, pod }) => `${ORDER.indexOf(bucket)} ${pod}`)
  const pods = ordered.filter(({ bucket }) => all === true || bucket !== 'keep')
  return [
    objectText(key),
    ...violationLines(key, plan),
    ...standingLines(key, plan),
    ...changes.map(({ from, path, to }) => `    ${path}: ${from} -> ${to}`),
    ...pods.map(({ bucket, pod, reason }) => `  ${SIGNS[bucket]} ${bucket} ${nameOf(pod)}: ${reason}`),
    ...plan.actions.filter(({ object }) => object === key).flatMap(recordLine),
  ]
}

const ORDER: readonly Bucket[] = ['create', 'delete', 'change', 'wait', 'unknown', 'keep']

function nameOf(pod: string): string {
  return pod.slice(pod.indexOf('/') + 1)
}

/** Why less is done about it than the rest says. */
export function standingLines(
  key: ObjectKey,
  { kept, leftAlone }: Pick<Plan, 'kept' | 'leftAlone'>,
): readonly string[] {
  const left = leftAlone?.get(key)
  const reason = kept?.get(key)
  const since = left?.since === undefined ? '' : ` since ${left.since}`
  const text = left?.by === 'suspended' ? `suspended${since}` : 'detect mode'
  return [
    ...(left === undefined ? [] : [`    ${text}: left as it is`]),
    ...(reason === undefined ? [] : [`    ${reason}`]),
  ]
}

function violationLines(key: ObjectKey, { violations }: Plan): readonly string[] {
  return violations
    .filter(({ object }) => object === key)
    .map(
      ({ invariant, message }) => `  ! a bug in reconcile, so nothing is done here: ${invariant}: ${message}`,
    )
}

function recordLine(action: Action): readonly string[] {
  if (action.kind === 'writeRecord') return [`    record ${shortKey(action.record.key)}: ${action.reason}`]
  if (action.kind === 'deleteClaim') return [`    trash ${shortKey(action.key)}: ${action.reason}`]
  if (action.kind === 'deleteRecord') return [`    forget ${shortKey(action.key)}: ${action.reason}`]
  return []
}

function shortKey(key: ObjectKey): string {
  const { kind, name } = keyParts(key)
  return `${kind} ${name}`
}

const COUNTED: readonly (readonly [Bucket, string])[] = [
  ['create', 'to create'],
  ['delete', 'to delete'],
  ['change', 'to change'],
  ['wait', 'waiting'],
  ['unknown', 'unknown'],
  ['keep', 'unchanged'],
]

/** `3 to create, 1 to delete, 5 unchanged` */
function summary(plan: Plan, options: PlanTextOptions): string {
  const verdicts = plan.verdicts.filter(({ object }) => isShown(object, options))
  const counts = COUNTED.flatMap(([bucket, words]) => {
    const count = verdicts.filter((verdict) => verdict.bucket === bucket).length
    return count === 0 ? [] : [`${count} ${words}`]
  })
  const idle = !plan.actions.some(({ object }) => isShown(object, options))
  return [...(idle ? ['nothing to do'] : []), ...(counts.length > 0 ? [counts.join(', ')] : [])].join(': ')
}
