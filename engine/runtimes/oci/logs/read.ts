import type { LogLine, LogRequest } from '../../../api/cri.ts'
import type { OpenFile, Transport } from '../../../transport/transport.ts'
import { LogCursor, openLogFile } from './cursor.ts'
import { type LogFile, type LogFolder, written } from './files.ts'
import { LineJoiner, LineSplitter } from './lines.ts'
import { tailStart } from './tail.ts'
import { createWaits } from './waits.ts'

const CHUNK_BYTES = 64 * 1024

export interface LogPlace {
  readonly transport: Transport
  readonly folder: LogFolder
  /** Nothing more will be written. */
  readonly ended: () => Promise<boolean>
}

export type ReadOptions = Pick<LogRequest, 'follow' | 'tailLines' | 'since' | 'skipped'>

/** Of one attempt, from its first file to its last, and on for as long as it runs. Memory is that of a line and a chunk. */
export async function* attemptLines(
  place: LogPlace,
  options: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const since = options.since === undefined ? '' : nineDigits(options.since)
  const splitter = new LineSplitter()
  const joiner = new LineJoiner()
  const start = { leaveOut: 0 }
  let wanted = options.follow ? undefined : options.tailLines
  for await (const chunk of chunksOf(place, options, start, signal)) {
    for (const text of splitter.add(chunk)) {
      const line = joiner.add(text)
      if (line === undefined) continue
      if (start.leaveOut > 0) {
        start.leaveOut -= 1
        continue
      }
      if (wanted !== undefined) wanted -= 1
      if (line.at >= since) yield line
    }
  }
  if (signal.aborted) return
  const rest = joiner.rest()
  yield* rest.slice(Math.max(0, rest.length - (wanted ?? rest.length))).filter(({ at }) => at >= since)
}

function nineDigits(time: string): string {
  return Temporal.Instant.from(time).toString({ smallestUnit: 'nanosecond' })
}

interface Opened {
  readonly file: LogFile
  readonly opened: OpenFile
}

/** `start` is told, before the first chunk, how many lines are none of those that are wanted. */
async function* chunksOf(
  place: LogPlace,
  options: ReadOptions,
  start: { leaveOut: number },
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  await using cursor = new LogCursor(place.transport, place.folder)
  {
    await using stack = new AsyncDisposableStack()
    const files = await openAll(place, cursor, stack)
    const sizes = await Promise.all(files.map(async ({ opened }) => await opened.size()))
    const from = await startOf(files, sizes, options)
    start.leaveOut = from.leaveOut
    for (const [index, { opened }] of files.entries()) {
      if (index < from.file) continue
      yield* chunksBetween(opened, index === from.file ? from.offset : 0, sizes[index] ?? 0, signal)
      if (signal.aborted) return
    }
    cursor.skipTo(sizes.at(-1) ?? 0)
  }
  if (options.follow) yield* followed(place, cursor, options, signal)
}

/** All at once, so that what is deleted meanwhile can be read. The last one is the cursor's, to be read on. */
async function openAll(
  place: LogPlace,
  cursor: LogCursor,
  stack: AsyncDisposableStack,
): Promise<readonly Opened[]> {
  const found: Opened[] = []
  for (const file of written(await place.folder.look(place.transport))) {
    const opened = await openLogFile(place.transport, place.folder.directory, file)
    if (opened !== undefined) found.push({ file, opened })
  }
  for (const { opened } of found.slice(0, -1)) stack.use(opened)
  const last = found.at(-1)
  if (last !== undefined) cursor.enter(last.opened, last.file.number)
  return found
}

async function startOf(
  files: readonly Opened[],
  sizes: readonly number[],
  { since, tailLines }: ReadOptions,
): Promise<{ readonly file: number; readonly offset: number; readonly leaveOut: number }> {
  if (tailLines !== undefined) {
    return await tailStart(
      files.map(({ opened }) => opened),
      sizes,
      tailLines,
    )
  }
  if (since === undefined) return { file: 0, offset: 0, leaveOut: 0 }
  const sinceMs = Temporal.Instant.from(since).epochMilliseconds
  // What was last written to before then holds nothing newer.
  const first = files.findIndex(({ file }) => file.modifiedMs >= sinceMs)
  return { file: first < 0 ? files.length : first, offset: 0, leaveOut: 0 }
}

async function* chunksBetween(
  file: OpenFile,
  from: number,
  to: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  for (let position = from; position < to && !signal.aborted; ) {
    const chunk = await file.read(position, Math.min(CHUNK_BYTES, to - position))
    if (chunk.length === 0) return
    position += chunk.length
    yield chunk
  }
}

async function* followed(
  place: LogPlace,
  cursor: LogCursor,
  { skipped }: ReadOptions,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  using waits = createWaits(place.transport, place.folder.directory, signal)
  let hasEnded = false
  let isComplete = false
  while (!signal.aborted) {
    const chunk = await cursor.read()
    if (chunk.length > 0) {
      yield chunk
    } else if (isComplete) {
      // Read to its end after it had been left.
      if ((await cursor.advance())?.skipped === true) skipped?.()
      isComplete = false
    } else if (await cursor.isComplete()) {
      isComplete = true
    } else if (hasEnded) {
      return
    } else {
      hasEnded = await place.ended()
      if (!hasEnded) await waits.wait()
    }
  }
}
