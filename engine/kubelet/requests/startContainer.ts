import type { ImageInfo, StartContainerRequest } from '../../api/cri.ts'
import type { ContainerAttempt } from '../../api/plan.ts'
import type { ObservedPod } from '../../api/snapshot.ts'
import type { ConfigProblem, PodContext } from '../context.ts'

export function startContainerRequest(
  _pod: ObservedPod,
  _container: ContainerAttempt,
  _image: ImageInfo,
  _context: PodContext,
): StartContainerRequest | ConfigProblem {
  throw new Error('not built yet')
}
