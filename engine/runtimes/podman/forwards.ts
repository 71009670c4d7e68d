import type { CreatePodRequest } from '../../api/cri.ts'
import { hostPortsOf } from '../../api/hostPorts.ts'
import type { Frontend, NodeTraffic, TrafficProblem } from '../../api/traffic.ts'
import type { Transport } from '../../transport/transport.ts'
import { once } from '../oci/once.ts'
import { oneByOne } from '../oci/oneByOne.ts'
import type { RootPaths } from '../oci/paths.ts'
import { parseRecord } from '../oci/pods/podListing.ts'
import { type Runtime, RuntimeFailure } from '../runtime.ts'
import { accountOf } from './account.ts'
import { type Forward, Slirp, WITHIN } from './slirp.ts'

interface Node {
  readonly transport: Transport
  readonly paths: RootPaths
}

/**
 * The machine's own ports are not in the network of an account that is not root: those that pods, Services and Ingresses are to have are led there.
 * On any other node all is as it was.
 */
export function withForwards(runtime: Runtime, node: Node): Runtime {
  const forwards = once(async () => {
    const account = await accountOf(node.transport)
    return account === undefined
      ? undefined
      : new Forwards(node, new Slirp(node.transport, `${account.folder}/ports`))
  })
  return {
    ...runtime,
    createPod: async (request, signal) => {
      const all = await forwards()
      if (all === undefined) return await runtime.createPod(request, signal)
      await all.forPod(request, async () => await runtime.createPod(atAllAddresses(request), signal))
    },
    releasePod: async (uid, signal) => {
      await runtime.releasePod(uid, signal)
      await (await forwards())?.leave()
    },
    removePod: async (uid, signal) => {
      await runtime.removePod(uid, signal)
      await (await forwards())?.leave()
    },
    applyTraffic: async (traffic, signal) => {
      const all = await forwards()
      if (all === undefined) return await runtime.applyTraffic(traffic, signal)
      const address = await node.transport.arrivedAt(signal)
      const within = address === undefined ? traffic : inside(traffic, address)
      return [...(await runtime.applyTraffic(within, signal)), ...(await all.forTraffic(within))]
    },
  }
}

/** At which address of the machine a port is had is slirp4netns' to see to. */
function atAllAddresses(request: CreatePodRequest): CreatePodRequest {
  const portMappings = request.portMappings.map((mapping) => {
    const { hostIP: _, ...rest } = mapping
    return rest
  })
  return { ...request, portMappings }
}

/** By traffic, and then by the machine's address: a new connection may arrive at another one. */
const insides = new WeakMap<NodeTraffic, Map<string, NodeTraffic>>()

/** What comes to an address of the machine comes to the one that the account's network has; the very same for the same traffic. */
export function inside(traffic: NodeTraffic, own: string): NodeTraffic {
  const isOwn = ({ address }: { readonly address?: string }): boolean => address === own
  const byAddress = insides.getOrInsertComputed(traffic, () => new Map<string, NodeTraffic>())
  return byAddress.getOrInsertComputed(own, () => {
    const { frontends, ingress } = traffic
    if (!frontends.some(isOwn) && (ingress === undefined || !isOwn(ingress))) return traffic
    return {
      ...traffic,
      frontends: frontends.map((one) => (isOwn(one) ? { ...one, address: WITHIN } : one)),
      ...(ingress !== undefined && { ingress: isOwn(ingress) ? { ...ingress, address: WITHIN } : ingress }),
    }
  })
}

const ANY = '0.0.0.0'

class Forwards {
  readonly #node: Node
  readonly #slirp: Slirp
  /** Undefined: nobody has said yet what Services are to have, so what they have stays. */
  #traffic: readonly Forward[] | undefined
  /** Of pods that are being made. */
  readonly #coming = new Set<readonly Forward[]>()

  constructor(node: Node, slirp: Slirp) {
    this.#node = node
    this.#slirp = slirp
  }

  /** Before anything of it is made. Rejects for a port that the pod cannot have. */
  async forPod({ record }: CreatePodRequest, make: () => Promise<void>): Promise<void> {
    const own = hostPortsOf(record.pod.spec)
    const sctp = own.find(({ protocol }) => protocol === 'SCTP')
    if (sctp !== undefined) throw failure(`port ${sctp.port} of SCTP: slirp4netns knows TCP and UDP alone`)
    const coming = own.map(forwardOf)
    if (coming.length === 0) return await make()
    this.#coming.add(coming)
    try {
      const refused = await this.#follow()
      for (const forward of coming) {
        const why = refused.get(keyOf(forward))
        if (why !== undefined) throw failure(why)
      }
      await make()
      this.#coming.delete(coming)
    } catch (error) {
      this.#coming.delete(coming)
      // What leads to a pod that was never made.
      await this.leave()
      throw error
    }
  }

