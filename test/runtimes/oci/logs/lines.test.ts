import { expect, test } from 'vitest'
import {
  LineJoiner,
  LineSplitter,
  parseLogText,
  parseRecord,
} from '../../../../engine/runtimes/oci/logs/lines.ts'

const AT = '2026-11-21T09:00:00.000000001'

test('a record has its time in UTC to the nanosecond, its stream, its bytes, and whether it ends a line', () => {
  expect(parseRecord(`${AT}+00:00 stdout F some text`)).toEqual({
    at: `${AT}Z`,
    stream: 'stdout',
    bytes: 'some text',
    whole: true,
  })
  expect(parseRecord('2026-11-21T10:30:00.5+01:30 stderr P ')).toEqual({
    at: '2026-11-21T09:00:00.500000000Z',
    stream: 'stderr',
    bytes: '',
    whole: false,
  })
})

test.for([
  '',
  'some text',
  `${AT}+00:00 stdout`,
  `${AT}+00:00 stdin F x`,
  `${AT}+00:00 stdout X x`,
  `yesterday stdout F x`,
  `${AT}+00:00  stdout F x`,
])('%j is no record', (line) => {
  expect(parseRecord(line)).toBeUndefined()
})

test('a character that was cut in two is whole again when its line is', () => {
  const joiner = new LineJoiner()
  const [first = '', second = ''] = splitBytes('gr\u00fc\u00dfe', 3)
  expect(joiner.add(`${AT}+00:00 stdout P ${first}`)).toBeUndefined()
  expect(joiner.add(`${AT}+00:00 stdout F ${second}`)?.text).toBe('gr\u00fc\u00dfe')
})

function splitBytes(text: string, at: number): readonly string[] {
  const bytes = Buffer.from(text).toString('latin1')
  return [bytes.slice(0, at), bytes.slice(at)]
}

test('lines of both streams are joined each by itself, and told when they end', () => {
  const text = [
    `${AT}+00:00 stdout P a`,
    `${AT}+00:00 stderr P x`,
    `${AT}+00:00 stdout P b`,
    `${AT}+00:00 stderr F y`,
    `${AT}+00:00 stdout F c`,
    `${AT}+00:00 stderr P left`,
  ].join('\n')
  expect(parseLogText(text).map((line) => `${line.stream} ${line.text}`)).toEqual([
    'stderr xy',
    'stdout abc',
    'stderr left',
  ])
})

test('a line without an end is told in pieces, so that it needs no memory without an end', () => {
  const joiner = new LineJoiner()
  const part = `${AT}+00:00 stdout P ${'x'.repeat(8192)}`
  const lengths = Array.from({ length: 300 }, () => joiner.add(part)?.text.length ?? 0)
  expect(lengths.filter((length) => length > 0)).toEqual([1024 * 1024, 1024 * 1024])
  expect(joiner.rest().map(({ text }) => text.length)).toEqual([44 * 8192])
})

test('bytes that come in any pieces give the same lines', () => {
  const bytes = Buffer.from('one\ntw\u00f6\n\nfour')
  for (let size = 1; size <= bytes.length; size += 1) {
    const splitter = new LineSplitter()
    const lines: string[] = []
    for (let at = 0; at < bytes.length; at += size) lines.push(...splitter.add(bytes.subarray(at, at + size)))
    expect(lines.map((line) => Buffer.from(line, 'latin1').toString())).toEqual(['one', 'tw\u00f6', ''])
  }
})
