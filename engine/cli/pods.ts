import { type ObjectKey, objectKey, type PodUid } from '../api/names.ts'
import type { ObjectRecord } from '../api/records.ts'
import { controllerOf } from '../api/owners.ts'
import type { NodeListing, PodListing, Runtime } from '../runtimes/runtime.ts'
import type { Invocation } from './invocation.ts'
import { didYouMean } from './nearest.ts'
import { parseSelector, showsObject } from './selector.ts'
import { plainText } from './table.ts'
import { UserError } from './userError.ts'
import type { World } from './world.ts'

/** A pod on the node, with what people call it by. */
export interface ListedPod {
  readonly uid: PodUid
  readonly namespace: string
  readonly name: string
  readonly listing: PodListing
}

/** Sorted by namespace and name. What cannot be read is said on the standard error. */
export async function listPods(runtime: Runtime, world: World): Promise<readonly ListedPod[]> {
  const { pods, silent = [], unreadable } = await runtime.list(world.signal)
  for (const sentence of silent)
    world.stderr.write(plainText(`warning: ${sentence}; its pods are not known\n`))
  for (const { uid, message } of unreadable)
    world.stderr.write(`warning: pod ${uid} cannot be read: ${message}\n`)
  return listedPods(pods)
}

/** Sorted by namespace and name. */
export function listedPods(pods: NodeListing['pods']): readonly ListedPod[] {
  return [...pods]
    .map(([uid, listing]) => {
      const { namespace = 'default', name } = listing.record.pod.metadata
      return { uid, namespace, name, listing }
    })
    .toSorted((a, b) => compare(a.namespace, b.namespace) || compare(a.name, b.name))
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** What `-n` and `-l` let through. */
export function podFilter(invocation: Invocation): (pod: ListedPod) => boolean {
  const selectorText = invocation.text('selector')
  const filter = {
    namespace: invocation.text('namespace'),
    selector: selectorText === undefined ? undefined : parseSelector(selectorText),
  }
  return (pod) => showsObject({ ...pod.listing.record.pod.metadata, namespace: pod.namespace }, filter)
}

/** The pod that POD means: a name, namespace/name, pod/name, or deployment/name, which picks one of its pods. */
export async function findPod(
  asked: string,
  invocation: Invocation,
  runtime: Runtime,
  world: World,
): Promise<ListedPod> {
  const pods = await listPods(runtime, world)
  const { kind, namespace, name } = parsePodName(asked, invocation.text('namespace'))
  const nameOf = kind === 'pod' ? (pod: ListedPod) => pod.name : await ownerNames(kind, runtime, world)
  const matches = pods.filter((pod) => nameOf(pod) === name)
  const here = matches.filter((pod) => pod.namespace === (namespace ?? 'default'))
  const found = here.length > 0 || namespace !== undefined ? here : matches
  const [best] = found.toSorted((a, b) => rank(b) - rank(a))
  if (best === undefined) throw notFound({ kind, name, namespace }, matches, pods, nameOf)
  if (new Set(found.map((pod) => pod.namespace)).size > 1) {
    const names = found.map((pod) => `${pod.namespace}/${pod.name}`)
    throw new UserError(`${asked} could be ${names.join(' or ')}: say which with -n`)
  }
  return best
}

/** The kinds by whose name a pod may be asked for. */
const OWNERS = {
  deployment: 'Deployment',
  replicaset: 'ReplicaSet',
  statefulset: 'StatefulSet',
  daemonset: 'DaemonSet',
  job: 'Job',
} as const

type Owner = keyof typeof OWNERS

const KINDS: Readonly<Record<string, 'pod' | Owner>> = {
  pod: 'pod',
  pods: 'pod',
  po: 'pod',
  deployment: 'deployment',
  deployments: 'deployment',
  deploy: 'deployment',
  replicaset: 'replicaset',
  replicasets: 'replicaset',
  rs: 'replicaset',
  statefulset: 'statefulset',
  statefulsets: 'statefulset',
  sts: 'statefulset',
  daemonset: 'daemonset',
  daemonsets: 'daemonset',
  ds: 'daemonset',
  job: 'job',
  jobs: 'job',
}

export function parsePodName(
  asked: string,
  namespace: string | undefined,
): { readonly kind: 'pod' | Owner; readonly namespace: string | undefined; readonly name: string } {
  const parts = asked.split('/')
  const [first = '', second, third] = parts
  if (second === undefined) return { kind: 'pod', namespace, name: first }
  const kind = KINDS[first.toLowerCase()]
  if (third === undefined) {
    return kind === undefined
      ? { kind: 'pod', namespace: first, name: second }
      : { kind, namespace, name: second }
  }
  // namespace/deployment/name
  const inner = KINDS[second.toLowerCase()]
  if (inner !== undefined && parts.length === 3) return { kind: inner, namespace: first, name: third }
  throw new UserError(`${asked} names no pod: give a name, namespace/name, pod/name or deployment/name`)
}

/** What the object of this kind is called that a pod belongs to. */
async function ownerNames(
  kind: Owner,
  runtime: Runtime,
  world: World,
): Promise<(pod: ListedPod) => string | undefined> {
  const records: ReadonlyMap<ObjectKey, ObjectRecord> = await runtime.readObjectRecords(world.signal)
  return (pod) => {
    const owner = controllerOf(pod.listing.record.pod.metadata)
    if (owner?.kind === OWNERS[kind]) return owner.name
    if (owner?.kind !== 'ReplicaSet' || kind !== 'deployment') return undefined
    const set = records.get(objectKey('ReplicaSet', pod.namespace, owner.name))
    const above = set && controllerOf(set.object.metadata)
    return above?.kind === 'Deployment' ? above.name : undefined
  }
}

/** A running pod before a broken one, one that stays before one that goes, then the newest: what is asked for most. */
function rank(pod: ListedPod): number {
  const { metadata } = pod.listing.record.pod
  const running = [...pod.listing.containers.values()].some((one) => one.state.kind === 'running')
  const age = metadata.creationTimestamp === undefined ? 0 : Date.parse(metadata.creationTimestamp) / 1e14
  return (metadata.deletionTimestamp === undefined ? 4 : 0) + (running ? 2 : 0) + age
}

interface AskedPod {
  readonly kind: 'pod' | Owner
  readonly namespace: string | undefined
  readonly name: string
}

function notFound(
  asked: AskedPod,
  elsewhere: readonly ListedPod[],
  pods: readonly ListedPod[],
  nameOf: (pod: ListedPod) => string | undefined,
): UserError {
  const { kind, name, namespace } = asked
  const what = kind === 'pod' ? `pod ${name}` : `pod of ${kind} ${name}`
  const where = namespace === undefined ? '' : ` in namespace ${namespace}`
  return new UserError(`there is no ${what}${where}${hintFor(asked, elsewhere, pods, nameOf)}`)
}

function hintFor(
  { kind, name, namespace }: AskedPod,
  elsewhere: readonly ListedPod[],
  pods: readonly ListedPod[],
  nameOf: (pod: ListedPod) => string | undefined,
): string {
  const [other] = elsewhere
  if (other !== undefined) return `; there is one in namespace ${other.namespace}: say -n ${other.namespace}`
  const inside = pods.filter((pod) => namespace === undefined || pod.namespace === namespace)
  // What people know is the Deployment: its pods' names begin with its own.
  const [longer] = inside.filter((pod) => kind === 'pod' && pod.name.startsWith(`${name}-`))
  if (longer !== undefined) return `; did you mean ${longer.name}?`
  const near = didYouMean(
    name,
    inside.flatMap((pod) => nameOf(pod) ?? []),
  )
  return near === '' ? '; reconcile status shows those that there are' : near
}

const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container'

/** The container that people mean when they name none: the one that an annotation names, or the first. */
export function defaultContainer({ listing }: ListedPod): string | undefined {
  const { metadata, spec } = listing.record.pod
  const preferred = metadata.annotations?.[DEFAULT_CONTAINER]
  const all = [...(spec?.containers ?? []), ...(spec?.initContainers ?? [])]
  return (all.find(({ name }) => name === preferred) ?? all[0])?.name
}

/** The container that `-c` names, or the one that people mean without it. */
export function findContainer(pod: ListedPod, asked: string | undefined, world: World): string {
  const { metadata, spec } = pod.listing.record.pod
  const inits = (spec?.initContainers ?? []).map((one) => one.name)
  const mains = (spec?.containers ?? []).map((one) => one.name)
  const all = [...mains, ...inits]
  if (asked !== undefined) {
    if (all.includes(asked)) return asked
    const hint = didYouMean(asked, all) || `; there ${all.length === 1 ? 'is' : 'are'}: ${all.join(', ')}`
    throw new UserError(`pod ${pod.namespace}/${pod.name} has no container ${asked}${hint}`)
  }
  const preferred = metadata.annotations?.[DEFAULT_CONTAINER]
  const chosen = defaultContainer(pod)
  if (chosen === undefined) throw new UserError(`pod ${pod.namespace}/${pod.name} has no containers`)
  if (all.length > 1 && chosen !== preferred) {
    world.stderr.write(`container ${chosen} of ${all.join(', ')}; -c names another\n`)
  }
  return chosen
}
