import { createServer, type IncomingHttpHeaders, type ServerHttp2Stream } from 'node:http2'
import type { ListenOptions } from 'node:net'

export interface GrpcServerCall {
  readonly path: string
  readonly contentType: string
  readonly te: string
  /** As it came, with its five bytes of frame. */
  readonly body: Buffer
}

export type Reply = (stream: ServerHttp2Stream, call: GrpcServerCall) => void
type PlainReply = (stream: ServerHttp2Stream) => void

export interface GrpcServer extends AsyncDisposable {
  /** 0 where it listens at a path. */
  readonly port: number
  readonly calls: readonly GrpcServerCall[]
}

/** A gRPC server of nobody's library: it answers every call as told, and keeps what it was asked. */
export async function startGrpcServer(where: ListenOptions, reply: Reply): Promise<GrpcServer> {
  const calls: GrpcServerCall[] = []
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    const chunks: Uint8Array[] = []
    stream.on('error', () => undefined)
    stream.on('data', (chunk: Uint8Array) => chunks.push(chunk))
    stream.on('end', () => {
      const call = {
        path: String(headers[':path']),
        contentType: String(headers['content-type']),
        te: String(headers['te']),
        body: Buffer.concat(chunks),
      }
      calls.push(call)
      reply(stream, call)
    })
  })
  const listening = Promise.withResolvers<void>()
  server.listen(where, listening.resolve)
  await listening.promise
  const address = server.address()
  return {
    port: typeof address === 'string' ? 0 : (address?.port ?? 0),
    calls,
    async [Symbol.asyncDispose]() {
      const closed = Promise.withResolvers<unknown>()
      server.close(closed.resolve)
      await closed.promise
    },
  }
}

/** Headers, a message, and the status in the trailers: how every gRPC server answers. */
export function answered(message: Uint8Array, status = '0', words = ''): PlainReply {
  return (stream) => {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true })
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': status, 'grpc-message': words }))
    const head = Buffer.alloc(5)
    head.writeUInt32BE(message.length, 1)
    stream.end(Buffer.concat([head, message]))
  }
}

/** What has no message may end with its headers. */
export function refused(status: string, words: string): PlainReply {
  return (stream) =>
    stream.respond(
      {
        ':status': 200,
        'content-type': 'application/grpc',
        'grpc-status': status,
        'grpc-message': words,
      },
      { endStream: true },
    )
}
