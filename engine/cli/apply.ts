import { TRASH_KEPT_DAYS, TRASH_KEPT_MS } from '../api/claims.ts'
import { RECORD_VERSION, type RootRecord } from '../api/records.ts'
import type { Desired } from '../api/snapshot.ts'
import { inForceAfter } from '../api/sync.ts'
import { imagesWanted } from '../planner/images.ts'
import { planText } from '../planner/text.ts'
import { createLoop, type LoopState } from '../reconciler/loop.ts'
import type { Outcome } from '../reconciler/outcome.ts'
import type { ProgressEvent } from '../reconciler/progress.ts'
import { choosePodCidr, rootIdOf, writeRoot } from '../runtimes/oci/node/root.ts'
import { blame } from './blame.ts'
import { counted } from './counted.ts'
import { newHashKey, withHashKey } from './hashKey.ts'
import { heldByRails, remember, tellHeld } from './heldCommit.ts'
import type { Invocation } from './invocation.ts'
import { printJson } from './json.ts'
import type { Loaded } from './load.ts'
import { openLog } from './log.ts'
import { shortCommit } from './names.ts'
import { assertOwner, ownerOf } from './owner.ts'
import { createProgress, type Progress } from './progress.ts'
import {
  assertUsable,
  headName,
  lockStation,
  type Machine,
  openMachine,
  openStation,
  type Station,
} from './station.ts'
import { createCounter, needsOfEngine, unchangedPods } from './summary.ts'
import { plainText } from './table.ts'
import { EXIT, type World } from './world.ts'

/** Of the plan that is shown before it is carried out: the rest is what happens. */
const PLAN_LINES_MAX = 40

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
  const station = await openStation(invocation, world)
  const taken = await take(station, loaded, invocation, world)
  if (taken.kind === 'held') return tellHeld(taken, invocation, world)
  const { machine, record } = taken
  // Awaited here: the lock is let go of when this block ends.
  return await carryOut(
    { desired: withHashKey(loaded.desired, record), machine, timeoutMs },
    invocation,
    world,
  )
}

export interface Job {
  readonly desired: Desired
  readonly machine: Machine
  readonly timeoutMs: number
}

type Taken =
  | { readonly kind: 'taken'; readonly machine: Machine; readonly record: RootRecord }
  | NonNullable<Awaited<ReturnType<typeof heldByRails>>>

/** Makes the root this commit's, before anything is made for it: whoever comes next has to know whose pods these are. */
async function take(station: Station, loaded: Valid, invocation: Invocation, world: World): Promise<Taken> {
  const { desired, pathGone = false, source } = loaded
  const takeOver = invocation.flag('take-over')
  const ownership = await assertOwner({ station, source, desired, takeOver }, world)
  const machine = await openMachine(station, desired, world)
  await machine.runtime.check(world.signal)
  const held = await heldByRails({ station, machine, desired, pathGone, ownership }, invocation, world)
  if (held !== undefined) return held
  const { record, root, transport } = station
  const configured = desired.cluster.spec?.podCIDR
  const podCIDR =
    record !== undefined && (configured === undefined || configured === record.podCIDR)
      ? record.podCIDR
      : await choosePodCidr(transport, root, configured)
  const next: RootRecord = {
    recordVersion: RECORD_VERSION,
    rootId: record?.rootId ?? (await rootIdOf(transport, root)),
    owner: ownerOf(loaded),
    podCIDR,
    head: machine.node,
    hashKey: record?.hashKey ?? newHashKey(),
    appliedCommit: desired.commit,
  }
  if (JSON.stringify(next) !== JSON.stringify(record)) await writeRoot(transport, root, next)
  await Promise.all([
    machine.runtime.prepare(world.signal),
    remember(machine.runtime, desired.commit, (memory) => inForceAfter(memory, desired)),
  ])
  return { kind: 'taken', machine, record: next }
}

