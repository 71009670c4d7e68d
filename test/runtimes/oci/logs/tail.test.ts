import fc from 'fast-check'
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { LogLine } from '../../../../engine/api/cri.ts'
import { attemptLines } from '../../../../engine/runtimes/oci/logs/read.ts'
import { parseLogText } from '../../../../engine/runtimes/oci/logs/lines.ts'
import { attemptFolder } from '../../../../engine/runtimes/oci/logs/files.ts'
import { localTransport } from '../../../../engine/transport/local.ts'

const transport = localTransport()
const folder = mkdtempSync(join(tmpdir(), 'reconcile-logs-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
let directories = 0

/** Text of each file, the oldest first; the last one is `log`. */
function attempt(files: readonly string[]): string {
  directories += 1
  const directory = join(folder, String(directories))
  mkdirSync(directory)
  for (const [index, text] of files.entries()) {
    const name = index === files.length - 1 ? 'log' : `log.${String(index + 1).padStart(6, '0')}`
    writeFileSync(join(directory, name), text)
  }
  return directory
}

async function read(directory: string, options: { tailLines?: number; since?: string } = {}) {
  const place = { transport, folder: attemptFolder(directory), ended: async () => true }
  const lines: LogLine[] = []
  const never = new AbortController().signal
  for await (const line of attemptLines(place, { follow: false, ...options }, never)) lines.push(line)
  return lines.map(({ stream, text }) => `${stream} ${text}`)
}

function record(second: number, rest: string): string {
  return `2026-11-21T09:00:${String(second).padStart(2, '0')}.000000000+00:00 ${rest}\n`
}

const part = fc.record({
  stream: fc.constantFrom('stdout', 'stderr'),
  tag: fc.constantFrom('P', 'F'),
  text: fc.string({ maxLength: 4 }).map((text) => text.replaceAll(/[\n\r]/g, '.')),
})
const files = fc.array(fc.array(part, { maxLength: 12 }), { minLength: 1, maxLength: 4 })

test('the last lines are those that were last written to, wherever files and parts of lines begin', async () => {
  await fc.assert(
    fc.asyncProperty(files, fc.nat({ max: 20 }), async (parts, tailLines) => {
      const texts = parts.map((file) =>
        file.map(({ stream, tag, text }) => record(0, `${stream} ${tag} ${text}`)).join(''),
      )
      const directory = attempt(texts)
      const all = parseLogText(texts.join('')).map(({ stream, text }) => `${stream} ${text}`)
      expect(await read(directory)).toEqual(all)
      const ends = endsOfLines(parts.flat())
      const last = new Set(ends.toSorted((a, b) => a - b).slice(tailLines === 0 ? ends.length : -tailLines))
      const expected = all.filter((_line, index) => last.has(ends[index] ?? -1))
      expect(await read(directory, { tailLines })).toEqual(expected)
    }),
    { numRuns: 300 },
  )
})

/** Of each line, in the order that they are told in: the index of its last part. */
function endsOfLines(parts: readonly { readonly stream: string; readonly tag: string }[]): readonly number[] {
  const whole = parts.flatMap(({ tag }, index) => (tag === 'F' ? [index] : []))
  const open = ['stdout', 'stderr'].map((stream) => {
    const last = parts.findLastIndex((one) => one.stream === stream)
    return parts[last]?.tag === 'P' ? [last] : []
  })
  return [...whole, ...open.flat().toSorted((a, b) => a - b)]
}

test('the last lines of a large log are found from its end', async () => {
  const lines = Array.from({ length: 40_000 }, (_, index) => record(index % 60, `stdout F line ${index}`))
  const directory = attempt([lines.slice(0, 30_000).join(''), lines.slice(30_000).join('')])
  expect(await read(directory, { tailLines: 3 })).toEqual([
    'stdout line 39997',
    'stdout line 39998',
    'stdout line 39999',
  ])
  const many = await read(directory, { tailLines: 12_000 })
  expect(many).toHaveLength(12_000)
  expect(many[0]).toBe('stdout line 28000')
})

test('lines from a time on are told, and files that end before it are not read', async () => {
  const directory = attempt([
    record(1, 'stdout F damaged: read, it would be told').replace('T09:', 'T19:'),
    record(10, 'stdout F old') + record(20, 'stdout F new'),
  ])
  const before = new Date('2026-11-21T09:00:05Z')
  utimesSync(join(directory, 'log.000001'), before, before)
  expect(await read(directory, { since: '2026-11-21T09:00:20Z' })).toEqual(['stdout new'])
  expect(await read(directory, { since: '2099-01-01T00:00:00Z' })).toEqual([])
})
