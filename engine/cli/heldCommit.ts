import { shortCommit } from '../api/names.ts'
import type { Desired, Snapshot } from '../api/snapshot.ts'
import { type HeldCommit, syncMemory, syncRecord, type SyncMemory } from '../api/sync.ts'
import { withLosses } from '../planner/losses.ts'
import { type Judgement, judgeCommit, lossLines } from '../planner/rails.ts'
import { observeOnce } from '../reconciler/observeOnce.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { counted } from './counted.ts'
import type { Invocation } from './invocation.ts'
import { printJson } from './json.ts'
import type { Ownership } from './ownership.ts'
import type { Machine, Station } from './station.ts'
import { plainText } from './table.ts'
import { withRoot } from './withRoot.ts'
import { EXIT, type World } from './world.ts'

export interface RailsQuestion {
  readonly station: Station
  readonly machine: Machine
  readonly desired: Desired
  readonly pathGone: boolean
  readonly ownership: Exclude<Ownership, { readonly kind: 'refused' }>
}

type Held = Extract<Judgement, { readonly kind: 'held' }>

/**
 * Whether the commit may be applied: undefined when it may. One that is held and not allowed by `--approve` is on record when this resolves,
 * for `reconcile approve`.
 */
export async function heldByRails(
  question: RailsQuestion,
  invocation: Invocation,
  world: World,
): Promise<Held | undefined> {
  const { desired, machine, ownership } = question
  const whole = withRoot(desired, question.station.record)
  const look = (): Promise<Snapshot> => observeOnce(machine.runtimes, whole, world.clock, world.signal)
  const judgement = await judged(question, look, world)
  if (judgement === undefined) return undefined
  const allowed = allowedBy(ownership, invocation)
  if (allowed !== undefined) {
    for (const line of lossLines(judgement)) world.stderr.write(plainText(`${allowed}: deletes ${line}\n`))
    return undefined
  }
  const { kind: _, ...held } = judgement
  await remember(machine.runtime, desired.commit, (memory) => holding(memory, held, world))
  return judgement
}

/** Undefined: nothing speaks against it. */
export async function judged(
  { desired, pathGone, station }: Pick<RailsQuestion, 'desired' | 'pathGone' | 'station'>,
  look: () => Promise<Snapshot>,
  { clock }: Pick<World, 'clock'>,
): Promise<Held | undefined> {
  const applied = station.record?.appliedCommit
  // The first one has nothing to delete; the one in force has passed already.
  if (applied === undefined || (applied === desired.commit && applied !== 'uncommitted')) return undefined
  const current = withLosses(await look(), clock.now())
  const judgement = judgeCommit({ desired, ...(pathGone && { pathGone }) }, current)
  return judgement.kind === 'held' ? judgement : undefined
}

function allowedBy(ownership: RailsQuestion['ownership'], invocation: Invocation): string | undefined {
  if (invocation.flag('approve')) return '--approve'
  return ownership.kind === 'takenOver' ? '--take-over' : undefined
}

function holding(memory: SyncMemory, held: Omit<HeldCommit, 'at'>, { clock }: World): SyncMemory {
  return { ...memory, held: { ...held, at: clock.now().toString({ smallestUnit: 'millisecond' }) } }
}

/** Under the root's lock, where no loop runs. Nothing is written when nothing changes. */
export async function remember(
  runtime: Runtime,
  commit: string,
  change: (memory: SyncMemory) => SyncMemory,
): Promise<void> {
  const records = await runtime.readObjectRecords()
  const before = syncMemory(records)
  const memory = change(before)
  if (JSON.stringify(memory) === JSON.stringify(before)) return
  await runtime.writeObjectRecord(syncRecord(records, memory, commit))
}

/** What `--once` says of a commit that it does not apply. Returns the exit status. */
export function tellHeld(held: Held, invocation: Invocation, world: World): number {
  if (invocation.text('output') === 'json') {
    const { commit, data, objects, reasons } = held
    const facts = { outcome: 'held', commit, reasons, objects, data }
    printJson(world, { apiVersion: 'reconcile.dev/v1', kind: 'Outcome', ...facts })
  }
  for (const line of heldLines(held)) world.stderr.write(plainText(`${line}\n`))
  world.stderr.write(`error: nothing was touched; ${wayOut(held)}\n`)
  return EXIT.failed
}

/** That it is held, why, and what it would delete. */
export function heldLines(held: Omit<HeldCommit, 'at'>): readonly string[] {
  const what =
    held.commit === 'uncommitted'
      ? 'the uncommitted files are held'
      : `commit ${shortCommit(held.commit)} is held`
  const losses = lossLines(held)
  return [
    ...held.reasons.map((reason) => `${what}: ${reason}`),
    ...(losses.length === 0 ? [] : [`it would delete ${counted(losses.length, 'object')}:`]),
    ...losses.map((line) => `  ${line}`),
  ]
}

export function wayOut({ commit }: Pick<HeldCommit, 'commit'>): string {
  const once = 'reconcile --once --approve'
  return commit === 'uncommitted'
    ? `if that is meant so: ${once}`
    : `if that is meant so: reconcile approve ${shortCommit(commit)}, or ${once}`
}