/** The loop until its outcome, with what people see of it. The root is taken. */
export async function carryOut(job: Job, invocation: Invocation, world: World): Promise<number> {
  const { desired, machine, timeoutMs } = job
  const progress = createProgress(invocation.text('log-format') === 'json' ? 'json' : 'text', world)
  const counter = createCounter()
  const stop = new AbortController()
  const early: ProgressEvent[] = []
  let planShown = false
  const loop = createLoop({
    runtimes: machine.runtimes,
    clock: world.clock,
    desired,
    signal: AbortSignal.any([stop.signal, world.signal]),
    log: openLog(invocation, world, (line) => progress.print(line)),
    onProgress(event) {
      counter.event(event)
      // What is told before the first tick ends comes after the plan that it belongs to.
      if (planShown) progress.event(event)
      else early.push(event)
    },
    onTick(state) {
      if (!planShown) {
        if (invocation.text('log-format') !== 'json') showPlan(state, progress)
        planShown = true
        for (const event of early) progress.event(event)
      }
      progress.tick(state)
    },
  })
  const running = loop.run()
  const ignore = invocation.flag('no-wait-jobs') ? { ignore: (key: string) => key.startsWith('Job/') } : {}
  const outcome = await Promise.race([
    loop.untilHealthy({ timeoutMs, ...ignore }),
    // Ends before the outcome only when it fails.
    running.then((): Outcome => ({ kind: 'interrupted' })),
  ])
  stop.abort()
  await running
  progress.end()
  const result: Result = { outcome, state: loop.state(), changed: counter.changed(), desired }
  if (outcome.kind === 'healthy' && result.changed.removed.length > 0) {
    await machine.runtime.collectImages(keptImages(loop.state()), world.signal).catch((error: unknown) => {
      world.stderr.write(`warning: unused images were not removed: ${String(error)}\n`)
    })
  }
  await emptyTrash(machine, world)
  return tell(result, job, invocation, world)
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

function showPlan({ plan }: LoopState, progress: Progress): void {
  if (plan === undefined || plan.actions.length === 0) return
  const lines = planText(plan).trimEnd().split('\n')
  for (const line of lines.slice(0, PLAN_LINES_MAX)) progress.print(line)
  if (lines.length > PLAN_LINES_MAX) {
    progress.print(
      `... and ${counted(lines.length - PLAN_LINES_MAX, 'line')} more; reconcile plan shows all of them`,
    )
    progress.print(lines.at(-1) ?? '')
  }
  progress.print('')
}

interface Result {
  readonly outcome: Outcome
  readonly state: LoopState
  readonly changed: ReturnType<ReturnType<typeof createCounter>['changed']>
  readonly desired: Desired
}

async function tell(result: Result, job: Job, invocation: Invocation, world: World): Promise<number> {
  const { outcome, desired } = result
  if (invocation.text('output') === 'json') printJson(world, resultJson(result))
  else world.stdout.write(plainText(`${summaryText(result)}\n`))
  if (outcome.kind === 'healthy') {
    // Of a run without changes there is nothing to say but that.
    if (invocation.text('output') !== 'json' && !isNoop(result.changed)) tellNeeds(result, world)
    return EXIT.done
  }
  if (outcome.kind === 'interrupted') {
    world.stderr.write('interrupted: pods are left as they are; the next run goes on from there\n')
    return EXIT.interrupted
  }
  const { plan, snapshot } = result.state
  if (plan !== undefined && snapshot !== undefined) {
    const { runtime } = job.machine
    const lines = await blame(outcome.objects, { plan, snapshot, runtime, signal: world.signal })
    for (const line of lines) world.stderr.write(`${plainText(line)}\n`)
  }
  for (const problem of result.state.problems) world.stderr.write(`${plainText(problem)}\n`)
  const why =
    outcome.kind === 'timeout'
      ? `not healthy within ${job.timeoutMs / 1000} s; --timeout gives more time`
      : `${counted(outcome.objects.length, 'object')} failed`
  world.stderr.write(`error: commit ${shortCommit(desired.commit)} is applied, but ${why}\n`)
  return EXIT.failed
}

/** `applied commit 1a2b3c: 3 pods created, 2 removed`, or that nothing changed. */
export function summaryText({ changed, desired, outcome, state }: Result): string {
  const { created, removed, restarted, updated } = changed
  const what = [
    ...(created.length > 0 ? [`${counted(created.length, 'pod')} created`] : []),
    ...(removed.length > 0 ? [`${counted(removed.length, 'pod')} removed`] : []),
    ...(restarted.length > 0 ? [`containers started in ${counted(restarted.length, 'pod')}`] : []),
    ...(updated.length > 0 ? [`files updated in ${counted(updated.length, 'pod')}`] : []),
  ]
  const kept = untouched(changed, state)
  const rest = kept === 0 ? [] : [`${counted(kept, 'pod')} unchanged`]
  const end = outcome.kind === 'healthy' ? '; all is healthy' : ''
  const commit =
    desired.commit === 'uncommitted' ? 'the uncommitted files' : `commit ${shortCommit(desired.commit)}`
  if (what.length === 0)
    return `${commit}: nothing changed${rest.length === 0 ? '' : `, ${rest.join('')}`}${end}`
  return `${commit}: ${[...what, ...rest].join(', ')}${end}`
}

function untouched({ created, restarted, updated }: Result['changed'], { plan }: LoopState): number {
  const touched = new Set([...created, ...restarted, ...updated])
  return Math.max(0, unchangedPods(plan) - touched.size)
}

function isNoop({ created, removed, restarted, updated }: Result['changed']): boolean {
  return created.length + removed.length + restarted.length + updated.length === 0
}

function tellNeeds({ desired, state }: Result, world: World): void {
  const needs = needsOfEngine(desired, state.plan)
  if (needs.length === 0) return
  world.stderr.write('until reconcile runs again:\n')
  for (const need of needs) world.stderr.write(`  ${need}\n`)
}

function resultJson({ changed, desired, outcome, state }: Result): unknown {
  return {
    apiVersion: 'reconcile.dev/v1',
    kind: 'Outcome',
    outcome: outcome.kind,
    commit: desired.commit,
    changed,
    unchanged: untouched(changed, state),
    unhealthy: 'objects' in outcome ? outcome.objects : [],
    problems: state.problems,
    needsEngine: needsOfEngine(desired, state.plan),
  }
}
