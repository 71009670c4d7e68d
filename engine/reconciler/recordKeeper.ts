import { keyParts, type NodeName, type ObjectKey } from '../api/names.ts'
import type { Action, DeleteClaim, RecordAction } from '../api/plan.ts'
import type { ObjectRecord } from '../api/records.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import type { Clock } from './clock.ts'
import { after } from './clock.ts'
import type { FigureBook } from './figures.ts'
import type { Limits } from './limits.ts'
import { retryDelayMs } from './limits.ts'
import type { Logger } from './logger.ts'
import type { Pacing } from './pacing.ts'
import { blame, messageOf, problemOf, stackOf } from './problems.ts'
import { Slots } from './slots.ts'

/** Where records are kept, and the nodes that claims' data is on. */
export interface Keepers {
  readonly head: Runtime
  readonly runtimes: ReadonlyMap<NodeName, Runtime>
}

/** Object records, in memory as they are on the head's disk: a write shows here only once it is safe there. */
export class RecordKeeper {
  readonly #runtime: Runtime
  readonly #runtimes: ReadonlyMap<NodeName, Runtime>
  readonly #clock: Clock
  readonly #log: Logger
  readonly #pacing: Pacing
  readonly #limits: Limits
  readonly #figures: Pick<FigureBook, 'recordWriteFailures'>
  readonly #slots: Slots
  readonly #unwritten = new Map<ObjectKey, string>()
  readonly #failed = new Set<RecordAction>()
  #unread: string | undefined
  #records: ReadonlyMap<ObjectKey, ObjectRecord> = new Map()

  constructor(
    { head, runtimes }: Keepers,
    clock: Clock,
    log: Logger,
    pacing: Pacing,
    limits: Limits,
    figures: Pick<FigureBook, 'recordWriteFailures'> = { recordWriteFailures: 0 },
  ) {
    this.#runtime = head
    this.#runtimes = runtimes
    this.#clock = clock
    this.#log = log
    this.#pacing = pacing
    this.#limits = limits
    this.#figures = figures
    this.#slots = new Slots(limits.recordWritesMax)
  }

  get records(): ReadonlyMap<ObjectKey, ObjectRecord> {
    return this.#records
  }

  /** Records that could not be written and why: a sentence each. */
  problems(): readonly string[] {
    const unread = this.#unread === undefined ? [] : [`the object records could not be read: ${this.#unread}`]
    const unwritten = [...this.#unwritten].map(
      ([key, message]) => `the record of ${key} could not be written: ${message}`,
    )
    return [...unread, ...unwritten]
  }

  /** Tries until it has them, for nothing may be planned without. Rejects when trying again cannot help. */
  async read(signal: AbortSignal): Promise<void> {
    for (let failures = 1; !signal.aborted; failures += 1) {
      try {
        this.#records = await this.#runtime.readObjectRecords(signal)
        this.#unread = undefined
        return
      } catch (error) {
        if (signal.aborted) return
        if (blame(error) === 'bug' || problemOf(error, '').certain) throw error
        await this.#readAgain(messageOf(error), failures, signal)
      }
    }
  }

