import { nodesOf } from '../api/nodes.ts'
import { memoised } from '../api/memo.ts'

/** Found out once a plan: schedulers, DaemonSets, claims and taints all ask. */
export const knownNodes = memoised(nodesOf)