  async forTraffic(traffic: NodeTraffic): Promise<readonly TrafficProblem[]> {
    const { ingress } = traffic
    const ofServices = traffic.frontends.filter(isOfMachine)
    const ports =
      ingress === undefined
        ? []
        : [ingress.ports.http, ...(ingress.certificates.length > 0 ? [ingress.ports.https] : [])]
    const ofIngress = ports.map((port): Forward => ({ address: ANY, protocol: 'tcp', port }))
    this.#traffic = [...ofServices.map(frontendForward), ...ofIngress]
    const refused = await this.#follow()
    const whyOf = (forward: Forward): string | undefined => refused.get(keyOf(forward))
    return [
      ...ofServices.flatMap((one) => problems(whyOf(frontendForward(one)), one.service)),
      ...ofIngress.flatMap((one) => problems(whyOf(one))),
    ]
  }

  /** Of a pod that is gone. Where nobody answers nothing leads there any more, and what is wrong is told with the next port that is wanted. */
  async leave(): Promise<void> {
    try {
      await this.#follow()
    } catch (error) {
      if (!(error instanceof RuntimeFailure)) throw error
    }
  }

  /** Leads what is wanted now, and nothing else; what cannot be had, and why. */
  async #follow(): Promise<ReadonlyMap<string, string>> {
    return await oneByOne(this.#node.transport, this.#node.paths.runDir, async () => await this.#lead())
  }

  async #lead(): Promise<ReadonlyMap<string, string>> {
    const standing = await this.#slirp.list()
    const ofPods = await this.#ofPods()
    const coming = [...this.#coming].flat()
    const wanted = new Map([...ofPods, ...coming, ...(this.#traffic ?? [])].map((one) => [keyOf(one), one]))
    const there = new Set(standing.map(keyOf))
    if (this.#traffic !== undefined)
      for (const one of standing) if (!wanted.has(keyOf(one))) await this.#slirp.remove(one)
    const refused = new Map<string, string>()
    for (const [key, forward] of wanted) {
      if (there.has(key)) continue
      try {
        await this.#slirp.add(forward)
      } catch (error) {
        if (!(error instanceof RuntimeFailure)) throw error
        refused.set(key, refusalText(forward, error.message))
      }
    }
    return refused
  }

  /** Of those that have a sandbox, whatever is said of them elsewhere. */
  async #ofPods(): Promise<readonly Forward[]> {
    const { paths, transport } = this.#node
    const files = await transport.readTree(paths.runPods, { names: new Set(['pod.json']), depth: 2 })
    return files.flatMap(({ content = '' }) => {
      const record = content === '' ? '' : parseRecord(content)
      return typeof record === 'string' ? [] : hostPortsOf(record.pod.spec).filter(isKnown).map(forwardOf)
    })
  }
}

function isKnown({ protocol }: { readonly protocol: string }): boolean {
  return protocol !== 'SCTP'
}

function forwardOf({ ip, port, protocol }: ReturnType<typeof hostPortsOf>[number]): Forward {
  return { address: ip === '' ? ANY : ip, protocol: protocol === 'UDP' ? 'udp' : 'tcp', port }
}

function isOfMachine({ address, protocol }: Frontend): boolean {
  return protocol !== 'sctp' && (address === undefined || address === WITHIN)
}

function frontendForward({ port, protocol }: Frontend): Forward {
  return { address: ANY, protocol: protocol === 'udp' ? 'udp' : 'tcp', port }
}

function keyOf({ address, port, protocol }: Forward): string {
  return `${address} ${protocol} ${port}`
}

const PRIVILEGED = 1024

function refusalText({ address, port, protocol }: Forward, why: string): string {
  const what = `${protocol.toUpperCase()} port ${port} of the machine${address === ANY ? '' : ` at ${address}`}`
  const advice =
    port < PRIVILEGED
      ? `an account that is not root may have none below net.ipv4.ip_unprivileged_port_start (sysctl); take one from ${PRIVILEGED} up, or set it to ${port}`
      : `somebody else may have it (ss -Hlpn 'sport = ${port}' names them)`
  return `${what} cannot be had: ${advice}; ${why}`
}

function problems(message: string | undefined, service?: Frontend['service']): readonly TrafficProblem[] {
  if (message === undefined) return []
  return [{ reason: 'PortInUse', message, ...(service !== undefined && { service }) }]
}

function failure(text: string): RuntimeFailure {
  return new RuntimeFailure('CreatePodSandboxError', `leading the machine's ports to the pod: ${text}`)
}
