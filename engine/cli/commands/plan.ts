import { planJson } from '../../planner/json.ts'
import { plan } from '../../planner/plan.ts'
import { planText } from '../../planner/text.ts'
import { observeOnce } from '../../reconciler/observeOnce.ts'
import type { RunCommand } from '../commands.ts'
import { printWarnings, refuse } from '../diagnostics.ts'
import { withHashKey } from '../hashKey.ts'
import { printJson } from '../json.ts'
import { loadCommit, sourceOptions } from '../load.ts'
import { shortCommit } from '../names.ts'
import { assertOwner } from '../owner.ts'
import { assertRights } from '../rights.ts'
import { plainText } from '../table.ts'
import { assertUsable, openMachine, openStation } from '../station.ts'
import { EXIT } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  assertRights(invocation, world)
  const loaded = await loadCommit(sourceOptions(invocation, world), world)
  if (loaded.kind === 'invalid') return refuse(loaded, ': nothing can be planned', invocation, world)
  const { source, warnings } = loaded
  const station = await openStation(invocation, world)
  const desired = withHashKey(loaded.desired, station.record)
  if (station.record === undefined) await assertUsable(station)
  await assertOwner({ station, source, desired, takeOver: invocation.flag('take-over') }, world)
  const { runtimes } = await openMachine(station, desired, world)
  const snapshot = await observeOnce(runtimes, desired, world.clock, world.signal)
  const made = plan(snapshot, world.clock.now())
  if (invocation.text('output') === 'json') {
    const json = planJson(made)
    printJson(world, {
      apiVersion: 'reconcile.dev/v1',
      kind: 'Plan',
      commit: desired.commit,
      ...Object(json),
    })
  } else {
    printWarnings(warnings, world)
    const namespace = invocation.text('namespace')
    const options = { all: invocation.flag('all'), ...(namespace === undefined ? {} : { namespace }) }
    const place = station.record === undefined ? `, on ${station.root}, where nothing was ever run` : ''
    world.stdout.write(`commit ${shortCommit(desired.commit)} of ${source.repository}${place}\n\n`)
    world.stdout.write(`${plainText(planText(made, options))}`)
  }
  const changes = made.actions.length > 0 || made.violations.length > 0
  return changes && invocation.flag('detailed-exitcode') ? EXIT.changes : EXIT.done
}
