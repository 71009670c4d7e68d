import type { LogLine } from '../../../api/cri.ts'
import { isObject, parseJson } from '../json.ts'

/** What conmon writes in one go. Its bytes are letters: a character may be cut in two, and is whole only when the parts are joined. */
export interface LogRecord {
  readonly at: string
  readonly stream: LogLine['stream']
  readonly bytes: string
  readonly whole: boolean
}

/** A line that is longer is shown as several, so that one without an end needs no memory without an end. */
const LINE_BYTES_MAX = 1024 * 1024

/** The CRI's format: `time stream P|F text`; P parts of a long line come before its F. Or docker's. `line` has a letter a byte. */
export function parseRecord(line: string): LogRecord | undefined {
  if (line.startsWith('{')) return parseDockerRecord(line)
  const time = line.indexOf(' ')
  const stream = line.slice(time + 1, time + 7)
  const tag = line[time + 8]
  if (time < 0 || line[time + 7] !== ' ' || (tag !== 'P' && tag !== 'F')) return undefined
  if (stream !== 'stdout' && stream !== 'stderr') return undefined
  const at = inUtc(line.slice(0, time))
  if (at === undefined) return undefined
  return { at, stream, bytes: line.slice(time + 10), whole: tag === 'F' }
}

/** An object a line: `{"log":"text\\n","stream":"stdout","time":"..."}`; a line that is longer than 16 KiB comes in parts, without an end. */
function parseDockerRecord(line: string): LogRecord | undefined {
  const value = parseJson(line)
  if (!isObject(value)) return undefined
  const { log, stream, time } = value
  if (typeof log !== 'string' || typeof time !== 'string') return undefined
  if (stream !== 'stdout' && stream !== 'stderr') return undefined
  const at = inUtc(time)
  if (at === undefined) return undefined
  const whole = log.endsWith('\n')
  return { at, stream, bytes: bytesOf(whole ? log.slice(0, -1) : log), whole }
}

/** What stands escaped in the JSON is a character, and all else a letter a byte. */
function bytesOf(text: string): string {
  return text.replace(/[^\0-\xff]/g, (character) => Buffer.from(character).toString('latin1'))
}

/** conmon gives all that it reads at once the same time. */
let lastTime = { text: '', at: '' }

/** With nine digits, so that times can be compared as texts. */
function inUtc(text: string): string | undefined {
  if (text === lastTime.text) return lastTime.at
  const at = /\.[0-9]{9}\+00:00$/.test(text) ? `${text.slice(0, -6)}Z` : instantOf(text)
  if (at !== undefined) lastTime = { text, at }
  return at
}

function instantOf(text: string): string | undefined {
  try {
    return Temporal.Instant.from(text).toString({ smallestUnit: 'nanosecond' })
  } catch {
    return undefined
  }
}

interface Begun {
  readonly at: string
  bytes: string
}

/** Joins the parts of long lines, each stream's own. What is no log line is left out. */
export class LineJoiner {
  readonly #begun = new Map<LogLine['stream'], Begun>()

  add(line: string): LogLine | undefined {
    const record = parseRecord(line)
    if (record === undefined) return undefined
    const { at, bytes, stream, whole } = record
    const begun = this.#begun.get(stream)
    if (begun === undefined && whole) return { at, stream, text: textOf(bytes) }
    const joined = begun ?? { at, bytes: '' }
    joined.bytes += bytes
    this.#begun.delete(stream)
    if (whole || joined.bytes.length >= LINE_BYTES_MAX) {
      return { at: joined.at, stream, text: textOf(joined.bytes) }
    }
    this.#begun.set(stream, joined)
    return undefined
  }

  /** Lines that have not ended, the one last added to last. */
  rest(): readonly LogLine[] {
    return [...this.#begun].map(([stream, { at, bytes }]) => ({ at, stream, text: textOf(bytes) }))
  }
}

function textOf(bytes: string): string {
  return isAscii(bytes) ? bytes : Buffer.from(bytes, 'latin1').toString('utf8')
}

function isAscii(bytes: string): boolean {
  return !/[^\0-\x7f]/.test(bytes)
}

/** Takes bytes as they come, and gives lines a letter a byte. A line that never ends is no log line, and is not kept. */
export class LineSplitter {
  #rest = ''

  add(chunk: Uint8Array): readonly string[] {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    const lines = (this.#rest + bytes.toString('latin1')).split('\n')
    const rest = lines.pop() ?? ''
    this.#rest = rest.length > LINE_BYTES_MAX ? '' : rest
    return lines
  }
}

/** Of a whole text, such as the end of a log. */
export function parseLogText(text: string): readonly LogLine[] {
  const joiner = new LineJoiner()
  const bytes = Buffer.from(text).toString('latin1')
  const lines = bytes.split('\n').flatMap((line) => joiner.add(line) ?? [])
  return [...lines, ...joiner.rest()]
}
