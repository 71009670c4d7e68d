import type { RunCommand } from '../commands.ts'
import { findContainer, findPod } from '../pods.ts'
import { openMachine, openUsedStation } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const tty = invocation.flag('tty')
  const stdin = invocation.flag('stdin')
  const station = await openUsedStation(invocation, world)
  const { runtime } = await openMachine(station, undefined, world)
  const pod = await findPod(invocation.arguments[0] ?? '', invocation, runtime, world)
  const container = findContainer(pod, invocation.text('container'), world)
  if (pod.listing.containers.get(container)?.state.kind !== 'running') {
    throw new UserError(
      `container ${container} of pod ${pod.namespace}/${pod.name} does not run; reconcile status says why`,
      { exitStatus: EXIT.failed },
    )
  }
  const usesTerminal = tty && world.stdin.isTTY
  if (tty && !usesTerminal) world.stderr.write('the input is not a terminal, so the command gets none\n')
  return runtime.execInteractive({
    uid: pod.uid,
    container,
    command: invocation.commandLine,
    stdin,
    tty: usesTerminal,
  })
}
