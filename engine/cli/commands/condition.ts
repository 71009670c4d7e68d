import { conditionsProblem, saidConditions } from '../../api/podConditions.ts'
import type { RunCommand } from '../commands.ts'
import { findPod } from '../pods.ts'
import { openMachine, openUsedStation } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT } from '../world.ts'

/** The pod's node remembers it; a running engine is told, and one that starts later finds it there. */
export const run: RunCommand = async (invocation, world) => {
  const [wanted = '', ...words] = invocation.arguments
  const text = words.join(',')
  const problem = conditionsProblem(text)
  if (problem !== undefined) throw new UserError(`conditions ${problem}`, { exitStatus: EXIT.invalid })
  const said = saidConditions(text)
  const station = await openUsedStation(invocation, world)
  const { runtime } = await openMachine(station, undefined, world)
  const pod = await findPod(wanted, invocation, runtime, world)
  await runtime.sayConditions(pod.uid, said, world.signal)
  const gates = (pod.listing.record.pod.spec.readinessGates ?? []).map(({ conditionType }) => conditionType)
  for (const [type, status] of said) {
    world.stdout.write(`pod ${pod.namespace}/${pod.name}: ${type} is ${status}\n`)
    if (!gates.includes(type)) world.stderr.write(`warning: no readiness gate of the pod waits for ${type}\n`)
  }
  return EXIT.done
}
