import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http'
import { once } from 'node:events'

/** How the way to a server is: nobody there, slow, only errors, or answers that end half-way. */
export type Weather = 'down' | 'slow' | 'failing' | 'truncating'

const SLOW_MS = 500
/** What is longer is cut: layers, not manifests. */
const CUT_BYTES = 4_096

/** A server between a client and another one, for tests of what the client makes of a bad way. */
export interface Unreliable extends AsyncDisposable {
  readonly url: string
  /** By what stands in the path of a request; the way for all others is good. */
  readonly weather: Map<string, Weather>
}

export async function startUnreliable(target: string): Promise<Unreliable> {
  const weather = new Map<string, Weather>()
  const server = createServer((asked, answer) => {
    const [, now] = [...weather].find(([part]) => asked.url?.includes(part) === true) ?? []
    void pass(asked, answer, target, now)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the server has no port')
  return {
    url: `http://127.0.0.1:${address.port}`,
    weather,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
}

async function pass(
  asked: IncomingMessage,
  answer: ServerResponse,
  target: string,
  weather: Weather | undefined,
): Promise<void> {
  if (weather === 'down') return void asked.socket.destroy()
  if (weather === 'failing') return void answer.writeHead(500).end('the disk of the registry is on fire\n')
  if (weather === 'slow') await new Promise((resolve) => setTimeout(resolve, SLOW_MS))
  const { headers, method, url = '/' } = asked
  const onward = request(new URL(url, target), { method, headers })
  onward.on('error', () => answer.destroy())
  answer.on('close', () => onward.destroy())
  asked.pipe(onward)
  onward.on('response', (given) => {
    answer.writeHead(given.statusCode ?? 502, given.headers)
    const bytes = Number(given.headers['content-length'] ?? 0)
    if (weather !== 'truncating' || bytes <= CUT_BYTES || method === 'HEAD') return void given.pipe(answer)
    given.once('data', (chunk: Buffer) => {
      answer.write(chunk.subarray(0, CUT_BYTES), () => answer.destroy())
    })
  })
}
