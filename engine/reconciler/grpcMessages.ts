import { decode, encode } from '../api/protobuf.ts'

/** The two messages of grpc.health.v1: a string in field 1, and an enum in field 1. */

const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const

type ServingStatus = (typeof STATUSES)[number]

/** One byte that says `not compressed`, the length in four, the message. */
const FRAME_HEADER_BYTES = 5

/** HealthCheckRequest { string service = 1 }, framed. */
export function healthRequest(service: string): Uint8Array {
  return frame(encode([{ number: 1, text: service }]))
}

function frame(message: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + message.length)
  new DataView(bytes.buffer).setUint32(1, message.length)
  bytes.set(message, FRAME_HEADER_BYTES)
  return bytes
}

/** HealthCheckResponse { ServingStatus status = 1 }, framed; a field that is not there is its zero. */
export function servingStatus(framed: Uint8Array): ServingStatus {
  const status = decode(framed.subarray(FRAME_HEADER_BYTES)).get(1) ?? 0
  return (typeof status === 'number' ? STATUSES[status] : undefined) ?? 'UNKNOWN'
}
