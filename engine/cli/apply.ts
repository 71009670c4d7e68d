import { TRASH_KEPT_DAYS, TRASH_KEPT_MS } from '../api/claims.ts'
import type { RootRecord } from '../api/records.ts'
import type { Desired } from '../api/snapshot.ts'
import { inForceAfter } from '../api/sync.ts'
import { emptiedNodes } from '../planner/formerNodes.ts'
import { imagesWanted } from '../planner/images.ts'
import { fencingBy } from '../reconciler/fencer.ts'
import { localTransport } from '../transport/local.ts'
import { createLoop, type LoopState, type WaitOptions } from '../reconciler/loop.ts'
import type { Outcome } from '../reconciler/outcome.ts'
import { plainText } from './table.ts'
import { assertNotSuperseded, waysOf } from './fleet/driving.ts'
import { mayBeFleet } from './fleet/nodes.ts'
import { withRoot } from './withRoot.ts'
import { heldByRails, remember, tellHeld } from './heldCommit.ts'
import type { Invocation } from './invocation.ts'
import type { Loaded } from './load.ts'
import { assertOwner, ownerOf } from './owner.ts'
import { type Result, tellOutcome } from './outcomeText.ts'
import { type RunEvents, runEvents } from './runEvents.ts'
import { createRunReport } from './runReport.ts'
import {
  assertUsable,
  headName,
  lockStation,
  type Machine,
  openMachine,
  openStation,
  type Station,
} from './station.ts'
import { writeRootFor } from './takeRoot.ts'
import type { World } from './world.ts'

type Valid = Extract<Loaded, { readonly kind: 'valid' }>

/** Takes the root for the commit, and works until all is healthy, or is certain not to become so. */
export async function applyCommit(
  loaded: Valid,
  timeoutMs: number,
  invocation: Invocation,
  world: World,
): Promise<number> {
  const before = await openStation(invocation, world)
  headName(before.record, loaded.desired)
  if (before.record === undefined) await assertUsable(before)
  await using _lock = await lockStation(before, invocation, world)
  // Read again under the lock: the engine that had it a moment ago may have made the root its own.
  const found = await openStation(invocation, world)
  const station = await recovered(found, loaded, invocation, world)
  const taken = await take(station, loaded, invocation, world)
  const events = runEvents(station, world)
  if (taken.kind === 'held') {
    await events.held(taken)
    return tellHeld(taken, invocation, world)
  }
  const { machine, record } = taken
  const desired = withRoot(loaded.desired, record)
  const ended = async (state: LoopState): Promise<void> =>
    await letGoOfEmptied({ ...station, record }, { ...loaded, desired, machine }, state, world)
  // Awaited here: the lock is let go of when this block ends.
  return await carryOut({ desired, machine, timeoutMs, events, ended }, invocation, world)
}

/** The object records of a fleet may be on its nodes alone. */
async function recovered(
  station: Station,
  loaded: Valid,
  invocation: Invocation,
  world: World,
): Promise<Station> {
  const { desired } = loaded
  if (!mayBeFleet(station.record, desired)) return station
  const { recoverHead } = await import('./fleet/recover.ts')
  const tell = (message: string): void => world.stderr.write(plainText(`${message}\n`))
  const [takeOver, force] = [invocation.flag('take-over'), invocation.flag('force-new-head')]
  return await recoverHead({ station, desired, owner: ownerOf(loaded), takeOver, force, tell }, world)
}

export interface Job {
  readonly desired: Desired
  readonly machine: Machine
  readonly timeoutMs: number
  /** Absent: nothing of it is kept for `reconcile events`. */
  readonly events?: RunEvents
  /** What is done when nothing is carried out any more. */
  readonly ended?: (state: LoopState) => Promise<void>
}

type Taken =
  | { readonly kind: 'taken'; readonly machine: Machine; readonly record: RootRecord }
  | NonNullable<Awaited<ReturnType<typeof heldByRails>>>

