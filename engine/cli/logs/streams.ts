import type { ObservedContainer } from '../../api/snapshot.ts'
import type { Invocation } from '../invocation.ts'
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
export function isLive(stream: Stream): boolean {
  return stream.pod.listing.record.ended === undefined && observed(stream)?.state.kind !== 'exited'
}
