import { join } from 'node:path'
import type { Desired } from '../api/snapshot.ts'
import { syncMemory } from '../api/sync.ts'
import { withKept } from '../planner/kept.ts'
import { plan } from '../planner/plan.ts'
import { observeOnce, withRecordedFailures } from '../reconciler/observeOnce.ts'
import { findDaemon } from './findDaemon.ts'
import { withRoot } from './withRoot.ts'
import type { Invocation } from './invocation.ts'
import { loadCommit, type LoadOptions, sourceOptions } from './load.ts'
import { assertOwner, ownerOf, type OwnerQuestion } from './owner.ts'
import { ownerText } from './ownership.ts'
import { parseSelector, showsObject } from './selector.ts'
import { emptyDesired, openMachine, openUsedStation, parseHolder, type UsedStation } from './station.ts'
import type { Filter, StatusInput } from './statusView.ts'
import type { RunningEngine, SyncView } from './syncView.ts'
import { UserError } from './userError.ts'
import type { World } from './world.ts'

/** How things stand: all that `status` shows. */
export interface StatusLook {
  readonly station: UsedStation
  readonly desired: Desired
  readonly input: StatusInput
  readonly sync: SyncView
  readonly now: Temporal.Instant
  /** Why not all of it can be told, a sentence each. */
  readonly warnings: readonly string[]
}

/** Looks as often as it is asked to; the commit is read again only when another one is in force. */
export function statusLooker(invocation: Invocation, world: World): () => Promise<StatusLook> {
  let known: { readonly applied: string | undefined; readonly read: ReadDesired } | undefined
  return async () => {
    const station = await openUsedStation(invocation, world)
    const applied = station.record.appliedCommit
    if (known === undefined || known.applied !== applied || applied === 'uncommitted')
      known = { applied, read: await desiredOf(station, invocation, world) }
    const { desired: read, warnings } = known.read
    const desired = withRoot(read, station.record)
    const { runtimes } = await openMachine(station, desired, world)
    const [observed, engine] = await Promise.all([
      observeOnce(runtimes, desired, world.clock, world.signal),
      runningEngine(station, world),
    ])
    const snapshot = withRecordedFailures(observed)
    const now = world.clock.now()
    const shown = { ...snapshot, desired: withKept(snapshot.desired, snapshot.records) }
    const silent = [...snapshot.observed.nodes.values()].filter(({ reachable }) => !reachable)
    return {
      station,
      desired,
      input: { plan: plan(snapshot, now), snapshot: shown, filter: filterOf(invocation) },
      sync: { applied, memory: syncMemory(snapshot.records), ...(engine.found && { engine: engine.found }) },
      now,
      warnings: [
        ...warnings,
        ...engine.warnings,
        ...silent.map(({ name }) => `node ${name} does not answer; its pods are shown as last seen`),
      ],
    }
  }
}

/** One that does not answer in time, or not in words that are known here, is told of, and the rest is shown. */
async function runningEngine(
  station: UsedStation,
  world: World,
): Promise<{ readonly found?: RunningEngine; readonly warnings: readonly string[] }> {
  try {
    const daemon = await findDaemon(station)
    if (daemon === undefined) return { warnings: [] }
    const [state, lock] = await Promise.all([
      daemon.state(),
      station.transport.readFile(join(station.root, 'lock'), world.signal),
    ])
    const holder = lock && parseHolder(new TextDecoder().decode(lock))
    return { found: { pid: holder?.pid, state }, warnings: [] }
  } catch (error) {
    if (!(error instanceof Error) || error.name !== 'ControlError') throw error
    return { warnings: [error.message] }
  }
}

function filterOf(invocation: Invocation): Filter {
  const selectorText = invocation.text('selector')
  const filter = {
    namespace: invocation.text('namespace'),
    selector: selectorText === undefined ? undefined : parseSelector(selectorText),
  }
  return (metadata) => showsObject(metadata, filter)
}

interface ReadDesired {
  readonly desired: Desired
  readonly warnings: readonly string[]
}

/**
 * What the pods are held against: the repository that the command line names, or the commit that was applied. The pods
 * are shown also when neither can be read any more.
 */
async function desiredOf(station: UsedStation, invocation: Invocation, world: World): Promise<ReadDesired> {
  const { record, root } = station
  const { owner, appliedCommit } = record
  const named = invocation.text('repo') !== undefined || invocation.text('branch') !== undefined
  const applied: LoadOptions = {
    repo: owner.repository,
    branch: appliedCommit === 'uncommitted' ? undefined : appliedCommit,
    path: owner.path,
    fetch: false,
    mirrors: join(root, 'mirrors'),
  }
  const without = (why: string): ReadDesired => ({
    desired: emptyDesired(record),
    warnings: [`${why} pods are shown without what is desired`],
  })
  try {
    const loaded = await loadCommit(
      named ? { ...sourceOptions(invocation, world), fetch: false } : applied,
      world,
    )
    if (loaded.kind !== 'valid') return without('the repository is not valid (see reconcile validate), so')
    if (named) await assertSameOwner(station, loaded, world)
    return { desired: loaded.desired, warnings: [] }
  } catch (error) {
    if (named || !(error instanceof Error) || error.name !== 'SourceError') throw error
    return without(`${error.message};`)
  }
}

/** Held against what another repository asks for, everything would look wrong. */
async function assertSameOwner(
  station: UsedStation,
  { source, desired }: Pick<OwnerQuestion, 'source' | 'desired'>,
  world: World,
): Promise<void> {
  const ownership = await assertOwner({ station, source, desired, takeOver: true }, world)
  const here = ownerText(station.record.owner)
  const asked = ownerText(ownerOf({ source, desired }))
  // The same one with another history is for whoever applies it to judge.
  if (ownership.kind !== 'takenOver' || here === asked) return
  throw new UserError(
    `${station.root} belongs to ${here}, and this is ${asked}; without --repo, reconcile status shows what runs there`,
  )
}
