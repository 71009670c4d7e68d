import type { CreatePodRequest } from '../../api/cri.ts'
import type { VolumeRequest } from '../../api/volumeRequests.ts'
import type {
  CreatePod,
  DeletePod,
  MendPod,
  PodAction,
  ReleasePod,
  RemovePod,
  ResizePod,
  UpdatePod,
  UpdateVolumes,
} from '../../api/plan.ts'
import { isProblem } from '../../kubelet/context.ts'
import { updateVolumesRequest } from '../../kubelet/follow.ts'
import { createPodRequest } from '../../kubelet/requests/createPod.ts'
import { resizedRecord, resizePodRequest } from '../../kubelet/resize.ts'
import { isNotFound } from '../problems.ts'
import { pullImage } from './pullImage.ts'
import { runPostStart } from './postStart.ts'
import { startContainers } from './start.ts'
import { stopContainers } from './stop.ts'
import type { ActionWorld } from './world.ts'

/** Does what the action says. What a part could not do is told to the world; a rejection is about the whole pod. */
export function carryOut(action: PodAction, world: ActionWorld): Promise<void> {
  switch (action.kind) {
    case 'createPod':
    case 'mendPod':
      return createPod(action, world)
    case 'updatePod':
      return updatePod(action, world)
    case 'deletePod':
      return deletePod(action, world)
    case 'startContainers':
      return startContainers(action, world)
    case 'runPostStart':
      return runPostStart(action, world)
    case 'stopContainers':
      return stopContainers(action, world)
    case 'updateVolumes':
      return updateVolumes(action, world)
    case 'resizePod':
      return resizePod(action, world)
    case 'releasePod':
      return releasePod(action, world)
    case 'removePod':
      return removePod(action, world)
    default:
      return action satisfies never
  }
}

/** A pod that is there gets what it lacks. */
async function createPod(action: CreatePod | MendPod, world: ActionWorld): Promise<void> {
  const wish = createPodRequest(action.record, world.desired, world.node(), world.clock.now())
  if (isProblem(wish)) return world.problem({ ...wish, container: '' })
  const images = await withImages(wish, world)
  const request = { ...images, volumes: await withSigned(images.volumes, world) }
  await world.inSlot(() => world.runtime.createPod(request, world.signal))
  world.done('')
}

/** Outside of the node's slots, as the pulls for containers are. */
async function withImages(request: CreatePodRequest, world: ActionWorld): Promise<CreatePodRequest> {
  if (!request.volumes.some(({ kind }) => kind === 'image')) return request
  const volumes = await Promise.all(
    request.volumes.map(async (volume) => {
      if (volume.kind !== 'image') return volume
      const { id } = await pullImage(volume.pull, '', world)
      return { ...volume, image: id }
    }),
  )
  return { ...request, volumes }
}

/** What signs is loaded where something is to be signed. */
async function withSigned<T extends VolumeRequest>(
  volumes: readonly T[],
  { desired }: ActionWorld,
): Promise<readonly T[]> {
  const files = volumes.flatMap((volume) => (volume.kind === 'files' ? volume.files : []))
  let signed = volumes
  if (files.some(({ token }) => token !== undefined)) {
    const { signTokens } = await import('../tokens.ts')
    signed = signTokens(signed, desired.hashKey)
  }
  if (files.some(({ issued }) => issued !== undefined)) {
    const { issueCertificates } = await import('../certificates.ts')
    signed = await issueCertificates(signed, desired.hashKey)
  }
  return signed
}

async function updateVolumes(action: UpdateVolumes, world: ActionWorld): Promise<void> {
  const pod = world.pod()
  if (pod === undefined) return
  const { clock, desired } = world
  const wish = updateVolumesRequest(pod.record, action, desired, world.node(), clock.now())
  const request = { ...wish, volumes: await withSigned(wish.volumes, world) }
  await world.inSlot(() => world.runtime.updateVolumes(request, world.signal))
  world.done('')
}

async function updatePod(action: UpdatePod, world: ActionWorld): Promise<void> {
  await world.promptly(() => world.runtime.writePodRecord(action.record, world.signal))
  world.done('')
}

/** What is still to be done is on record until it is done: an engine that comes after this one does it again, which changes nothing. */
async function resizePod({ record }: ResizePod, world: ActionWorld): Promise<void> {
  const { runtime, signal } = world
  await world.inSlot(async () => {
    await runtime.writePodRecord(record, signal)
    await runtime.resizePod(resizePodRequest(record), signal)
    await runtime.writePodRecord(resizedRecord(record, world.pod()), signal)
  })
  world.done('')
}

/**
 * The record first: an engine that dies between the two leaves a pod that the next one knows is to go, and it disarms
 * again before it stops anything. The other way round it would leave a pod that nobody restarts.
 */
async function deletePod(action: DeletePod, world: ActionWorld): Promise<void> {
  await world.promptly(async () => {
    try {
      await world.runtime.writePodRecord(action.record, world.signal)
    } catch (error) {
      // what the node has no record of is gone already, or was never made
      if (!isNotFound(error)) throw error
    }
    await world.runtime.disarm(action.uid, world.signal)
  })
  world.done('')
}

/** The record first: what was given back would otherwise look as if it had been lost. */
async function releasePod(action: ReleasePod, world: ActionWorld): Promise<void> {
  await world.inSlot(async () => {
    await world.runtime.writePodRecord(action.record, world.signal)
    await world.runtime.releasePod(action.uid, world.signal)
  })
  world.done('')
}

async function removePod(action: RemovePod, world: ActionWorld): Promise<void> {
  await world.inSlot(() => world.runtime.removePod(action.uid, world.signal))
  world.done('')
}
