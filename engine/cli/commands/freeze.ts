import type { RunCommand } from '../commands.ts'
import { findPod } from '../pods.ts'
import { openMachine, openUsedStation } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const station = await openUsedStation(invocation, world)
  const { runtime } = await openMachine(station, undefined, world)
  const pod = await findPod(invocation.arguments[0] ?? '', invocation, runtime, world)
  const name = `${pod.namespace}/${pod.name}`
  const running = [...pod.listing.containers.values()].some(({ state }) => state.kind === 'running')
  if (!running) {
    throw new UserError(`nothing runs in pod ${name} that could stand still; reconcile status says why`, {
      exitStatus: EXIT.failed,
    })
  }
  await runtime.freezePod(pod.uid, world.signal)
  world.stdout.write(`pod ${name} stands still; reconcile thaw ${pod.name} lets it go on\n`)
  return EXIT.done
}
