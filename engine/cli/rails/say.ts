import type { ObjectKey } from '../../api/names.ts'
import { type SyncMemory, syncMemory, syncRecord } from '../../api/sync.ts'
import { approve, resume, type Said, suspend } from '../../api/syncWords.ts'
import type { Desired, Snapshot } from '../../api/snapshot.ts'
import type { ControlClient } from '../../daemon/controlClient.ts'
import type { ControlAnswer } from '../../daemon/controlMessages.ts'
import type { UntimedEvent } from '../../daemon/syncState.ts'
import { createEventTeller } from '../../daemon/telling/eventTeller.ts'
import type { Scene } from '../../daemon/telling/scene.ts'
import { suspendProblem } from '../../planner/suspendable.ts'
import { silentLogger } from '../../reconciler/logger.ts'
import { observeOnce } from '../../reconciler/observeOnce.ts'
import { appliedDesired } from '../applied.ts'
import { findDaemon } from '../findDaemon.ts'
import type { Invocation } from '../invocation.ts'
import { emptyDesired, lockStation, openMachine, openUsedStation, type UsedStation } from '../station.ts'
import { plainText } from '../table.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'

/** What is said by command of a held commit, or of an object. */
export type Word =
  | { readonly kind: 'approve'; readonly commit: string }
  | { readonly kind: 'suspend'; readonly object: ObjectKey }
  | { readonly kind: 'resume'; readonly object: ObjectKey }

/** Tells the running engine; where none runs, puts it on record under the root's lock. Returns the exit status. */
export async function say(word: Word, invocation: Invocation, world: World): Promise<number> {
  const station = await openUsedStation(invocation, world)
  const daemon = await findDaemon(station)
  const answer =
    daemon === undefined ? await record(word, station, invocation, world) : await tell(word, daemon)
  if (answer.kind === 'refused') throw new UserError(answer.message, { exitStatus: EXIT.failed })
  const next = daemon === undefined ? '; it counts from the next run on' : ''
  world.stdout.write(plainText(`${answer.message}${next}\n`))
  return EXIT.done
}

function tell(word: Word, daemon: ControlClient): Promise<ControlAnswer> {
  switch (word.kind) {
    case 'approve':
      return daemon.approve(word.commit)
    case 'suspend':
      return daemon.suspend(word.object)
    case 'resume':
      return daemon.resume(word.object)
    default:
      return word satisfies never
  }
}

async function record(
  word: Word,
  station: UsedStation,
  invocation: Invocation,
  world: World,
): Promise<ControlAnswer> {
  const machine = await openMachine(station, undefined, world)
  await using _lock = await lockStation(station, invocation, world)
  const desired = emptyDesired(station.record)
  const snapshot = await observeOnce(machine.runtimes, desired, world.clock, world.signal)
  const { observed, records } = snapshot
  if (word.kind === 'suspend') {
    const inForce = await objectsInForce(station, world)
    const problem = suspendProblem(word.object, { observed, records, ...(inForce && { inForce }) })
    if (problem !== undefined) return { kind: 'refused', message: problem }
  }
  const before = syncMemory(records)
  const said = answerTo(word, before, world)
  if (said.kind === 'refused') return said
  if (said.memory !== before) {
    await machine.runtime.writeObjectRecord(syncRecord(records, said.memory, desired.commit))
    await keepEvent(eventOf(word, said.memory), snapshot, station, world)
  }
  return { kind: 'done', message: said.message }
}

/** As a daemon that is told it. */
async function keepEvent(
  event: UntimedEvent,
  snapshot: Snapshot,
  { root, transport }: UsedStation,
  { clock }: World,
): Promise<void> {
  const scene = (): Scene => ({ snapshot })
  await using teller = createEventTeller({ clock, log: silentLogger, root, scene, transport })
  teller.sync({ at: clock.now().toString({ smallestUnit: 'millisecond' }), ...event })
}

function eventOf(word: Word, { approved }: SyncMemory): UntimedEvent {
  switch (word.kind) {
    case 'approve':
      return { kind: 'commitApproved', commit: approved?.commit ?? word.commit }
    case 'suspend':
      return { kind: 'suspended', object: word.object }
    case 'resume':
      return { kind: 'resumed', object: word.object }
    default:
      return word satisfies never
  }
}

/** Undefined: nobody can tell any more. What runs can be suspended all the same. */
async function objectsInForce(station: UsedStation, world: World): Promise<Desired['objects'] | undefined> {
  try {
    return (await appliedDesired(station, world)).objects
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

function answerTo(word: Word, memory: SyncMemory, { clock }: World): Said {
  const at = clock.now().toString({ smallestUnit: 'millisecond' })
  switch (word.kind) {
    case 'approve':
      return approve(memory, word.commit, at)
    case 'suspend':
      return suspend(memory, word.object, at)
    case 'resume':
      return resume(memory, word.object)
    default:
      return word satisfies never
  }
}
