import { callGrpc } from '../../../../transport/grpc.ts'
import type { Transport } from '../../../../transport/transport.ts'

/** A driver has to format a disk, at times. */
const CALL_TIMEOUT_MS = 120_000
const ANSWER_BYTES_MAX = 1024 * 1024
/** By number: https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
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
  const call = { method, message, authority: 'localhost', answerBytesMax: ANSWER_BYTES_MAX }
  const answer = await callGrpc(socket, call, either)
  if (answer.status === 0) return answer.message
  const code = CODES[answer.status ?? -1] ?? 'Unknown'
  const why =
    answer.status === undefined
      ? `the server answered as no gRPC server does, with HTTP status ${answer.httpStatus}`
      : answer.statusMessage
  throw new Error(`rpc error: code = ${code} desc = ${why}`)
}
