import type { NodeName, PodUid, Timestamp } from '../../api/names.ts'
import type { Snapshot } from '../../api/snapshot.ts'
import type { ObservedPod } from '../../api/snapshot.ts'
import { nameOf } from '../../reconciler/changes.ts'
import { containerEvents } from '../../reconciler/containerChanges.ts'
import { containerTelling } from './containerTellings.ts'
import { aboutPod, containerName, type Scene } from './scene.ts'
import type { Happening } from './telling.ts'
import { oneLine } from './words.ts'

/**
 * What the nodes remember of their pods by themselves: also of the time when no engine ran. In the words of the engine that sees it happen, so
 * that what it has told already is told once.
 */
export function foundHappenings(snapshot: Snapshot): readonly Happening[] {
  const scene: Scene = { snapshot }
  return [...snapshot.observed.nodes.values()].flatMap(({ name, pods }) =>
    [...pods].flatMap(([uid, pod]) => ofPod(uid, name, pod, scene)),
  )
}

function ofPod(uid: PodUid, node: NodeName, pod: ObservedPod, scene: Scene): readonly Happening[] {
  const of = { uid, node, pod: nameOf(pod) }
  const { creationTimestamp: created } = pod.record.pod.metadata
  const about = aboutPod(scene, of)
  const message = `Successfully assigned ${of.pod} to ${node}`
  const { commit } = pod.record
  const scheduled: readonly Happening[] =
    created === undefined
      ? []
      : [{ at: created, about, type: 'Normal', reason: 'Scheduled', message, commit, found: true }]
  const containers = containerEvents(of, undefined, pod).flatMap(
    (event) => containerTelling({ ...event, found: true }, scene, false).events ?? [],
  )
  return [...scheduled, ...containers.map((each) => ({ ...each, commit })), ...hooks(of, pod, scene)]
}

function hooks(
  of: { readonly uid: PodUid; readonly node: NodeName; readonly pod: string },
  { record }: ObservedPod,
  scene: Scene,
): readonly Happening[] {
  return Object.entries(record.containers).flatMap(([name, { postStart, preStop }]) => {
    const about = aboutPod(scene, of, containerName(scene, of, name))
    const failed = (at: Timestamp, reason: string, failure: string): Happening => ({
      at,
      about,
      type: 'Warning',
      reason,
      message: oneLine(failure),
      commit: record.commit,
      found: true,
    })
    return [
      ...(postStart?.failure === undefined
        ? []
        : [failed(postStart.endedAt ?? postStart.startedAt, 'FailedPostStartHook', postStart.failure)]),
      ...(preStop?.failure === undefined
        ? []
        : [failed(preStop.endedAt ?? preStop.startedAt, 'FailedPreStopHook', preStop.failure)]),
    ]
  })
}
