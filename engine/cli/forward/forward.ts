import { createServer, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'
import type { Forward } from './ports.ts'

export interface Forwarding {
  /** Sets of addresses; one of each set is enough. */
  readonly addresses: readonly (readonly string[])[]
  readonly ports: readonly Forward[]
  /** To the pod. */
  readonly connect: (port: number, signal: AbortSignal) => Promise<Duplex>
}

/** Listens and passes on until the user ends it. */
export async function forward(forwarding: Forwarding, world: World): Promise<void> {
  const servers: Server[] = []
  const ended = Promise.withResolvers<void>()
  world.signal.addEventListener('abort', () => ended.resolve(), { once: true })
  try {
    for (const port of forwarding.ports)
      for (const set of forwarding.addresses)
        servers.push(...(await listenOnOne(set, port, forwarding, world)))
    if (!world.signal.aborted) await ended.promise
  } finally {
    for (const server of servers) server.close()
  }
}

async function listenOnOne(
  set: readonly string[],
  port: Forward,
  { connect }: Forwarding,
  world: World,
): Promise<readonly Server[]> {
  const servers: Server[] = []
  const failures: string[] = []
  // What is free at one address is asked for at the other.
  let { local } = port
  for (const address of set) {
    const server = createServer({ allowHalfOpen: true }, (socket) => {
      void pass(socket, { ...port, local }, connect, world)
    })
    try {
      local = await listen(server, address, local)
    } catch (error) {
      failures.push(error instanceof Error ? error.message : String(error))
      continue
    }
    servers.push(server)
    world.stdout.write(
      `Forwarding from ${address.includes(':') ? `[${address}]` : address}:${local} -> ${port.target}\n`,
    )
  }
  if (servers.length > 0) return servers
  throw new UserError(`listening on port ${local} of this machine: ${failures.join('; ')}`, {
    exitStatus: EXIT.failed,
  })
}

async function listen(server: Server, host: string, port: number): Promise<number> {
  const { promise, reject, resolve } = Promise.withResolvers<void>()
  server.once('error', reject)
  server.listen({ host, port }, resolve)
  await promise
  const address = server.address()
  return typeof address === 'object' && address !== null ? address.port : port
}

async function pass(
  client: Socket,
  { local, target }: Forward,
  connect: Forwarding['connect'],
  world: World,
): Promise<void> {
  world.stdout.write(`Handling connection for ${local}\n`)
  try {
    const pod = await connect(target, world.signal)
    const { signal } = world
    await Promise.all([pipeline(client, pod, { signal }), pipeline(pod, client, { signal })])
  } catch (error) {
    client.destroy()
    if (world.signal.aborted || isClosed(error)) return
    const message = error instanceof Error ? error.message : String(error)
    world.stderr.write(`an error occurred forwarding ${local} -> ${target}: ${message}\n`)
  }
}

/** One side has gone, which either may. */
function isClosed(error: unknown): boolean {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return code === 'ERR_STREAM_PREMATURE_CLOSE' || code === 'ECONNRESET' || code === 'EPIPE'
}
