import type { OpenFile } from '../../../transport/transport.ts'
import { type LogRecord, parseRecord } from './lines.ts'

/** Where the last lines of a log begin. */
export interface TailStart {
  /** The index of the file, as they were given. */
  readonly file: number
  readonly offset: number
  /** Of the lines that end after that, those to be left out: they end before the ones that are wanted. */
  readonly leaveOut: number
}

const BLOCK_BYTES = 64 * 1024
/** The parts of a long line may stand among others' lines: no further back than this. */
const SEARCH_BYTES_MAX = 1024 * 1024

interface Placed extends LogRecord {
  readonly file: number
  readonly offset: number
}

/** The oldest file first. Reads from the end, and no more than is needed. */
export async function tailStart(
  files: readonly OpenFile[],
  sizes: readonly number[],
  lines: number,
): Promise<TailStart> {
  const last = files.length - 1
  let start: TailStart = { file: Math.max(0, last), offset: sizes[last] ?? 0, leaveOut: 0 }
  if (lines === 0) return start
  const search = new TailSearch(lines)
  for (let file = last; file >= 0; file -= 1) {
    const opened = files[file]
    if (opened === undefined) continue
    for await (const record of recordsBackwards(opened, sizes[file] ?? 0, file)) {
      const answer = search.look(record)
      if (answer === 'enough') return start
      if (answer === 'wanted') start = { file, offset: record.offset, leaveOut: search.unwanted }
    }
  }
  return start
}

/** Decides on one record after the other, the newest first. */
class TailSearch {
  /** Lines that end after the place that was looked at last, and are older than those that are wanted. */
  unwanted = 0
  #missing: number
  #beyondBytes = 0
  /** Streams whose oldest wanted line may have begun earlier. */
  readonly #begun = new Set<string>()

  constructor(lines: number) {
    this.#missing = lines
  }

  look({ bytes, stream, whole }: Placed): 'wanted' | 'passed' | 'enough' {
    const isNewLine = whole || !this.#begun.has(stream)
    if (isNewLine && this.#missing > 0) {
      this.#missing -= 1
      this.#begun.add(stream)
      return 'wanted'
    }
    if (!isNewLine) return 'wanted'
    // A line too many: the wanted one of its stream has begun after it.
    this.#begun.delete(stream)
    this.#beyondBytes += bytes.length
    if (whole) this.unwanted += 1
    return this.#begun.size === 0 || this.#beyondBytes > SEARCH_BYTES_MAX ? 'enough' : 'passed'
  }
}

async function* recordsBackwards(file: OpenFile, size: number, index: number): AsyncGenerator<Placed> {
  let rest = Buffer.alloc(0)
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - BLOCK_BYTES)
    const block = Buffer.concat([await readFully(file, from, end - from), rest])
    // What stands before the first line end may have begun in the block before.
    const first = from === 0 ? 0 : block.indexOf(0x0a) + 1
    yield* recordsOf(block.subarray(first), from + first, index)
    rest = Buffer.from(block.subarray(0, first))
    end = from
  }
}

async function readFully(file: OpenFile, from: number, length: number): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let got = 0
  while (got < length) {
    const part = await file.read(from + got, length - got)
    if (part.length === 0) break
    parts.push(part)
    got += part.length
  }
  return Buffer.concat(parts)
}

function* recordsOf(block: Buffer, offset: number, file: number): Generator<Placed> {
  let end = block.length
  while (end > 0) {
    // Without the line end that it ends with.
    const from = end < 2 ? 0 : block.lastIndexOf(0x0a, end - 2) + 1
    const record = parseRecord(block.toString('latin1', from, end).replace(/\n$/, ''))
    if (record !== undefined) yield { ...record, file, offset: offset + from }
    end = from
  }
}
