import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2'
import type { Duplex } from 'node:stream'

/** One question and one answer, without TLS. */
export interface GrpcCall {
  /** `PACKAGE.SERVICE/METHOD` */
  readonly method: string
  readonly message: Uint8Array
  /** The server's name, as HTTP has it. */
  readonly authority: string
  readonly userAgent?: string
  readonly answerBytesMax: number
}

export interface GrpcAnswer {
  readonly httpStatus: number
  /** https://grpc.github.io/grpc/core/md_doc_statuscodes.html; undefined: what answered is no gRPC server. */
  readonly status: number | undefined
  readonly statusMessage: string
  /** Empty where there is none. */
  readonly message: Uint8Array
}

/** One byte that says `not compressed`, the length in four, the message. */
const FRAME_HEADER_BYTES = 5

/** Any answer is a result; rejects when there is none, or a longer one than is taken. The connection is of no use afterwards. */
export async function callGrpc(socket: Duplex, call: GrpcCall, signal: AbortSignal): Promise<GrpcAnswer> {
  const session = connect(`http://${call.authority}`, { createConnection: () => socket })
  try {
    return await answerOf(session, call, signal)
  } finally {
    session.destroy()
    socket.destroy()
  }
}

async function answerOf(
  session: ClientHttp2Session,
  { answerBytesMax, message, method, userAgent }: GrpcCall,
  signal: AbortSignal,
): Promise<GrpcAnswer> {
  const { promise, reject, resolve } = Promise.withResolvers<GrpcAnswer>()
  // Also while the stream waits for a connection that comes to nothing.
  session.once('error', reject)
  const stream = session.request(
    {
      ':method': 'POST',
      ':path': `/${method}`,
      'content-type': 'application/grpc',
      te: 'trailers',
      ...(userAgent !== undefined && { 'user-agent': userAgent }),
    },
    { signal },
  )
  stream.once('error', reject)
  collect(stream, { method, answerBytesMax }, resolve)
  stream.end(frame(message))
  return await promise
}

function frame(message: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(FRAME_HEADER_BYTES + message.length)
  bytes.writeUInt32BE(message.length, 1)
  bytes.set(message, FRAME_HEADER_BYTES)
  return bytes
}

/** An error may come in the headers alone, and then there are no trailers. */
function collect(
  stream: ClientHttp2Stream,
  { answerBytesMax, method }: Pick<GrpcCall, 'answerBytesMax' | 'method'>,
  resolve: (answer: GrpcAnswer) => void,
): void {
  const chunks: Uint8Array[] = []
  let bytes = 0
  let headers: IncomingHttpHeaders = {}
  stream.on('response', (received) => {
    headers = received
  })
  stream.on('trailers', (received) => {
    headers = { ...headers, ...received }
  })
  stream.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length
    if (bytes <= FRAME_HEADER_BYTES + answerBytesMax) chunks.push(chunk)
    else stream.destroy(new Error(`${method}: the server answered with more than ${answerBytesMax} bytes`))
  })
  stream.on('end', () => {
    const status = text(headers['grpc-status'])
    resolve({
      httpStatus: Number(headers[':status'] ?? 0),
      status: status === undefined ? undefined : Number(status),
      statusMessage: decoded(text(headers['grpc-message']) ?? ''),
      message: Buffer.concat(chunks).subarray(FRAME_HEADER_BYTES),
    })
  })
}

function text(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}

/** gRPC percent-encodes its messages. */
function decoded(message: string): string {
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}
