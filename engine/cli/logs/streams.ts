import type { ObservedContainer } from '../../api/snapshot.ts'
import type { Invocation } from '../invocation.ts'
import type { PodListing } from '../../runtimes/runtime.ts'
import { defaultContainer, findContainer, type ListedPod } from '../pods.ts'
import type { World } from '../world.ts'
import type { LogOptions } from './options.ts'

/** What one container of one pod writes, over its attempts. */
export interface Stream {
  readonly pod: ListedPod
  readonly container: string
  readonly key: string
  /** Before each line, when that is asked for. The same for as long as the pod is there. */
  readonly prefix: string
  /** For messages. */
  readonly name: string
}

function streamOf(pod: ListedPod, container: string, invocation: Invocation): Stream {
  const { name, namespace, uid } = pod
  const isHere = namespace === (invocation.text('namespace') ?? 'default')
  return {
    pod,
    container,
    key: `${uid}/${container}`,
    prefix: `[${isHere ? '' : `${namespace}/`}pod/${name}/${container}] `,
    name: `container ${container} of pod ${namespace}/${name}`,
  }
}

/** Of a pod that was named: throws a UserError when it has no such container. */
export function streamsOfNamed(
  pod: ListedPod,
  options: LogOptions,
  invocation: Invocation,
  world: World,
): readonly Stream[] {
  if (options.allContainers) return streamsOfSelected(pod, options, invocation)
  return [streamOf(pod, findContainer(pod, options.container, world), invocation)]
}

/** Of one of several pods: none when it has no such container. */
export function streamsOfSelected(
  pod: ListedPod,
  options: LogOptions,
  invocation: Invocation,
): readonly Stream[] {
  const { initContainers = [], containers = [] } = pod.listing.record.pod.spec ?? {}
  const all = [...initContainers, ...containers].map(({ name }) => name)
  const chosen = options.allContainers ? all : [options.container ?? defaultContainer(pod)]
  return chosen.flatMap((name) =>
    name !== undefined && all.includes(name) ? [streamOf(pod, name, invocation)] : [],
  )
}

export function observed({ container, pod }: Stream): ObservedContainer | undefined {
  return pod.listing.containers.get(container)
}

/** It runs, or may yet. */
export function isLive({ container, pod }: Stream): boolean {
  return !isOver(pod.listing, container)
}

/** Whether it does not run, and nothing will start it again. */
export function isOver(listing: PodListing, name: string): boolean {
  const { ended, pod } = listing.record
  const container = listing.containers.get(name)
  const isGoing = ended !== undefined || pod.metadata.deletionTimestamp !== undefined
  if (container === undefined) return isGoing
  const { state } = container
  if (state.kind !== 'exited' || state.restartAt !== undefined) return isGoing && state.kind !== 'running'
  return isGoing || !restartsAlways(pod.spec, name)
}

/** The engine starts it again where the node does not. */
function restartsAlways(spec: PodListing['record']['pod']['spec'], name: string): boolean {
  const init = spec?.initContainers?.find((one) => one.name === name)
  if (init !== undefined) return init.restartPolicy === 'Always'
  const own = spec?.containers.find((one) => one.name === name)?.restartPolicy
  return (own ?? spec?.restartPolicy ?? 'Always') === 'Always'
}
