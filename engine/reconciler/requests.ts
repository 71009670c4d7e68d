import type { ObjectKey } from '../api/names.ts'
import type { ObjectRecord } from '../api/records.ts'
import type { RecordKeeper } from './recordKeeper.ts'

export type MakeRecord = (records: ReadonlyMap<ObjectKey, ObjectRecord>) => ObjectRecord

interface Request {
  readonly make: MakeRecord
  readonly done: PromiseWithResolvers<void>
}

/** Records that no plan asks for: what somebody has said. Written between two plans, so that each plan knows all or nothing of them. */
export class Requests {
  #waiting: readonly Request[] = []

  get waiting(): boolean {
    return this.#waiting.length > 0
  }

  /** Rejects when it cannot be written. */
  add(make: MakeRecord): Promise<void> {
    const done = Promise.withResolvers<void>()
    this.#waiting = [...this.#waiting, { make, done }]
    return done.promise
  }

  async write(keeper: RecordKeeper, signal: AbortSignal): Promise<void> {
    while (this.#waiting.length > 0) {
      const [first, ...rest] = this.#waiting
      this.#waiting = rest
      if (first !== undefined) await carryOut(first, keeper, signal)
    }
  }

  /** The loop ends, and nothing of this will be written any more. */
  refuse(): void {
    for (const { done } of this.#waiting) done.reject(new Error('the engine ends, and nothing was written'))
    this.#waiting = []
  }
}

async function carryOut({ done, make }: Request, keeper: RecordKeeper, signal: AbortSignal): Promise<void> {
  try {
    const record = make(keeper.records)
    const { key: object } = record
    await keeper.write([{ kind: 'writeRecord', object, record, reason: 'as it was asked for' }], signal)
    if (keeper.records.get(object)?.generation === record.generation) done.resolve()
    else
      done.reject(new Error(`the record of ${object} could not be written: ${keeper.problems().join('; ')}`))
  } catch (error) {
    done.reject(error)
  }
}
