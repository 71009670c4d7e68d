/** The two messages of grpc.health.v1, by hand: a string in field 1, and an enum in field 1. https://protobuf.dev/programming-guides/encoding */

const STATUSES = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN'] as const

type ServingStatus = (typeof STATUSES)[number]

/** One byte that says `not compressed`, the length in four, the message. */
const FRAME_HEADER_BYTES = 5

/** HealthCheckRequest { string service = 1 }, framed. */
export function healthRequest(service: string): Uint8Array {
  const name = new TextEncoder().encode(service)
  const message = name.length === 0 ? [] : [0x0a, ...varint(name.length), ...name]
  return frame(message)
}

function frame(message: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(FRAME_HEADER_BYTES + message.length)
  new DataView(bytes.buffer).setUint32(1, message.length)
  bytes.set(message, FRAME_HEADER_BYTES)
  return bytes
}

/** HealthCheckResponse { ServingStatus status = 1 }, framed; a field that is not there is its zero. */
export function servingStatus(framed: Uint8Array): ServingStatus {
  const message = framed.subarray(FRAME_HEADER_BYTES)
  let at = 0
  let status = 0
  while (at < message.length) {
    const tag = readVarint(message, at)
    at = tag.next
    const field = readVarint(message, at)
    switch (tag.value & 7) {
      case 0:
        at = field.next
        if (tag.value >> 3 === 1) status = field.value
        break
      case 1:
        at += 8
        break
      case 2:
        at = field.next + field.value
        break
      case 5:
        at += 4
        break
      default:
        return 'UNKNOWN'
    }
  }
  return STATUSES[status] ?? 'UNKNOWN'
}

function varint(value: number): readonly number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...varint(value >>> 7)]
}

function readVarint(bytes: Uint8Array, from: number): { readonly value: number; readonly next: number } {
  let value = 0
  let shift = 0
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0
    value += (byte & 0x7f) * 2 ** shift
    if (byte < 0x80) return { value, next: at + 1 }
    shift += 7
  }
  return { value, next: bytes.length }
}
