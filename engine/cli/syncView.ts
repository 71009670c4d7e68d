import { objectText, shortCommit, type Timestamp } from '../api/names.ts'
import type { HeldCommit, Rollback, SyncMemory } from '../api/sync.ts'
import type { SyncState } from '../daemon/syncState.ts'
import { diagnosticText } from '../manifests/diagnostics.ts'
import { lossLines } from '../planner/rails.ts'
import { counted } from './counted.ts'
import { since } from './duration.ts'
import { wayOut } from './heldCommit.ts'

/** How a root stands with its repository, from the engine that follows it, or from what is on record. */
export interface SyncView {
  /** The commit in force. */
  readonly applied: string | undefined
  readonly memory: SyncMemory
  readonly engine?: RunningEngine
}

export interface RunningEngine {
  readonly pid: number | undefined
  readonly state: SyncState
}

const ERRORS_SHOWN = 5

/** A line each, for people. What is as it should be is one line. */
export function syncLines(view: SyncView, now: Temporal.Instant): readonly string[] {
  const { engine, memory } = view
  const state = engine?.state
  return [
    engineLine(engine, now),
    appliedLine(view, now),
    ...(state?.trouble === undefined ? [] : [troubleLine(state.trouble, now)]),
    ...(state?.refused === undefined ? [] : refusedLines(state.refused, now)),
    ...heldLines(state === undefined ? memory.held : state.held, now),
    ...rollbackLines(state?.rollback ?? memory.rollback, now),
    ...approvedLines(view),
    ...memory.suspended.map(
      ({ object, since: at }) =>
        `SUSPENDED: ${objectText(object)}, for ${since(now, at)}: reconcile resume ends that`,
    ),
  ]
}

function engineLine(engine: RunningEngine | undefined, now: Temporal.Instant): string {
  if (engine === undefined) return 'no engine follows the repository'
  const { pid, state } = engine
  const { branch, path, repository } = state.source
  const which = `${branch === undefined ? '' : `, branch ${branch}`}${path === '' ? '' : `, --path ${path}`}`
  const process = pid === undefined ? '' : `process ${pid}, `
  const looked =
    state.lastLookAt === undefined ? 'not looked yet' : `looked ${since(now, state.lastLookAt)} ago`
  return `the engine (${process}for ${since(now, state.startedAt)}) follows ${repository}${which}; ${looked}`
}

function appliedLine({ applied, engine }: SyncView, now: Temporal.Instant): string {
  if (applied === undefined) return 'no commit was applied yet'
  const text =
    applied === 'uncommitted' ? 'uncommitted files are applied' : `commit ${shortCommit(applied)} is applied`
  if (engine === undefined) return text
  const { state } = engine
  const well =
    state.applied === undefined
      ? '; it cannot be read, so nothing is created or pruned'
      : state.healthyAt === undefined
        ? '; not healthy yet'
        : `; healthy for ${since(now, state.healthyAt)}`
  return `${text}${well}${seenText(applied, state)}`
}

function seenText(applied: string, { seen }: SyncState): string {
  return seen === undefined || seen.commit === applied ? '' : `; the branch is at ${shortCommit(seen.commit)}`
}

function troubleLine(
  { failures, message, since: at }: NonNullable<SyncState['trouble']>,
  now: Temporal.Instant,
): string {
  const text = message.replaceAll(/\s*\n\s*/g, ' / ')
  return `TROUBLE: the repository cannot be read for ${since(now, at)} (${counted(failures, 'failure')}): ${text}`
}

function refusedLines(
  { at, commit, errors, message }: NonNullable<SyncState['refused']>,
  now: Temporal.Instant,
): readonly string[] {
  const more = errors.length - ERRORS_SHOWN
  return [
    `REFUSED: commit ${shortCommit(commit)}, ${since(now, at)} ago: ${message}`,
    ...errors.slice(0, ERRORS_SHOWN).map((error) => `  ${diagnosticText(error)}`),
    ...(more > 0 ? [`  and ${counted(more, 'more error')}; reconcile validate shows all`] : []),
  ]
}

function heldLines(held: HeldCommit | undefined, now: Temporal.Instant): readonly string[] {
  if (held === undefined) return []
  const { at, commit, reasons } = held
  const losses = lossLines(held)
  return [
    `HELD: ${commit === 'uncommitted' ? 'the uncommitted files' : `commit ${shortCommit(commit)}`}, ${since(now, at)} ago: ${reasons.join('; ')}`,
    ...(losses.length === 0 ? [] : [`  it would delete ${counted(losses.length, 'object')}:`]),
    ...losses.map((line) => `    ${line}`),
    `  ${wayOut(held)}`,
  ]
}

function rollbackLines(rollback: Rollback | undefined, now: Temporal.Instant): readonly string[] {
  if (rollback === undefined) return []
  const { at, from, reason, to } = rollback
  return [
    `ROLLED BACK: from commit ${shortCommit(from)} to ${shortCommit(to)}, ${since(now, at)} ago, until the branch moves: ${reason}`,
  ]
}

function approvedLines({ applied, memory }: SyncView): readonly string[] {
  const { approved } = memory
  if (approved === undefined || approved.commit === applied) return []
  return [`approved: commit ${shortCommit(approved.commit)} will be applied whatever it deletes`]
}

/** What `-o json` says of it, as the status of the Cluster. */
export function syncStatus({ applied, engine, memory }: SyncView): unknown {
  const { approved, held, lastHealthy, rollback, suspended } = memory
  const onRecord = { approved, held, lastHealthy, rollback, suspended: suspended.map(atOf) }
  const running = engine && { running: true, ...(engine.pid !== undefined && { pid: engine.pid }) }
  return {
    ...(applied !== undefined && { appliedCommit: applied }),
    engine: running ?? { running: false },
    sync: { ...onRecord, ...engine?.state, suspended: onRecord.suspended },
  }
}

function atOf({ object, since: at }: SyncMemory['suspended'][number]): {
  readonly object: string
  readonly since: Timestamp
} {
  return { object, since: at }
}
