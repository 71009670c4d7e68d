import { type Transport, TransportError } from '../../transport/transport.ts'
import { RuntimeFailure } from '../runtime.ts'
import { isObject, parseJson } from '../oci/json.ts'

/** What the account's network has within its namespaces: slirp4netns' own choice. */
export const WITHIN = '10.0.2.100'

/** A port of the machine that leads to the same port of the account's network. */
export interface Forward {
  /** Of the machine; 0.0.0.0: all. */
  readonly address: string
  readonly protocol: 'tcp' | 'udp'
  readonly port: number
}

export interface StandingForward extends Forward {
  readonly id: number
}

const TIMEOUT_MS = 10_000

/** slirp4netns(1), "API SOCKET": one question a connection, as JSON. */
export class Slirp {
  readonly #transport: Pick<Transport, 'connectSocket'>
  readonly #socket: string

  constructor(transport: Pick<Transport, 'connectSocket'>, socket: string) {
    this.#transport = transport
    this.#socket = socket
  }

  async list(): Promise<readonly StandingForward[]> {
    const { entries } = await this.#ask('list_hostfwd', {})
    if (!Array.isArray(entries)) return []
    return entries.filter(isObject).flatMap((entry): StandingForward[] => {
      const { host_addr: address, host_port: port, id, proto } = entry
      if (proto !== 'tcp' && proto !== 'udp') return []
      return [{ id: Number(id), address: String(address), protocol: proto, port: Number(port) }]
    })
  }

  async add({ address, port, protocol }: Forward): Promise<void> {
    await this.#ask('add_hostfwd', {
      proto: protocol,
      host_addr: address,
      host_port: port,
      guest_addr: WITHIN,
      guest_port: port,
    })
  }

  async remove({ id }: StandingForward): Promise<void> {
    await this.#ask('remove_hostfwd', { id })
  }

  /** Rejects with slirp4netns' own words. */
  async #ask(execute: string, argument: Readonly<Record<string, unknown>>): Promise<Record<string, unknown>> {
    const text = await this.#exchange(JSON.stringify({ execute, arguments: argument }))
    const answer = parseJson(text)
    // Some of its answers stand alone, against its manual.
    if (isObject(answer) && !('error' in answer))
      return isObject(answer['return']) ? answer['return'] : answer
    const error = isObject(answer) ? answer['error'] : undefined
    const why = isObject(error) ? String(error['desc']) : `it answers ${JSON.stringify(text)}`
    throw new RuntimeFailure('NetworkNotReady', `slirp4netns, ${execute}: ${why}`)
  }

  async #exchange(question: string): Promise<string> {
    try {
      const way = await this.#transport.connectSocket(this.#socket, AbortSignal.timeout(TIMEOUT_MS))
      way.end(question)
      let text = ''
      for await (const chunk of way) text += String(chunk)
      return text
    } catch (error) {
      if (error instanceof TransportError) throw error
      const why = error instanceof Error ? error.message : String(error)
      throw new RuntimeFailure(
        'NetworkNotReady',
        `slirp4netns does not answer at ${this.#socket}; where it has ended, the engine's next connection starts it again: ${why}`,
      )
    }
  }
}
