import { join } from 'node:path'
import type { Desired } from '../../api/snapshot.ts'
import { withKept } from '../../planner/kept.ts'
import { plan } from '../../planner/plan.ts'
import { observeOnce, withRecordedFailures } from '../../reconciler/observeOnce.ts'
import type { RunCommand } from '../commands.ts'
import { withHashKey } from '../hashKey.ts'
import type { Invocation } from '../invocation.ts'
import { listOf, printJson } from '../json.ts'
import { loadCommit, sourceOptions, type LoadOptions } from '../load.ts'
import { shortCommit } from '../names.ts'
import { assertOwner, ownerOf, type OwnerQuestion } from '../owner.ts'
import { ownerText } from '../ownership.ts'
import { parseSelector, showsObject } from '../selector.ts'
import { emptyDesired, openMachine, openUsedStation, type UsedStation } from '../station.ts'
import { type Filter, statusItems, statusText } from '../statusView.ts'
import { plainText } from '../table.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const station = await openUsedStation(invocation, world)
  const desired = withHashKey(await desiredOf(station, invocation, world), station.record)
  const { runtimes } = await openMachine(station, desired, world)
  const observed = await observeOnce(runtimes, desired, world.clock, world.signal)
  const snapshot = withRecordedFailures(observed)
  const now = world.clock.now()
  const shown = { ...snapshot, desired: withKept(snapshot.desired, snapshot.records) }
  const input = { plan: plan(snapshot, now), snapshot: shown, filter: filterOf(invocation) }
  if (invocation.text('output') === 'json') {
    printJson(world, listOf(statusItems(input)))
    return EXIT.done
  }
  const text = statusText(input, now, invocation.text('output') === 'wide')
  const { owner } = station.record
  world.stdout.write(`${commitLine(desired, station)}\n`)
  world.stdout.write(
    `cluster ${owner.cluster}, from ${owner.repository}${owner.path === '' ? '' : `, --path ${owner.path}`}\n`,
  )
  world.stdout.write(plainText(text === '' ? '\nno pods\n' : `\n${text}`))
  for (const node of snapshot.observed.nodes.values()) {
    if (!node.reachable)
      world.stderr.write(`warning: node ${node.name} does not answer; its pods are shown as last seen\n`)
  }
  return EXIT.done
}

function commitLine(desired: Desired, { record }: UsedStation): string {
  const applied = record.appliedCommit
  if (applied === undefined) return 'no commit was applied yet'
  const text =
    applied === 'uncommitted' ? 'uncommitted files are applied' : `commit ${shortCommit(applied)} is applied`
  if (desired.commit === applied) return text
  return `${text}; the repository is at ${desired.commit === 'uncommitted' ? 'uncommitted files' : `commit ${shortCommit(desired.commit)}`}`
}

function filterOf(invocation: Invocation): Filter {
  const selectorText = invocation.text('selector')
  const filter = {
    namespace: invocation.text('namespace'),
    selector: selectorText === undefined ? undefined : parseSelector(selectorText),
  }
  return (metadata) => showsObject(metadata, filter)
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

/**
 * What the pods are held against: the repository that the command line names, or the commit that was applied. The pods
 * are shown also when neither can be read any more.
 */
async function desiredOf(station: UsedStation, invocation: Invocation, world: World): Promise<Desired> {
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
  try {
    const loaded = await loadCommit(
      named ? { ...sourceOptions(invocation, world), fetch: false } : applied,
      world,
    )
    if (loaded.kind === 'valid') {
      if (named) await assertSameOwner(station, loaded, world)
      return loaded.desired
    }
    world.stderr.write(
      'warning: the repository is not valid (see reconcile validate), so pods are shown without what is desired\n',
    )
  } catch (error) {
    if (named || !(error instanceof Error) || error.name !== 'SourceError') throw error
    world.stderr.write(`warning: ${error.message}; pods are shown without what is desired\n`)
  }
  return emptyDesired(record)
}
