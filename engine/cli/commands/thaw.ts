import type { RunCommand } from '../commands.ts'
import { findPod } from '../pods.ts'
import { openMachine, openUsedStation } from '../station.ts'
import { EXIT } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const station = await openUsedStation(invocation, world)
  const { runtime } = await openMachine(station, undefined, world)
  const pod = await findPod(invocation.arguments[0] ?? '', invocation, runtime, world)
  const name = `${pod.namespace}/${pod.name}`
  await runtime.thawPod(pod.uid, world.signal)
  const was = pod.listing.frozenSince === undefined ? 'was not frozen' : 'goes on'
  world.stdout.write(`pod ${name} ${was}\n`)
  return EXIT.done
}
