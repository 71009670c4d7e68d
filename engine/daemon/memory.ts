import type { ObjectKey } from '../api/names.ts'
import type { ObjectRecord } from '../api/records.ts'
import { NO_MEMORY, SYNC_KEY, type SyncMemory, syncMemory, syncRecord } from '../api/sync.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import type { Engine } from './engine.ts'

/** What is remembered of following the repository, as it is on the head's disk. This daemon alone writes it. */
export class Memory {
  #record: ObjectRecord | undefined
  #isKnown = false

  get value(): SyncMemory {
    return this.#record === undefined ? NO_MEMORY : syncMemory(new Map([[SYNC_KEY, this.#record]]))
  }

  /** As the head has it. Rejects when it cannot be read: what nobody knows is no reason to go on. */
  async known(runtime: Runtime, signal: AbortSignal): Promise<void> {
    if (this.#isKnown) return
    this.#record = (await runtime.readObjectRecords(signal)).get(SYNC_KEY)
    this.#isKnown = true
  }

  /** Resolves once it is safe on the disk. Nothing is written when the change is none. */
  async change(
    make: (memory: SyncMemory) => SyncMemory,
    commit: string,
    {
      engine,
      runtime,
      signal,
    }: { readonly engine: Engine; readonly runtime: Runtime; readonly signal: AbortSignal },
  ): Promise<void> {
    const next = make(this.value)
    if (JSON.stringify(next) === JSON.stringify(this.value)) return
    const record = syncRecord(this.over(new Map()), next, commit)
    if (engine.desired === undefined) await runtime.writeObjectRecord(record, signal)
    else await engine.remember(() => record)
    this.#record = record
    this.#isKnown = true
  }

  /** The records with this one as it is now: a plan may have been made before it was last written. */
  over(records: ReadonlyMap<ObjectKey, ObjectRecord>): ReadonlyMap<ObjectKey, ObjectRecord> {
    return this.#record === undefined ? records : new Map([...records, [SYNC_KEY, this.#record]])
  }
}
