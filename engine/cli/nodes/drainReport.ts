import type { NodeName, PodUid } from '../../api/names.ts'
import { nodeKey, nodeMemory } from '../../api/nodeRecords.ts'
import type { Plan } from '../../api/plan.ts'
import type { ObservedPod, Snapshot } from '../../api/snapshot.ts'
import { isHeldByBudget } from '../../planner/drains.ts'
import { plainText } from '../table.ts'
import type { World } from '../world.ts'

/** Tells people how a drain goes, in kubectl's lines. */
export class DrainReport {
  readonly #node: NodeName
  readonly #world: World
  /** Pods that are to go and have not yet. */
  readonly #there: Map<PodUid, string>
  readonly #going = new Set<PodUid>()
  readonly #held = new Set<PodUid>()

  /** `toGo`: the pods that the drain is about, as `namespace/name`. */
  constructor(node: NodeName, toGo: readonly string[], before: Snapshot, world: World) {
    this.#node = node
    this.#world = world
    const names = new Set(toGo)
    this.#there = new Map([...podsOf(before, node)].filter(([, name]) => names.has(name)))
  }

  /** `namespace/name` of those that have not gone. */
  get left(): readonly string[] {
    return [...this.#there.values()]
  }

  /** True: nothing is left that is to go. */
  see({ actions, verdicts }: Plan, snapshot: Snapshot): boolean {
    const now = snapshot.observed.nodes.get(this.#node)
    for (const action of actions) if (action.kind === 'deletePod') this.#begins(action.uid)
    for (const [uid, pod] of now?.pods ?? []) if (isGoing(pod)) this.#begins(uid)
    for (const { reason, uid } of verdicts) if (isHeldByBudget(reason)) this.#isHeld(uid, reason)
    if (now?.reachable === true) {
      for (const [uid, name] of this.#there) if (!now.pods.has(uid)) this.#isGone(uid, name)
    }
    return nodeMemory(snapshot.records.get(nodeKey(this.#node))).drain === undefined
  }

  #begins(uid: PodUid): void {
    const name = this.#there.get(uid)
    if (name === undefined || this.#going.has(uid)) return
    this.#going.add(uid)
    this.#world.stdout.write(plainText(`evicting pod ${name}\n`))
  }

  #isHeld(uid: PodUid, reason: string): void {
    const name = this.#there.get(uid)
    if (name === undefined || this.#held.has(uid)) return
    this.#held.add(uid)
    this.#world.stderr.write(plainText(`error when evicting pod ${name} (it is tried again): ${reason}\n`))
  }

  #isGone(uid: PodUid, name: string): void {
    this.#there.delete(uid)
    if (this.#going.has(uid))
      this.#world.stdout.write(plainText(`pod/${name.replace(/^.*\//, '')} evicted\n`))
  }
}

function isGoing({ record }: ObservedPod): boolean {
  return record.pod.metadata.deletionTimestamp !== undefined
}

function podsOf({ observed }: Snapshot, node: NodeName): Map<PodUid, string> {
  const pods = observed.nodes.get(node)?.pods ?? []
  return new Map(
    [...pods].map(([uid, { record }]) => {
      const { name = '', namespace = 'default' } = record.pod.metadata
      return [uid, `${namespace}/${name}`]
    }),
  )
}
