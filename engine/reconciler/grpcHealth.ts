import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2'
import type { GrpcTarget } from '../kubelet/handlers.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import type { HandlerResult } from './handlers.ts'
import { healthRequest, servingStatus } from './grpcMessages.ts'

/** Loaded only where a probe asks for it. */
const { connect } = process.getBuiltinModule('node:http2')

const PATH = '/grpc.health.v1.Health/Check'
/** A health answer has a handful of bytes. */
const ANSWER_BYTES_MAX = 10 * 1024
/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const OK = '0'
const UNIMPLEMENTED = '12'

/**
 * One call of grpc.health.v1.Health/Check without TLS, over a connection that the node makes. Any answer is a result, in the words of
 * Kubernetes' pkg/probe/grpc; rejects when there is none.
 */
export async function grpcHealth(
  target: GrpcTarget,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<HandlerResult> {
  const { host, port, service } = target
  const socket = await runtime.connect(host, port, signal)
  const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`
  const session = connect(`http://${authority}`, { createConnection: () => socket })
  try {
    return judge(await call(session, service, signal))
  } finally {
    session.destroy()
    socket.destroy()
  }
}

interface Answer {
  readonly httpStatus: number
  readonly grpcStatus: string | undefined
  readonly grpcMessage: string
  readonly body: Uint8Array
}

function judge({ body, grpcMessage, grpcStatus, httpStatus }: Answer): HandlerResult {
  if (grpcStatus === UNIMPLEMENTED) {
    const why = `this server does not implement the grpc health protocol (grpc.health.v1.Health): ${grpcMessage}`
    return { succeeded: false, message: `error: ${why}` }
  }
  if (grpcStatus !== OK) {
    const why =
      grpcStatus === undefined
        ? `the server answered as no gRPC server does, with HTTP status ${httpStatus}`
        : `code ${grpcStatus}: ${grpcMessage}`
    return { succeeded: false, message: `error: health rpc probe failed: ${why}` }
  }
  const status = servingStatus(body)
  if (status === 'SERVING') return { succeeded: true, message: 'service healthy' }
  return { succeeded: false, message: `service unhealthy (responded with "${status}")` }
}

async function call(session: ClientHttp2Session, service: string, signal: AbortSignal): Promise<Answer> {
  const { promise, reject, resolve } = Promise.withResolvers<Answer>()
  // Also while the stream waits for a connection that comes to nothing.
  session.once('error', reject)
  const stream = session.request(
    {
      ':method': 'POST',
      ':path': PATH,
      'content-type': 'application/grpc',
      te: 'trailers',
      'user-agent': 'kube-probe/1.36',
    },
    { signal },
  )
  stream.once('error', reject)
  collect(stream, resolve)
  stream.end(healthRequest(service))
  return await promise
}

/** An error may come in the headers alone, and then there are no trailers. */
function collect(stream: ClientHttp2Stream, resolve: (answer: Answer) => void): void {
  const chunks: Uint8Array[] = []
  let bytes = 0
  let headers: IncomingHttpHeaders = {}
  let trailers: IncomingHttpHeaders = {}
  let httpStatus = 0
  stream.on('response', (received) => {
    headers = received
    httpStatus = received[':status'] ?? 0
  })
  stream.on('trailers', (received) => {
    trailers = received
  })
  stream.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length
    if (bytes <= ANSWER_BYTES_MAX) chunks.push(chunk)
  })
  stream.on('end', () => {
    const grpcStatus = text(trailers['grpc-status'] ?? headers['grpc-status'])
    const grpcMessage = decoded(text(trailers['grpc-message'] ?? headers['grpc-message']) ?? '')
    resolve({ httpStatus, grpcStatus, grpcMessage, body: Buffer.concat(chunks) })
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
