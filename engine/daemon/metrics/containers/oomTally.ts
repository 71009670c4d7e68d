import type { PodUid } from '../../../api/names.ts'
import type { ObservedPod } from '../../../api/snapshot.ts'
import type { PodMeasures } from '../../../runtimes/measures.ts'

interface Counted {
  readonly attempt: number
  /** Of the attempts before this one. */
  readonly before: number
  /** Of this attempt, when it was last read. */
  readonly now: number
}

/**
 * A counter must not go down when a container is restarted, and the kernel's begins anew with each cgroup. A container whose own process
 * was killed has left its cgroup before anybody reads it: its exit tells.
 */
export class OomTally {
  readonly #counted = new Map<PodUid, Map<string, Counted>>()

  after(uid: PodUid, pod: ObservedPod, { containers }: PodMeasures): ReadonlyMap<string, number> {
    const known = this.#counted.get(uid) ?? new Map<string, Counted>()
    this.#counted.set(uid, known)
    for (const [name, { memory }] of containers) {
      const observed = pod.containers.get(name)
      if (observed === undefined) continue
      const past = known.get(name)
      const { attempt, previous } = observed
      const isSame = past?.attempt === attempt
      const killed = isSame || previous?.oomKilled !== true ? 0 : 1
      const before = isSame ? past.before : (past?.before ?? 0) + Math.max(past?.now ?? 0, killed)
      known.set(name, { attempt, before, now: memory.oomKills })
    }
    return new Map([...known].map(([name, { before, now }]) => [name, before + now]))
  }

  keepOnly(uids: ReadonlySet<PodUid>): void {
    for (const uid of this.#counted.keys()) if (!uids.has(uid)) this.#counted.delete(uid)
  }
}
