import { once } from 'node:events'
import { connect, createServer, type Server, type Socket } from 'node:net'

/** A port of this machine's loopback that leads to the sshd of a host, and whose answers come later: not every kernel has netem. */
export class LateWay implements AsyncDisposable {
  readonly port: number
  /** Of all answers from now on. */
  latencyMs: number
  readonly #server: Server
  readonly #sockets: Set<Socket>

  private constructor(port: number, latencyMs: number, server: Server, sockets: Set<Socket>) {
    this.port = port
    this.latencyMs = latencyMs
    this.#server = server
    this.#sockets = sockets
  }

  static async to(host: string, latencyMs: number): Promise<LateWay> {
    const sockets = new Set<Socket>()
    const server = createServer({ noDelay: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('no port')
    const way = new LateWay(address.port, latencyMs, server, sockets)
    server.on('connection', (socket) => way.#join(socket, connect({ host, port: 22, noDelay: true })))
    return way
  }

  get url(): string {
    return `ssh://root@127.0.0.1:${this.port}`
  }

  #join(socket: Socket, way: Socket): void {
    let before: Promise<unknown> = Promise.resolve()
    // In order, also when the latency becomes less.
    const late = (then: () => void): void => {
      const { promise, resolve } = Promise.withResolvers<void>()
      setTimeout(resolve, this.latencyMs)
      before = Promise.all([before, promise]).then(then)
    }
    socket.pipe(way)
    way.on('data', (bytes) => late(() => socket.write(bytes)))
    way.on('end', () => late(() => socket.end()))
    for (const [one, other] of [
      [socket, way],
      [way, socket],
    ] as const) {
      this.#sockets.add(one)
      one.on('error', () => other.destroy())
      one.on('close', () => this.#sockets.delete(one))
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
    await Promise.resolve()
  }
}
