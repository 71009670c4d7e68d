import type { CreatePodRequest } from '../../api/cri.ts'
import type { PodRecord } from '../../api/records.ts'
import type { Desired } from '../../api/snapshot.ts'
import type { ConfigProblem } from '../context.ts'

export function createPodRequest(_record: PodRecord, _desired: Desired): CreatePodRequest | ConfigProblem {
  throw new Error('not built yet')
}
