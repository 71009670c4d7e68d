import type { ObjectKey } from '../../api/names.ts'
import type { ObjectRecord } from '../../api/records.ts'
import type { TrafficProblem } from '../../api/traffic.ts'
import { recordedConditions } from '../../controllers/memory.ts'
import type { Given } from './entry.ts'
import type { WantedService } from './list.ts'
import { conflicts, NO_PROBLEMS, type Outside } from './outside.ts'

/** What each Service is given by the world outside. */
export interface Givens {
  /** Two of the same text give the same. */
  readonly text: string
  /** Why some do not get what they want at addresses that others have. */
  readonly refused: ReadonlyMap<ObjectKey, TrafficProblem>
  readonly of: (service: WantedService, record: ObjectRecord | undefined) => Given
}

export function givensOf(
  { addresses, problemsOf, text }: Outside,
  services: readonly WantedService[],
  records: ReadonlyMap<ObjectKey, ObjectRecord>,
): Givens {
  const refused = conflicts(
    services.filter(wantsShared).map(({ desired: { key }, object }) => {
      const created = records.get(key)?.object.metadata.creationTimestamp ?? LAST
      return { key, service: object, created }
    }),
  )
  const all = [...addresses.values()].flat()
  const known = new Map<string, Given>()
  return {
    text: `${text} ${JSON.stringify([...refused])}`,
    refused,
    of: ({ desired: { key }, object }, record) => {
      const refusal = refused.get(key)
      const asked = problemsOf(key)
      // What nobody has said makes a difference only where something was said before.
      const problems = asked === undefined && recordedConditions(record).length === 0 ? NO_PROBLEMS : asked
      const isBalanced = object.spec.type === 'LoadBalancer' && refusal === undefined
      const given = {
        problems: refusal === undefined ? problems : [refusal, ...(problems ?? [])],
        addresses: isBalanced ? all : NO_ADDRESSES,
      }
      if (given.problems !== NO_PROBLEMS) return given
      return known.getOrInsertComputed(isBalanced ? 'balanced' : '', () => given)
    },
  }
}

const NO_ADDRESSES: readonly string[] = []
/** After every timestamp. */
const LAST = '~'

function wantsShared({ object: { spec } }: WantedService): boolean {
  return spec.type === 'LoadBalancer' || spec.externalIPs !== undefined
}
