import type { GrpcTarget } from '../kubelet/handlers.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { callGrpc, type GrpcAnswer } from '../transport/grpc.ts'
import type { HandlerResult } from './handlers.ts'
import { healthRequest, servingStatus } from './grpcMessages.ts'

/** A health answer has a handful of bytes. */
const ANSWER_BYTES_MAX = 10 * 1024
const OK = 0
const UNIMPLEMENTED = 12

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
  const call = {
    method: 'grpc.health.v1.Health/Check',
    message: healthRequest(service),
    authority: `${host.includes(':') ? `[${host}]` : host}:${port}`,
    userAgent: 'kube-probe/1.36',
    answerBytesMax: ANSWER_BYTES_MAX,
  }
  return judge(await callGrpc(socket, call, signal))
}

function judge({ httpStatus, message, status, statusMessage }: GrpcAnswer): HandlerResult {
  if (status === UNIMPLEMENTED) {
    const why = `this server does not implement the grpc health protocol (grpc.health.v1.Health): ${statusMessage}`
    return { succeeded: false, message: `error: ${why}` }
  }
  if (status !== OK) {
    const why =
      status === undefined
        ? `the server answered as no gRPC server does, with HTTP status ${httpStatus}`
        : `code ${status}: ${statusMessage}`
    return { succeeded: false, message: `error: health rpc probe failed: ${why}` }
  }
  const serving = servingStatus(message)
  if (serving === 'SERVING') return { succeeded: true, message: 'service healthy' }
  return { succeeded: false, message: `service unhealthy (responded with "${serving}")` }
}
