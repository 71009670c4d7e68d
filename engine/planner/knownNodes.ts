import { nodesOf } from '../api/nodes.ts'
import { memoised } from '../controllers/memo.ts'

/** The same for every DaemonSet of a plan. */
export const knownNodes = memoised(nodesOf)
