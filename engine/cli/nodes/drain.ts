import type { NodeDrain } from '../../api/generated/types.ts'
import type { NodeName } from '../../api/names.ts'
import type { Desired } from '../../api/snapshot.ts'
import { plan } from '../../planner/plan.ts'
import { after } from '../../reconciler/clock.ts'
import { createLoop } from '../../reconciler/loop.ts'
import { observeOnce } from '../../reconciler/observeOnce.ts'
import { counted } from '../counted.ts'
import type { Invocation } from '../invocation.ts'
import { openLog } from '../log.ts'
import type { Machine } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'
import { DrainReport } from './drainReport.ts'
import { refusal, refusalText } from './hindrances.ts'
import type { Teller } from './teller.ts'

export interface Draining {
  readonly node: NodeName
  readonly options: NodeDrain
  readonly ignoreDaemonSets: boolean
  readonly timeoutMs: number
  readonly desired: Desired
  readonly machine: Machine
  readonly teller: Teller
}

/** How often a running engine is looked after: it tells nobody but its own caller what it does. */
const LOOK_EVERY_MS = 500

/** As `kubectl drain`: cordons first, refuses as a whole what it may not take, then waits until the node is empty. */
export async function drain(draining: Draining, invocation: Invocation, world: World): Promise<number> {
  const { desired, machine, node, options, teller } = draining
  await teller.tell({ kind: 'cordon', node })
  world.stdout.write(`node/${node} cordoned\n`)
  const before = await observeOnce(machine.runtimes, desired, world.clock, world.signal)
  const found = refusal(before, draining, world.clock.now())
  if (found.fatal.length > 0) {
    const left = `no pod was touched; the node takes no new ones: reconcile uncordon ${node} ends that`
    throw new UserError(`${refusalText(node, found)}\n${left}`, { exitStatus: EXIT.failed })
  }
  for (const warning of found.warnings) world.stderr.write(`Warning: ${warning}\n`)
  await teller.tell({ kind: 'drain', node, options })
  const report = new DrainReport(node, found.toGo, before, world)
  const isDrained = await emptied(draining, report, invocation, world)
  if (isDrained) {
    world.stdout.write(`node/${node} drained\n`)
    return EXIT.done
  }
  await teller.tell({ kind: 'keepPods', node })
  if (world.signal.aborted) return EXIT.interrupted
  throw new UserError(unfinishedText(draining, report.left), { exitStatus: EXIT.failed })
}

function unfinishedText({ node, timeoutMs }: Draining, left: readonly string[]): string {
  return `node ${node} was not drained within ${timeoutMs / 1000} s, and ${counted(left.length, 'pod')} stayed: ${left.join(', ')}; it takes no new pods: run reconcile drain ${node} again, or reconcile uncordon ${node}`
}

/** False: not in time, or interrupted. */
function emptied(
  draining: Draining,
  report: DrainReport,
  invocation: Invocation,
  world: World,
): Promise<boolean> {
  return draining.teller.by === 'daemon'
    ? watchedOver(draining, report, world)
    : workedAt(draining, report, invocation, world)
}

async function watchedOver(
  { desired, machine, timeoutMs }: Draining,
  report: DrainReport,
  { clock, signal }: World,
): Promise<boolean> {
  const until = after(clock.now(), timeoutMs)
  while (!signal.aborted && Temporal.Instant.compare(clock.now(), until) < 0) {
    const snapshot = await observeOnce(machine.runtimes, desired, clock, signal)
    if (report.see(plan(snapshot, clock.now()), snapshot)) return true
    await clock.sleepUntil(after(clock.now(), LOOK_EVERY_MS), signal)
  }
  return false
}

/** The engine works as it does for `--once`, on the commit in force, until the node is empty. */
async function workedAt(
  { desired, machine, teller, timeoutMs }: Draining,
  report: DrainReport,
  invocation: Invocation,
  world: World,
): Promise<boolean> {
  await machine.runtime.prepare(world.signal)
  const stop = new AbortController()
  const drained = Promise.withResolvers<boolean>()
  const signal = AbortSignal.any([stop.signal, world.signal])
  const loop = createLoop({
    runtimes: machine.runtimes,
    clock: world.clock,
    desired,
    signal,
    log: openLog(invocation, world, (line) => world.stderr.write(`${line}\n`)),
    onProgress: (event) => teller.happened(event, loop.state()),
    onTick({ plan, snapshot }) {
      if (plan === undefined || snapshot === undefined) return
      if (report.see(plan, snapshot)) drained.resolve(true)
    },
  })
  const running = loop.run()
  const timeout = world.clock.sleepUntil(after(world.clock.now(), timeoutMs), signal)
  const isDrained = await Promise.race([
    drained.promise,
    timeout.then(() => false),
    running.then(() => false),
  ])
  stop.abort()
  await running
  return isDrained
}
