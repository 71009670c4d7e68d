import type { NodeName, PodUid } from '../api/names.ts'
import type { ObservedPod } from '../api/snapshot.ts'
import type { PodSpec } from '../api/generated/types.ts'
import { exceeded, limitedParts } from '../kubelet/eviction.ts'
import { Bell } from './bell.ts'
import { after } from './clock.ts'
import { blame, messageOf, stackOf } from './problems.ts'
import type { Shared } from './shared.ts'
import { type Slots, slotsByNode } from './slots.ts'

export interface VolumeWatchOptions extends Shared {
  /** A volume has grown beyond its limit. */
  readonly wake: () => void
}

interface Watched {
  readonly node: NodeName
  readonly uid: PodUid
  readonly spec: PodSpec
}

/** Looks now and then whether empty directories and containers on disk have grown beyond their limits, as the kubelet does. */
export class VolumeWatch {
  readonly #options: VolumeWatchOptions
  readonly #bell = new Bell()
  readonly #slots: ReadonlyMap<NodeName, Slots>
  #watched: readonly Watched[] = []

  constructor(options: VolumeWatchOptions) {
    this.#options = options
    this.#slots = slotsByNode(options.runtimes.keys(), options.limits.inspectionsPerNodeMax)
  }

  /** After every tick. Without such a volume anywhere there is nothing to wait for. */
  update(): void {
    const before = this.#watched.length
    this.#watched = this.#pods()
    if (before === 0 && this.#watched.length > 0) this.#bell.ring()
  }

  /** Until the signal is aborted. */
  async run(): Promise<void> {
    const { clock, limits, signal } = this.#options
    while (!signal.aborted) {
      this.#bell.hush()
      const next = this.#watched.length === 0 ? undefined : after(clock.now(), limits.volumesEveryMs)
      await this.#bell.wait(clock, next, signal)
      await Promise.all(this.#watched.map((one) => this.#look(one)))
    }
  }

  #pods(): readonly Watched[] {
    const found: Watched[] = []
    for (const { name, pods, reachable } of this.#options.observer.observed().nodes.values()) {
      if (!reachable) continue
      for (const [uid, pod] of pods) {
        const { spec } = pod.record.pod
        if (limitedParts(spec).length > 0 && isLive(pod)) found.push({ node: name, uid, spec })
      }
    }
    return found
  }

  async #look({ node, spec, uid }: Watched): Promise<void> {
    const { observer, runtimes, signal, wake } = this.#options
    try {
      await this.#slots.get(node)?.run(async () => {
        const bytes = await runtimes.get(node)?.diskBytes(uid, limitedParts(spec), signal)
        if (bytes === undefined || exceeded(spec, bytes) === undefined) return
        observer.oversized(node, uid, bytes)
        wake()
      }, signal)
    } catch (error) {
      if (!signal.aborted) this.#failed(node, uid, error)
    }
  }

  #failed(node: NodeName, uid: PodUid, error: unknown): void {
    const { log, observer } = this.#options
    const pod = observer.pod(node, uid)?.record.pod.metadata.name ?? uid
    const stack = blame(error) === 'bug' ? { stack: stackOf(error) } : {}
    log('warn', `how much pod ${pod} takes of the disk could not be read: ${messageOf(error)}`, {
      node,
      pod,
      ...stack,
    })
  }
}

function isLive({ record, sandbox }: ObservedPod): boolean {
  const { deletionTimestamp } = record.pod.metadata
  return sandbox === 'ready' && deletionTimestamp === undefined && record.ended === undefined
}
