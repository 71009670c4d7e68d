import type { Node } from '../../../engine/api/generated/types.ts'
import { nodeKey } from '../../../engine/api/nodeRecords.ts'
import { type NodeWord, recordOfWord } from '../../../engine/api/nodeWords.ts'
import type { Loop } from '../../../engine/reconciler/loop.ts'
import type { Dice } from '../dice.ts'
import type { Fleet } from './world.ts'

/** Somebody who takes machines out of use for a while, by command or by commit. */
export class Operator {
  readonly #dice: Dice
  readonly #fleet: Fleet
  readonly #drained = new Set<string>()
  /** In most worlds nobody touches the machines. */
  readonly works: boolean
  #rests = false

  constructor(dice: Dice, fleet: Fleet) {
    this.#dice = dice
    this.works = dice.chance(0.25)
    this.#fleet = fleet
  }

  /** By command: it may come to nothing, as when the engine is killed meanwhile. */
  say(loop: Loop | undefined): void {
    const node = this.#dice.of(this.#fleet.nodes)?.name
    if (node === undefined) return
    const kind = this.#dice.pick<Exclude<NodeWord['kind'], 'fence' | 'unfence'>>(
      'cordon',
      'uncordon',
      'uncordon',
      'drain',
      'drain',
      'drain',
      'keepPods',
    )
    const word: NodeWord = kind === 'drain' ? { kind, node, options: {} } : { kind, node }
    this.#fleet.trace.add(`somebody says ${kind} of ${node}`)
    const { clock, desired } = this.#fleet
    const at = clock.now().toString()
    void loop
      ?.remember((records) => recordOfWord({ word, commit: desired.commit, at }, records))
      .catch(() => undefined)
  }

  /** The nodes as the next commit has them. */
  manifests(): readonly Node[] {
    if (this.#rests || !this.works) return this.#fleet.manifests
    const node = this.#dice.chance(0.2) ? this.#dice.of(this.#fleet.manifests) : undefined
    const name = node?.metadata.name ?? ''
    if (node !== undefined && !this.#drained.delete(name)) this.#drained.add(name)
    return this.#fleet.manifests.map((one) =>
      this.#drained.has(one.metadata.name) ? { ...one, spec: { ...one.spec, drain: {} } } : one,
    )
  }

  /** All machines may be used again. No engine runs. */
  rest(): void {
    this.#rests = true
    const { clock, desired, head, nodes } = this.#fleet
    for (const { name } of nodes) {
      if (!head.objectRecords.has(nodeKey(name))) continue
      // What was lost with it is not for anybody to take back.
      const said = { word: { kind: 'uncordon', node: name }, commit: desired.commit } as const
      const record = recordOfWord({ ...said, at: clock.now().toString() }, head.objectRecords)
      head.objectRecords.set(record.key, record)
    }
  }
}
