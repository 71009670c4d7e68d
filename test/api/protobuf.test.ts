import { expect, test } from 'vitest'
import { decode, encode, mapFields } from '../../engine/api/protobuf.ts'

test('fields are written as protoc writes them: empty texts and zeros are left out, a map is sorted by its keys', () => {
  const fields = [
    { number: 1, text: 'testing' },
    { number: 2, text: '' },
    { number: 3, value: 150 },
    { number: 4, value: 0 },
    ...mapFields(5, { b: 'y', a: 'x' }),
  ]
  const written = ['0a0774657374696e67', '189601', '2a060a0161120178', '2a060a0162120179']
  expect(Buffer.from(encode(fields)).toString('hex')).toBe(written.join(''))
})

test('numbers and bytes are read by their field, the last one counts, and fixed sizes are passed over', () => {
  const message = [0x08, 1, 0x12, 2, 65, 66, 0x1d, 1, 2, 3, 4, 0x21, 1, 2, 3, 4, 5, 6, 7, 8, 0x08, 0x96, 1]
  expect([...decode(new Uint8Array(message))]).toEqual([
    [1, 150],
    [2, new Uint8Array([65, 66])],
  ])
})

test('what is no message holds nothing', () => {
  expect(decode(new Uint8Array([0x08, 1, 0x0b]))).toEqual(new Map())
})
