import type { KubernetesObject, Pod } from '../api/generated/types.ts'
import { keyParts } from '../api/names.ts'
import type { Plan, StatusReport } from '../api/plan.ts'
import type { Desired, Snapshot } from '../api/snapshot.ts'
import { isPod } from './blame.ts'
import { since } from './duration.ts'
import { podRow, restartLines } from './podText.ts'
import { longName } from './names.ts'
import { healthText, shortHealth } from './progress.ts'
import { table } from './table.ts'

export type Filter = (metadata: KubernetesObject['metadata']) => boolean

export interface StatusInput {
  readonly plan: Plan
  readonly snapshot: Snapshot
  readonly filter: Filter
}

/** Official objects: those of the commit with their status, then what was derived from them. */
export function statusItems({ plan, snapshot, filter }: StatusInput): readonly unknown[] {
  const items = [...snapshot.desired.objects.values()]
    .filter(({ key, object }) => filter(object.metadata) && plan.statuses.get(key)?.object === undefined)
    .map(({ key, object }) => withStatus(withoutSecrets(object), snapshot, plan.statuses.get(key)))
  const derived = [...plan.statuses.values()].flatMap(({ object }) =>
    hasMetadata(object) && filter(object.metadata) ? [object] : [],
  )
  return [...items, ...derived]
}

interface WithMetadata {
  readonly metadata: KubernetesObject['metadata']
}

function hasMetadata(object: unknown): object is WithMetadata {
  return typeof object === 'object' && object !== null && 'metadata' in object
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

function withStatus(
  object: KubernetesObject,
  { desired, records }: Snapshot,
  report: StatusReport | undefined,
): unknown {
  const key = [...desired.objects.values()].find((one) => one.object === object)?.key
  const recorded = key === undefined ? undefined : records.get(key)?.object.metadata
  const { uid, creationTimestamp } = recorded ?? {}
  return {
    ...object,
    metadata: {
      ...object.metadata,
      ...(uid === undefined ? {} : { uid }),
      ...(creationTimestamp === undefined ? {} : { creationTimestamp }),
    },
    ...(report === undefined ? {} : { status: report.status }),
  }
}

/** Two tables, workloads and pods, and what happened to restarted containers. */
export function statusText(input: StatusInput, now: Temporal.Instant, wide: boolean): string {
  const pods = podsOf(input)
  const restarts = pods.flatMap((pod) =>
    restartLines(pod).map((line) => `${pod.metadata.namespace ?? 'default'}/${pod.metadata.name}: ${line}`),
  )
  const parts = [
    workloadTable(input, now),
    podTable(pods, now, wide),
    [...failures(input), ...restarts].map((line) => `${line}\n`).join(''),
  ]
  return parts.filter((part) => part !== '').join('\n')
}

/** What is too long for a column: why workloads have failed. */
function failures({ plan, snapshot, filter }: StatusInput): readonly string[] {
  return [...plan.statuses.values()].flatMap(({ key, health }) =>
    health.kind === 'failed' && keyParts(key).kind === 'Deployment' && isShown(key, snapshot.desired, filter)
      ? [`${longName(key)}: ${healthText(health)}`]
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

function workloadTable({ plan, snapshot, filter }: StatusInput, now: Temporal.Instant): string {
  const rows = [...plan.statuses.values()]
    .filter(({ key }) => keyParts(key).kind === 'Deployment' && isShown(key, snapshot.desired, filter))
    .toSorted((a, b) => compare(a.key, b.key))
    .map((report) => deploymentRow(report, snapshot, now))
  return table(['NAMESPACE', 'NAME', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'AGE', 'HEALTH'], rows)
}

function isShown(key: StatusReport['key'], desired: Desired, filter: Filter): boolean {
  const { namespace, name } = keyParts(key)
  return filter(desired.objects.get(key)?.object.metadata ?? { namespace, name })
}

function deploymentRow(
  report: StatusReport,
  { desired, records }: Snapshot,
  now: Temporal.Instant,
): readonly string[] {
  const { namespace, name } = keyParts(report.key)
  const object = desired.objects.get(report.key)?.object
  const wanted = object?.kind === 'Deployment' ? (object.spec.replicas ?? 1) : 0
  const count = (field: string): string => String(numberAt(report.status, field))
  return [
    namespace,
    `deployment/${name}`,
    `${count('readyReplicas')}/${wanted}`,
    count('updatedReplicas'),
    count('availableReplicas'),
    since(now, records.get(report.key)?.object.metadata.creationTimestamp),
    shortHealth(report.health).split('\n')[0] ?? '',
  ]
}

function numberAt(status: unknown, field: string): number {
  if (typeof status !== 'object' || status === null) return 0
  const value: unknown = Object.entries(status).find(([name]) => name === field)?.[1]
  return typeof value === 'number' ? value : 0
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
