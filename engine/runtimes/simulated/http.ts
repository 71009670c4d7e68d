import { createServer } from 'node:http'
import type { Duplex } from 'node:stream'
import { duplexPair } from 'node:stream'
import type { HttpReply } from './script.ts'

/** The client's end of a connection to a server in memory that answers every request as told. */
export function connectionTo(
  answer: (path: string, headers: Readonly<Record<string, unknown>>) => HttpReply,
): Duplex {
  const [client, server] = duplexPair()
  createServer((request, response) => {
    const { status, headers = {}, body = '' } = answer(request.url ?? '/', request.headers)
    response.writeHead(status, { connection: 'close', date: 'x', ...headers }).end(body)
  }).emit('connection', server)
  return client
}
