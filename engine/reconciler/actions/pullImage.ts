import type { ImageInfo, PullImageRequest } from '../../api/imageRequests.ts'
import { millisecondsBetween } from '../clock.ts'
import type { ActionWorld } from './world.ts'

/** Tells of the pull, unless the image is there and nobody is asked. `container` is empty for a volume's image. */
export async function pullImage(
  request: PullImageRequest,
  container: string,
  { action, clock, runtime, signal, tell }: ActionWorld,
): Promise<ImageInfo> {
  const about = { action, container, image: request.image }
  let began: Temporal.Instant | undefined
  const info = await runtime.pullImage(request, signal, () => {
    began = clock.now()
    tell({ kind: 'imagePulling', at: began.toString(), ...about })
  })
  if (began === undefined) return info
  const now = clock.now()
  tell({ kind: 'imagePulled', at: now.toString(), ...about, durationMs: millisecondsBetween(began, now) })
  return info
}
