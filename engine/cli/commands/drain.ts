import type { NodeDrain } from '../../api/generated/types.ts'
import type { Desired } from '../../api/snapshot.ts'
import { observeOnce } from '../../reconciler/observeOnce.ts'
import { appliedDesired } from '../applied.ts'
import type { RunCommand } from '../commands.ts'
import { type Invocation, usageError } from '../invocation.ts'
import { drain, type Draining } from '../nodes/drain.ts'
import { refusal, refusalText } from '../nodes/hindrances.ts'
import { nodeNamed } from '../nodes/named.ts'
import { openTeller } from '../nodes/teller.ts'
import { type Machine, openMachine, openUsedStation } from '../station.ts'
import { timeoutOf } from '../timeout.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const timeoutMs = timeoutOf(invocation)
  const options = optionsOf(invocation)
  const station = await openUsedStation(invocation, world)
  const desired = await appliedDesired(station, world)
  const machine = await openMachine(station, desired, world)
  const node = nodeNamed(invocation.arguments[0] ?? '', machine)
  const asked = { node, options, ignoreDaemonSets: invocation.flag('ignore-daemonsets') }
  if (invocation.flag('dry-run')) return await tellOnly(asked, desired, machine, world)
  await using teller = await openTeller(station, machine, invocation, world)
  return await drain({ ...asked, timeoutMs, desired, machine, teller }, invocation, world)
}

function optionsOf(invocation: Invocation): NodeDrain {
  const grace = invocation.text('grace-period')
  const seconds = grace === undefined ? -1 : Number(grace)
  if (!Number.isInteger(seconds) || seconds < -1)
    throw usageError(`--grace-period takes whole seconds, or -1 for each pod's own`, invocation.command)
  return {
    ...(invocation.flag('delete-emptydir-data') && { deleteEmptyDirData: true }),
    ...(invocation.flag('disable-eviction') && { disableEviction: true }),
    ...(invocation.flag('force') && { force: true }),
    ...(seconds >= 0 && { gracePeriodSeconds: seconds }),
  }
}

async function tellOnly(
  asked: Pick<Draining, 'node' | 'options' | 'ignoreDaemonSets'>,
  desired: Desired,
  { runtimes }: Machine,
  world: World,
): Promise<number> {
  const snapshot = await observeOnce(runtimes, desired, world.clock, world.signal)
  const found = refusal(snapshot, asked, world.clock.now())
  if (found.fatal.length > 0) throw new UserError(refusalText(asked.node, found), { exitStatus: EXIT.failed })
  for (const warning of found.warnings) world.stderr.write(`Warning: ${warning}\n`)
  world.stdout.write(`node/${asked.node} cordoned (dry run)\n`)
  for (const pod of found.toGo) world.stdout.write(`evicting pod ${pod} (dry run)\n`)
  world.stdout.write(`node/${asked.node} drained (dry run)\n`)
  return EXIT.done
}
