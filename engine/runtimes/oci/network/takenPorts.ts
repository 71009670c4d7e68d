import type { Frontend, TrafficProblem } from '../../../api/traffic.ts'
import type { Transport } from '../../../transport/transport.ts'
import { listenerKey, type Listeners, listeners } from './listeners.ts'

/**
 * Ports of the node that another process waits at. Whoever was first has it: such a process keeps its port until it ends; one that comes when the
 * port leads to a Service already gets nothing by it.
 */
export class TakenPorts {
  readonly #transport: Transport
  readonly #own: ReadonlySet<string>
  /** Led to Services by this engine. */
  #held: ReadonlySet<string> = new Set()

  constructor(transport: Transport, own: ReadonlySet<string>) {
    this.#transport = transport
    this.#own = own
  }

  async sort(
    frontends: readonly Frontend[],
  ): Promise<{ readonly free: readonly Frontend[]; readonly problems: readonly TrafficProblem[] }> {
    const ofNode = frontends.filter((one) => this.#isOfNode(one))
    if (ofNode.length === 0) {
      this.#held = new Set()
      return { free: frontends, problems: [] }
    }
    const taken = await listeners(this.#transport)
    const lost = new Set(ofNode.filter((one) => taken.has(portOf(one)) && !this.#held.has(portOf(one))))
    this.#held = new Set(ofNode.flatMap((one) => (lost.has(one) ? [] : [portOf(one)])))
    const free = lost.size === 0 ? frontends : frontends.filter((one) => !lost.has(one))
    return { free, problems: problemsOf(ofNode, lost, taken) }
  }

  #isOfNode({ address }: Frontend): boolean {
    return address === undefined || this.#own.has(address)
  }
}

function portOf({ port, protocol }: Frontend): string {
  return listenerKey(protocol, port)
}

function problemsOf(
  ofNode: readonly Frontend[],
  lost: ReadonlySet<Frontend>,
  taken: Listeners,
): readonly TrafficProblem[] {
  const found = new Map<string, TrafficProblem>()
  for (const one of ofNode) {
    const { port, protocol, service } = one
    if (!taken.has(portOf(one))) continue
    const which = `${protocol} port ${port} of the node`
    const message = lost.has(one)
      ? `${which} is in use by another process (ss -Hlpn 'sport = ${port}' names it), so it does not lead to the Service: end that process, or take another port`
      : `another process waits at ${which} (ss -Hlpn 'sport = ${port}' names it) and gets nothing: the port leads to the Service`
    found.set(`${service} ${protocol} ${port}`, { service, reason: 'PortInUse', message })
  }
  return [...found.values()]
}
