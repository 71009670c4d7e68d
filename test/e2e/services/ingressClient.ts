import { Agent, request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'

export interface Answer {
  readonly status: number
  readonly body: string
}

export interface Asking {
  /** This machine's own when absent. */
  readonly address?: string
  readonly port: number
  readonly host: string
  readonly path?: string
  /** PEM of whom to trust: by TLS, for the host's name. */
  readonly ca?: string
  readonly agent?: Agent
}

/** One request, by the name of a host. */
export async function ask({
  address = '127.0.0.1',
  agent,
  ca,
  host,
  path = '/',
  port,
}: Asking): Promise<Answer> {
  const common = { host: address, port, path, headers: { host } }
  return await new Promise((resolve, reject) => {
    const sent =
      ca === undefined
        ? // A connection of its own, unless some are to be kept: one left from before may be closed while this is on its way.
          httpRequest({ ...common, agent: agent ?? false })
        : httpsRequest({ ...common, ca, servername: host, agent: false })
    sent.on('error', reject)
    sent.on('response', (response) => {
      let body = ''
      response.setEncoding('utf8')
      response.on('data', (part: string) => {
        body += part
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: body.trim() }))
      response.on('error', reject)
    })
    sent.end()
  })
}

export interface Load {
  /** How often each body was the answer. */
  readonly answers: ReadonlyMap<string, number>
  readonly failures: readonly string[]
  readonly connections: number
}

/** Asks without a pause over connections that are kept, until the work is done. */
export async function underLoad(asking: Asking, clients: number, work: () => Promise<void>): Promise<Load> {
  const agent = new Agent({ keepAlive: true, maxSockets: clients })
  const answers = new Map<string, number>()
  const failures: string[] = []
  const sockets = new Set<unknown>()
  agent.on('free', (socket: unknown) => sockets.add(socket))
  let isDone = false
  const client = async (): Promise<void> => {
    while (!isDone) {
      try {
        const { body, status } = await ask({ ...asking, agent })
        if (status === 200) answers.set(body, (answers.get(body) ?? 0) + 1)
        else failures.push(`${status} ${body}`)
      } catch (error) {
        failures.push(String(error))
      }
    }
  }
  const all = Promise.all(Array.from({ length: clients }, client))
  try {
    await work()
  } finally {
    isDone = true
    await all
    agent.destroy()
  }
  return { answers, failures, connections: sockets.size }
}