/** Makes the root this commit's, before anything is made for it: whoever comes next has to know whose pods these are. */
async function take(station: Station, loaded: Valid, invocation: Invocation, world: World): Promise<Taken> {
  const { desired, pathGone = false, source } = loaded
  const takeOver = invocation.flag('take-over')
  const machine = await openMachine(station, desired, world)
  // Nothing but questions: to Git, and to the node.
  const [ownership] = await Promise.all([
    assertOwner({ station, source, desired, takeOver }, world),
    machine.runtime.check(world.signal),
  ])
  const held = await heldByRails({ station, machine, desired, pathGone, ownership }, invocation, world)
  if (held !== undefined) return held
  const record = await writeRootFor(station, ownerOf(loaded), machine, desired, world)
  await Promise.all([
    machine.runtime.prepare(world.signal),
    remember(machine.runtime, desired.commit, (memory) => inForceAfter(memory, desired)),
  ])
  return { kind: 'taken', machine, record }
}

/** The loop until its outcome, with what people see of it. The root is taken. */
export async function carryOut(job: Job, invocation: Invocation, world: World): Promise<number> {
  const { desired, machine, timeoutMs } = job
  const report = createRunReport(invocation, world)
  const stop = new AbortController()
  report.begin()
  // What is told before there is a loop is told without one.
  let state = (): Pick<LoopState, 'plan' | 'snapshot'> => ({})
  await using events = job.events?.begin(desired, () => state(), report.log)
  const loop = createLoop({
    runtimes: machine.runtimes,
    clock: world.clock,
    desired,
    signal: AbortSignal.any([stop.signal, world.signal, waysOf(world).superseded.signal]),
    log: report.log,
    fence: fencingBy(localTransport()),
    onProgress: (event) => {
      report.event(event)
      events?.event(event)
    },
    onTick: (state) => report.tick(state),
  })
  state = () => loop.state()
  const running = loop.run()
  const outcome = await Promise.race([
    loop.untilHealthy({ timeoutMs, ...ignoredJobs(invocation) }),
    // Ends before the outcome only when it fails.
    running.then((): Outcome => ({ kind: 'interrupted' })),
  ])
  events?.end(outcome)
  stop.abort()
  await running
  assertNotSuperseded(world)
  const result: Result = { outcome, state: loop.state(), changed: report.end(), desired }
  if (outcome.kind === 'healthy' && result.changed.removed.length > 0) {
    await machine.runtime.collectImages(keptImages(loop.state()), world.signal).catch((error: unknown) => {
      world.stderr.write(`warning: unused images were not removed: ${String(error)}\n`)
    })
  }
  await emptyTrash(machine, world)
  const { runtime } = machine
  const exitStatus = await tellOutcome(result, { invocation, world, runtime, timeoutMs, engineStays: false })
  await job.ended?.(result.state)
  return exitStatus
}

/** Of machines that have left the commit, and have nothing any more. */
async function letGoOfEmptied(
  station: Station,
  { desired, machine, source }: Pick<Valid, 'desired' | 'source'> & Pick<Job, 'machine'>,
  { snapshot }: LoopState,
  world: World,
): Promise<void> {
  const names = snapshot === undefined ? [] : emptiedNodes(snapshot)
  const { record, root } = station
  if (names.length === 0 || record === undefined || world.signal.aborted) return
  const { clearNodes, withoutNodes } = await import('./fleet/letGo.ts')
  const rest = { ...station, record: withoutNodes(record, names) }
  await writeRootFor(rest, ownerOf({ source, desired }), machine, desired, world)
  const gone = (record.nodes ?? []).filter(({ name }) => names.includes(name))
  for (const line of await clearNodes(gone, root, world)) world.stderr.write(plainText(`${line}\n`))
}

export function ignoredJobs(invocation: Invocation): Pick<WaitOptions, 'ignore'> {
  return invocation.flag('no-wait-jobs') ? { ignore: (key) => key.startsWith('Job/') } : {}
}

async function emptyTrash({ runtime }: Machine, world: World): Promise<void> {
  const before = world.clock.now().subtract({ milliseconds: TRASH_KEPT_MS }).toString()
  try {
    const emptied = await runtime.emptyTrash(before, world.signal)
    for (const path of emptied)
      world.stderr.write(`deleted for good, ${TRASH_KEPT_DAYS} days after its claim: ${path}\n`)
  } catch (error) {
    world.stderr.write(`warning: the trash was not emptied: ${String(error)}\n`)
  }
}

function keptImages({ snapshot }: LoopState): readonly string[] {
  return snapshot === undefined ? [] : imagesWanted(snapshot)
}
