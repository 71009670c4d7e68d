import { parseNodeWord, recordOfWord } from '../api/nodeWords.ts'
import type { Desired } from '../api/snapshot.ts'
import type { Clock } from '../reconciler/clock.ts'
import type { MakeRecord } from '../reconciler/requests.ts'
import type { ControlHandlers } from './control.ts'
import type { ControlAnswer } from './controlMessages.ts'

/** Where `cordon`, `uncordon` and `drain` say what is to be of a node. */
export const NODE_ROUTE = '/v1/node'

interface Rememberer {
  readonly desired: Desired | undefined
  remember(make: MakeRecord): Promise<void>
}

/** The word is on record when it is answered, and the next plan goes by it. */
export function nodeRoutes(engine: Rememberer, clock: Clock): NonNullable<ControlHandlers['more']> {
  return {
    [`POST ${NODE_ROUTE}`]: async (body): Promise<ControlAnswer> => {
      const word = parseNodeWord(body)
      if (word === undefined) return { kind: 'refused', message: 'the request says nothing of a node' }
      const commit = engine.desired?.commit ?? 'uncommitted'
      const at = clock.now().toString({ smallestUnit: 'millisecond' })
      await engine.remember((records) => recordOfWord({ word, commit, at }, records))
      return { kind: 'done', message: `${word.kind} of node ${word.node} is on record` }
    },
  }
}
