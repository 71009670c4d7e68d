import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  type IncomingHttpHeaders,
} from 'node:http2'
import type { Transport } from '../../../../transport/transport.ts'

/** A driver has to format a disk, at times. */
const CALL_TIMEOUT_MS = 120_000
const ANSWER_BYTES_MAX = 1024 * 1024
/** One byte that says `not compressed`, the length in four, the message. */
const FRAME_HEADER_BYTES = 5
/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const CODES = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
]

/** One call of a driver on its node: the answer's message. Rejects with what it says, as Kubernetes' events have it. */
export async function callDriver(
  transport: Transport,
  socketPath: string,
  method: string,
  message: Uint8Array,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const timeout = AbortSignal.timeout(CALL_TIMEOUT_MS)
  const either = signal === undefined ? timeout : AbortSignal.any([signal, timeout])
  const socket = await transport.connectSocket(socketPath, either)
  const session = connect('http://localhost', { createConnection: () => socket })
  try {
    return await call(session, method, message, either)
  } finally {
    session.destroy()
    socket.destroy()
  }
}

async function call(
  session: ClientHttp2Session,
  method: string,
  message: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { promise, reject, resolve } = Promise.withResolvers<Uint8Array>()
  session.once('error', reject)
  const stream = session.request(
    { ':method': 'POST', ':path': `/${method}`, 'content-type': 'application/grpc', te: 'trailers' },
    { signal },
  )
  stream.once('error', reject)
  collect(stream, resolve, reject)
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
  resolve: (message: Uint8Array) => void,
  reject: (error: Error) => void,
): void {
  const chunks: Uint8Array[] = []
  let bytes = 0
  let last: IncomingHttpHeaders = {}
  stream.on('response', (received) => {
    last = { ...last, ...received }
  })
  stream.on('trailers', (received) => {
    last = { ...last, ...received }
  })
  stream.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length
    if (bytes <= ANSWER_BYTES_MAX) chunks.push(chunk)
  })
  stream.on('end', () => {
    const status = Number(last['grpc-status'] ?? Number.NaN)
    if (status === 0) resolve(Buffer.concat(chunks).subarray(FRAME_HEADER_BYTES))
    else reject(new Error(`rpc error: code = ${CODES[status] ?? 'Unknown'} desc = ${messageOf(last)}`))
  })
}

/** gRPC percent-encodes its messages. */
function messageOf(headers: IncomingHttpHeaders): string {
  const message = String(headers['grpc-message'] ?? `the server answered with status ${headers[':status']}`)
  try {
    return decodeURIComponent(message)
  } catch {
    return message
  }
}
