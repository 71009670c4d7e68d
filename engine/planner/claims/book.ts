import type { NodeName, ObjectKey } from '../../api/names.ts'
import type { BoundVolume } from '../../api/records.ts'
import type { Decision, PodWish } from '../../controllers/decision.ts'
import type { World } from '../world.ts'
import { bind, volumesOf } from './bind.ts'
import { type Claims, gatherClaims } from './entries.ts'
import { type ClaimAnswer, lookUp } from './lookUp.ts'
import { claimDecisions } from './report.ts'

/**
 * The claims of one plan, as placing pods uses them. A claim is bound when its first pod is given a node, in the same plan, and its
 * record is written before that pod is made.
 */
export class ClaimBook {
  readonly #claims: Claims

  constructor(decisions: readonly Decision[], world: World) {
    this.#claims = gatherClaims(decisions, world)
  }

  lookUp(wish: PodWish): ClaimAnswer {
    return lookUp(this.#claims, wish)
  }

  bind(wish: PodWish, object: ObjectKey, node: NodeName): void {
    bind(this.#claims, wish, object, node)
  }

  volumesOf(wish: PodWish): Readonly<Record<string, BoundVolume>> | undefined {
    return volumesOf(this.#claims, wish)
  }

  decisions(): readonly Decision[] {
    return claimDecisions(this.#claims)
  }
}
