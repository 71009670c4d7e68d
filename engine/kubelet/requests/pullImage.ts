import type { PullImageRequest } from '../../api/cri.ts'
import type { PodRecord } from '../../api/records.ts'
import type { Desired } from '../../api/snapshot.ts'
import type { ConfigProblem } from '../context.ts'

export function pullImageRequest(
  _record: PodRecord,
  _container: string,
  _desired: Desired,
): PullImageRequest | ConfigProblem {
  throw new Error('not built yet')
}
