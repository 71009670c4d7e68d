import { nodeName } from '../../api/names.ts'
import type { RunCommand } from '../commands.ts'
import { type Forwarding, forward } from '../forward/forward.ts'
import { type AskedPort, parseAddresses, parsePort } from '../forward/ports.ts'
import { type AskedService, parseServiceName, podPorts, serviceTarget } from '../forward/target.ts'
import type { Invocation } from '../invocation.ts'
import { findPod } from '../pods.ts'
import { openMachine, openUsedStation } from '../station.ts'
import { statusLooker } from '../statusLook.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const [asked = '', ...rest] = invocation.arguments
  const ports = rest.map(parsePort)
  const service = parseServiceName(asked, invocation.text('namespace'))
  const found =
    service === undefined
      ? await toPod(asked, ports, invocation, world)
      : await toService(service, ports, invocation, world)
  await forward({ ...found, addresses: parseAddresses(invocation.text('address')) }, world)
  return EXIT.interrupted
}

type Way = Omit<Forwarding, 'addresses'>

async function toPod(
  asked: string,
  ports: readonly AskedPort[],
  invocation: Invocation,
  world: World,
): Promise<Way> {
  const { runtime } = await openMachine(await openUsedStation(invocation, world), undefined, world)
  const { listing, name, namespace } = await findPod(asked, invocation, runtime, world)
  const label = `pod ${namespace}/${name}`
  const address = listing.sandbox === 'ready' ? listing.ip : undefined
  if (address === undefined)
    throw new UserError(`${label} has no address; reconcile status says why`, { exitStatus: EXIT.failed })
  return {
    ports: podPorts(listing.record.pod.spec, label, ports),
    connect: async (port, signal) => await runtime.connect(address, port, signal),
  }
}

/** Services are in the commit that is in force, and what answers for them follows from the pods. */
async function toService(
  asked: AskedService,
  ports: readonly AskedPort[],
  invocation: Invocation,
  world: World,
): Promise<Way> {
  const { desired, input, station } = await statusLooker(invocation, world)()
  const made = [...input.plan.statuses.values()].flatMap(({ object }) =>
    object === undefined ? [] : [object],
  )
  const written = [...desired.objects.values()].flatMap(({ object }) =>
    object.kind === 'EndpointSlice' ? [object] : [],
  )
  const { address, node, ports: forwards } = serviceTarget(asked, [...made, ...written], ports)
  const { runtime, runtimes } = await openMachine(station, desired, world)
  const there = node === undefined ? runtime : (runtimes.get(nodeName(node)) ?? runtime)
  return {
    ports: forwards,
    connect: async (port, signal) => await there.connect(address, port, signal),
  }
}