  async #readAgain(message: string, failures: number, signal: AbortSignal): Promise<void> {
    this.#unread = message
    this.#log('warn', `reading the object records failed: ${message}`)
    const { retryMinMs, retryMaxMs } = this.#limits
    const waitMs = retryDelayMs(failures, retryMinMs, retryMaxMs)
    await this.#clock.sleepUntil(after(this.#clock.now(), waitMs), signal)
  }

  /**
   * A write that failed may have come to be all the same, and the answer was lost: then the records are read anew before anything
   * is planned from them, or the next plan would make another object of the same name.
   */
  async write(actions: readonly RecordAction[], signal: AbortSignal): Promise<void> {
    if (actions.length === 0) return
    const records = new Map(this.#records)
    const groups = [...Map.groupBy(actions, ({ object }) => object).values()]
    const written = await Promise.all(groups.map((group) => this.#writeInOrder(group, records, signal)))
    this.#records = records
    if (written.includes(false)) await this.read(signal)
  }

  /** What belongs to an object names it by its uid: without the object's own record, which comes first, it would be nobody's. */
  async #writeInOrder(
    actions: readonly RecordAction[],
    records: Map<ObjectKey, ObjectRecord>,
    signal: AbortSignal,
  ): Promise<boolean> {
    for (const [index, action] of actions.entries()) {
      if (await this.#writeOne(action, signal)) apply(records, action)
      else {
        for (const left of actions.slice(index)) this.#failed.add(left)
        return false
      }
    }
    return true
  }

  /** What the newest plan has the keeper write: what was tried in vain for an older one is of no interest any more. */
  stillWanted(actions: readonly RecordAction[]): void {
    const keys = new Set(actions.map(keyOf))
    for (const key of this.#unwritten.keys()) if (!keys.has(key)) this.#unwritten.delete(key)
  }

  /** The objects whose records could not be written by the last `write`, or are `held` back: what they cover must wait. */
  unwritten(held: readonly RecordAction[]): ReadonlySet<ObjectKey> {
    const actions = [...this.#failed, ...held]
    this.#failed.clear()
    return new Set(actions.flatMap((action) => [action.object, keyOf(action), ...coveredBy(action)]))
  }

  async #writeOne(action: RecordAction, signal: AbortSignal): Promise<boolean> {
    const key = keyOf(action)
    try {
      await this.#slots.run(() => this.#send(action, signal), signal)
    } catch (error) {
      if (signal.aborted) return false
      const isBug = blame(error) === 'bug'
      const fields = { object: key, action: action.kind, ...(isBug && { stack: stackOf(error) }) }
      this.#log(isBug ? 'error' : 'warn', `writing the record failed: ${messageOf(error)}`, fields)
      this.#unwritten.set(key, messageOf(error))
      this.#figures.recordWriteFailures += 1
      this.#pacing.failed(action, this.#clock.now())
      return false
    }
    this.#unwritten.delete(key)
    if (this.#pacing.succeeded(action, this.#clock.now())) {
      const message = 'a bug in the engine: the plan writes the same record again and again'
      this.#log('error', message, { object: key, action: action.kind })
    }
    return true
  }

  #send(action: RecordAction, signal: AbortSignal): Promise<void> {
    switch (action.kind) {
      case 'writeRecord':
        return this.#runtime.writeObjectRecord(action.record, signal)
      case 'deleteRecord':
        return this.#runtime.deleteObjectRecord(action.key, signal)
      case 'deleteClaim':
        return this.#deleteClaim(action, signal)
      default:
        return action satisfies never
    }
  }

  /** The data first: without its record nobody would look for it any more. */
  async #deleteClaim({ key, node }: DeleteClaim, signal: AbortSignal): Promise<void> {
    const { name, namespace } = keyParts(key)
    const runtime = this.#runtimes.get(node)
    if (runtime === undefined) throw new Error(`deleting claim ${key}: there is no runtime for node ${node}`)
    const at = this.#clock.now().toString({ smallestUnit: 'millisecond' })
    await runtime.deleteClaim({ namespace, claim: name, at }, signal)
    this.#log('info', `moved the data of ${namespace}/${name} to the trash of ${node}`, { object: key, node })
    await this.#runtime.deleteObjectRecord(key, signal)
  }
}

export function isRecordAction(action: Action): action is RecordAction {
  return !('uid' in action)
}

function keyOf(action: RecordAction): ObjectKey {
  return action.kind === 'writeRecord' ? action.record.key : action.key
}

function coveredBy(action: RecordAction): readonly ObjectKey[] {
  return action.kind === 'writeRecord' && action.covers !== undefined ? [action.covers] : []
}

function apply(records: Map<ObjectKey, ObjectRecord>, action: RecordAction): void {
  if (action.kind === 'writeRecord') records.set(action.record.key, action.record)
  else records.delete(action.key)
}
