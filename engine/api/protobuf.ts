/** As much of protocol buffers as the messages of CSI and of gRPC's health checks need. https://protobuf.dev/programming-guides/encoding */

export type Field =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly value: number }
  | { readonly number: number; readonly message: readonly Field[] }

const VARINT = 0
const BYTES = 2

/** Empty texts and zeros are left out, as proto3 does. */
export function encode(fields: readonly Field[]): Uint8Array {
  return Buffer.concat(fields.map(encodeField))
}

function encodeField(field: Field): Uint8Array {
  if ('value' in field)
    return field.value === 0
      ? EMPTY
      : Buffer.from([...varint(tag(field.number, VARINT)), ...varint(field.value)])
  if ('text' in field)
    return field.text === '' ? EMPTY : delimited(field.number, new TextEncoder().encode(field.text))
  return delimited(field.number, encode(field.message))
}

const EMPTY = new Uint8Array()

/** A map is a list of messages with key and value. */
export function mapFields(number: number, map: Readonly<Record<string, string>>): readonly Field[] {
  return Object.entries(map)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, text]) => ({
      number,
      message: [
        { number: 1, text: key },
        { number: 2, text },
      ],
    }))
}

/** The numbers, and the bytes of texts and messages, by their field; the last one of a field counts. What is no message holds nothing. */
export function decode(message: Uint8Array): ReadonlyMap<number, number | Uint8Array> {
  const found = new Map<number, number | Uint8Array>()
  let at = 0
  while (at < message.length) {
    const head = readVarint(message, at)
    const field = readVarint(message, head.next)
    switch (head.value & 7) {
      case VARINT:
        at = field.next
        found.set(head.value >> 3, field.value)
        break
      case BYTES:
        at = field.next + field.value
        found.set(head.value >> 3, message.subarray(field.next, at))
        break
      case 1:
        at = head.next + 8
        break
      case 5:
        at = head.next + 4
        break
      default:
        return new Map()
    }
  }
  return found
}

function delimited(number: number, content: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from([...varint(tag(number, BYTES)), ...varint(content.length)]), content])
}

function tag(number: number, type: number): number {
  return number * 8 + type
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
