import { shortCommit } from '../../api/names.ts'
import type { Desired } from '../../api/snapshot.ts'
import { planJson } from '../../planner/json.ts'
import { plan } from '../../planner/plan.ts'
import { planText } from '../../planner/text.ts'
import { observeOnce } from '../../reconciler/observeOnce.ts'
import type { RunCommand } from '../commands.ts'
import { printWarnings, refuse } from '../diagnostics.ts'
import { withRoot } from '../withRoot.ts'
import { heldLines, judged, wayOut } from '../heldCommit.ts'
import { type Invocation, usageError } from '../invocation.ts'
import { printJson } from '../json.ts'
import { type LoadOptions, sourceOptions } from '../load.ts'
import { loadForRoot } from '../loadForRoot.ts'
import { assertOwner } from '../owner.ts'
import { assertRights } from '../rights.ts'
import { plainText } from '../table.ts'
import { assertUsable, openMachine, openStation, type Station } from '../station.ts'
import { EXIT, type World } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  assertRights(invocation, world)
  const options = loadOptions(invocation, world)
  const scenario = invocation.texts('simulate').join(', ')
  const loaded = await loadForRoot(options, invocation, world)
  if (loaded.kind === 'invalid') return refuse(loaded, ': nothing can be planned', invocation, world)
  const { pathGone = false, source, warnings } = loaded
  const station = await openStation(invocation, world)
  const desired = withRoot(loaded.desired, station.record)
  if (station.record === undefined) await assertUsable(station)
  const takeOver = invocation.flag('take-over')
  const ownership = await assertOwner({ station, source, desired, takeOver }, world)
  const { node, runtimes } = await openMachine(station, desired, world)
  const snapshot = await observeOnce(runtimes, desired, world.clock, world.signal)
  const asJson = invocation.text('output') === 'json'
  if (!asJson) {
    printWarnings(warnings, world)
    world.stdout.write(`${commitLine(desired, source.repository, station)}\n\n`)
  }
  if (invocation.texts('simulate').length > 0) {
    // Only this needs nodes in memory.
    const { simulate } = await import('../simulate.ts')
    return simulate({ scenario, snapshot, head: node }, invocation, world)
  }
  const made = plan(snapshot, world.clock.now())
  const held =
    ownership.kind === 'takenOver'
      ? undefined
      : await judged({ station, desired, pathGone }, () => Promise.resolve(snapshot), world)
  if (asJson) {
    const json = planJson(made)
    printJson(world, {
      apiVersion: 'reconcile.dev/v1',
      kind: 'Plan',
      commit: desired.commit,
      ...(held && { held: { reasons: held.reasons, objects: held.objects, data: held.data } }),
      ...Object(json),
    })
  } else {
    if (held !== undefined) world.stdout.write(plainText(`${heldText(held)}\n`))
    const namespace = invocation.text('namespace')
    const shown = { all: invocation.flag('all'), ...(namespace === undefined ? {} : { namespace }) }
    world.stdout.write(`${plainText(planText(made, shown))}`)
  }
  const drift = [...(made.leftAlone?.values() ?? [])].some(({ would }) => would.length > 0)
  const changes = made.actions.length > 0 || made.violations.length > 0 || drift
  return changes && invocation.flag('detailed-exitcode') ? EXIT.changes : EXIT.done
}

function heldText(held: Parameters<typeof heldLines>[0]): string {
  return `${heldLines(held).join('\n')}\nreconcile --once would not apply it; ${wayOut(held)}\n`
}

/** `--at` is of the repository as `--branch` is, and says what is planned, not what is followed. */
function loadOptions(invocation: Invocation, world: World): LoadOptions {
  const options = sourceOptions(invocation, world)
  const at = invocation.text('at')
  if (at === undefined) return options
  if (options.branch !== undefined)
    throw usageError('--at and --branch both name what is planned: give one of them', invocation.command)
  return { ...options, branch: at }
}

function commitLine({ commit }: Desired, repository: string, { record, root }: Station): string {
  const place = record === undefined ? `, on ${root}, where nothing was ever run` : ''
  return `commit ${shortCommit(commit)} of ${repository}${place}`
}
