import { shortCommit } from '../api/names.ts'
import type { Desired } from '../api/snapshot.ts'
import type { LoopState } from '../reconciler/loop.ts'
import type { Outcome } from '../reconciler/outcome.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { blame } from './blame.ts'
import { counted } from './counted.ts'
import type { Invocation } from './invocation.ts'
import { printJson } from './json.ts'
import { type Changed, needsOfEngine, unchangedPods } from './summary.ts'
import { plainText } from './table.ts'
import { EXIT, type World } from './world.ts'

export interface Result {
  readonly outcome: Outcome
  readonly state: LoopState
  readonly changed: Changed
  readonly desired: Desired
}

export interface Told {
  readonly invocation: Invocation
  readonly world: World
  /** Of the pods' node, whose logs tell why. */
  readonly runtime: Runtime
  readonly timeoutMs: number
  /** An engine goes on when this is told. */
  readonly engineStays: boolean
}

/** How a run ended, for people or as JSON. Returns the exit status. */
export async function tellOutcome(result: Result, told: Told): Promise<number> {
  const { invocation, runtime, timeoutMs, world } = told
  const { outcome, desired } = result
  if (invocation.text('output') === 'json') printJson(world, resultJson(result, told))
  else world.stdout.write(plainText(`${summaryText(result)}\n`))
  if (outcome.kind === 'healthy') {
    // Of a run without changes there is nothing to say but that.
    if (invocation.text('output') !== 'json' && !isNoop(result.changed)) tellNeeds(result, told)
    return EXIT.done
  }
  if (outcome.kind === 'interrupted') {
    const next = told.engineStays ? 'the engine goes on' : 'the next run goes on from there'
    world.stderr.write(`interrupted: pods are left as they are; ${next}\n`)
    return EXIT.interrupted
  }
  const { plan, snapshot } = result.state
  if (plan !== undefined && snapshot !== undefined) {
    const lines = await blame(outcome.objects, { plan, snapshot, runtime, signal: world.signal })
    for (const line of lines) world.stderr.write(`${plainText(line)}\n`)
  }
  for (const problem of result.state.problems) world.stderr.write(`${plainText(problem)}\n`)
  const why =
    outcome.kind === 'timeout'
      ? `not healthy within ${timeoutMs / 1000} s; --timeout gives more time`
      : `${counted(outcome.objects.length, 'object')} failed`
  world.stderr.write(`error: commit ${shortCommit(desired.commit)} is applied, but ${why}\n`)
  return EXIT.failed
}

/** `applied commit 1a2b3c: 3 pods created, 2 removed`, or that nothing changed. */
export function summaryText({ changed, desired, outcome, state }: Result): string {
  const { created, removed, resized = [], restarted, updated } = changed
  const what = [
    ...(created.length > 0 ? [`${counted(created.length, 'pod')} created`] : []),
    ...(removed.length > 0 ? [`${counted(removed.length, 'pod')} removed`] : []),
    ...(restarted.length > 0 ? [`containers started in ${counted(restarted.length, 'pod')}`] : []),
    ...(updated.length > 0 ? [`files updated in ${counted(updated.length, 'pod')}`] : []),
    ...(resized.length > 0 ? [`${counted(resized.length, 'pod')} resized`] : []),
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

function untouched(
  { created, resized = [], restarted, updated }: Result['changed'],
  { plan }: LoopState,
): number {
  const touched = new Set([...created, ...resized, ...restarted, ...updated])
  return Math.max(0, unchangedPods(plan) - touched.size)
}

function isNoop({ created, removed, resized = [], restarted, updated }: Result['changed']): boolean {
  const all = [created, removed, resized, restarted, updated]
  return all.every((one) => one.length === 0)
}

function tellNeeds(result: Result, told: Told): void {
  const { world } = told
  const needs = needsOf(result, told)
  if (needs.length === 0) return
  world.stderr.write('until reconcile runs again:\n')
  for (const need of needs) world.stderr.write(`  ${need}\n`)
}

function needsOf({ desired, state }: Result, { engineStays }: Told): readonly string[] {
  return engineStays ? [] : needsOfEngine(desired, state.plan)
}

function resultJson(result: Result, told: Told): unknown {
  const { changed, desired, outcome, state } = result
  return {
    apiVersion: 'reconcile.dev/v1',
    kind: 'Outcome',
    outcome: outcome.kind,
    commit: desired.commit,
    changed,
    unchanged: untouched(changed, state),
    unhealthy: 'objects' in outcome ? outcome.objects : [],
    problems: state.problems,
    needsEngine: needsOf(result, told),
  }
}
