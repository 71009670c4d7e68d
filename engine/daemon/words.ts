import type { ObjectKey, Timestamp } from '../api/names.ts'
import type { SyncMemory } from '../api/sync.ts'
import { resume, type Said, suspend } from '../api/syncWords.ts'
import { suspendProblem } from '../planner/suspendable.ts'
import type { ControlAnswer } from './controlMessages.ts'
import { currentOf, type JudgeOptions } from './judge.ts'

export interface WordsOptions extends JudgeOptions {
  /** Resolves once it is on record. */
  readonly remember: (make: (memory: SyncMemory) => SyncMemory, commit: string) => Promise<void>
  readonly now: () => Timestamp
}

/** What somebody said, and whether anything has changed by it. */
export interface Heard {
  readonly answer: ControlAnswer
  readonly isNew: boolean
}

/** From now on nothing is done about an object of the commit in force. */
export async function hearSuspend(object: ObjectKey, options: WordsOptions): Promise<Heard> {
  const { engine, memory, now } = options
  const { desired } = engine
  if (desired === undefined) return NOTHING_IN_FORCE
  const message = suspendProblem(object, await currentOf({ desired }, options))
  if (message !== undefined) return { answer: { kind: 'refused', message }, isNew: false }
  return await change(suspend(memory.value, object, now()), options)
}

export async function hearResume(object: ObjectKey, options: WordsOptions): Promise<Heard> {
  const { engine, memory } = options
  return engine.desired === undefined ? NOTHING_IN_FORCE : await change(resume(memory.value, object), options)
}

async function change(said: Said, { engine, memory, remember }: WordsOptions): Promise<Heard> {
  const isNew = said.kind === 'done' && said.memory !== memory.value
  if (said.kind === 'done' && isNew)
    await remember(() => said.memory, engine.desired?.commit ?? 'uncommitted')
  return { answer: answerOf(said), isNew }
}

export function answerOf({ kind, message }: Said): ControlAnswer {
  return { kind, message }
}

const NOTHING_IN_FORCE: Heard = {
  answer: {
    kind: 'refused',
    message: 'no commit is in force yet, so nothing can be said of its objects',
  },
  isNew: false,
}
