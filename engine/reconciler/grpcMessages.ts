import { decode, encode } from '../api/protobuf.ts'

/** The two messages of grpc.health.v1: a string in field 1, and an enum in field 1. */

const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const

type ServingStatus = (typeof STATUSES)[number]

/** HealthCheckRequest { string service = 1 } */
export function healthRequest(service: string): Uint8Array {
  return encode([{ number: 1, text: service }])
}

/** HealthCheckResponse { ServingStatus status = 1 }; a field that is not there is its zero. */
export function servingStatus(message: Uint8Array): ServingStatus {
  const status = decode(message).get(1) ?? 0
  return (typeof status === 'number' ? STATUSES[status] : undefined) ?? 'UNKNOWN'
}
