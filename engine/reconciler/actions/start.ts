import type { ImageInfo } from '../../api/imageRequests.ts'
import type { ContainerAttempt, StartContainers } from '../../api/plan.ts'
import type { ObservedPod } from '../../api/snapshot.ts'
import type { ConfigProblem } from '../../kubelet/context.ts'
import { isProblem } from '../../kubelet/context.ts'
import { pullImageRequest } from '../../kubelet/requests/pullImage.ts'
import type { VolumeFiles } from '../../kubelet/requests/envFiles.ts'
import { envFilesOf, fileKey } from '../../kubelet/requests/envFiles.ts'
import { startContainerRequest } from '../../kubelet/requests/startContainer.ts'
import { pullImage } from './pullImage.ts'
import type { ActionWorld } from './world.ts'

type Pulled =
  | { readonly kind: 'image'; readonly image: ImageInfo }
  | ConfigProblem
  | { readonly kind: 'rejected'; readonly error: unknown }

/** All images at once, the containers in order. One that fails does not keep the next from starting. */
export async function startContainers(action: StartContainers, world: ActionWorld): Promise<void> {
  const pod = world.pod()
  if (pod === undefined) return
  const pulls = action.containers.map((container) => ({
    container,
    pulled: pull(pod, container.name, world),
  }))
  for (const { container, pulled } of pulls) {
    await world.attempt(container.name, async () => startOne(pod, container, await pulled, world))
  }
  world.done('')
}

/** Never rejects: the answer may be looked at long after it has come. */
async function pull(pod: ObservedPod, container: string, world: ActionWorld): Promise<Pulled> {
  try {
    const request = pullImageRequest(pod.record, container, world.desired)
    if (isProblem(request)) return request
    return { kind: 'image', image: await pullImage(request, container, world) }
  } catch (error) {
    return { kind: 'rejected', error }
  }
}

async function startOne(
  pod: ObservedPod,
  container: ContainerAttempt,
  pulled: Pulled,
  world: ActionWorld,
): Promise<ConfigProblem | undefined> {
  if (pulled.kind === 'rejected') throw pulled.error
  if (pulled.kind === 'problem') return pulled
  const files = await readEnvFiles(pod, container.name, world)
  const services = world.services(pod.record.pod.metadata.namespace ?? 'default')
  const context = { now: world.clock.now(), node: world.node(), desired: world.desired, files, services }
  const request = startContainerRequest(pod, container, pulled.image, context)
  if (isProblem(request)) return request
  await world.inSlot(() => world.runtime.startContainer(request, world.signal))
  return undefined
}

async function readEnvFiles(pod: ObservedPod, container: string, world: ActionWorld): Promise<VolumeFiles> {
  const files = new Map<string, string | undefined>()
  for (const request of envFilesOf(pod, container)) {
    const key = fileKey({ volumeName: request.volume, path: request.path })
    files.set(key, await world.runtime.readVolumeFile(request, world.signal))
  }
  return files
}
