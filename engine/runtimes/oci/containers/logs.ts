import type { LogLine, LogRequest } from '../../../api/cri.ts'
import type { Command, Transport } from '../../../transport/transport.ts'
import { LineJoiner } from './logLines.ts'

export interface LogFile {
  readonly path: string
  /** Follow for as long as this process runs. */
  readonly pid?: number
}

export function tailCommand(file: LogFile, tailLines: number | undefined, follow: boolean): Command {
  const following = !follow
    ? []
    : file.pid === undefined
      ? []
      : ['-F', `--pid=${file.pid}`, '--sleep-interval=0.2']
  return { argv: ['tail', '-n', tailLines === undefined ? '+1' : String(tailLines), ...following, file.path] }
}

export async function* logLines(
  transport: Transport,
  file: LogFile,
  request: LogRequest,
  signal?: AbortSignal,
): AsyncGenerator<LogLine> {
  const end = signal ?? new AbortController().signal
  const joiner = new LineJoiner()
  const since = request.since === undefined ? undefined : Temporal.Instant.from(request.since)
  const wanted = (line: LogLine | undefined): line is LogLine =>
    line !== undefined && (since === undefined || Temporal.Instant.compare(line.at, since) >= 0)
  for await (const text of textLines(
    transport.stream(tailCommand(file, request.tailLines, request.follow), end),
  )) {
    const line = joiner.add(text)
    if (wanted(line)) yield line
  }
  yield* joiner.rest().filter(wanted)
}

async function* textLines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of chunks) {
    const lines = `${rest}${decoder.decode(chunk, { stream: true })}`.split('\n')
    rest = lines.pop() ?? ''
    yield* lines
  }
  if (rest !== '') yield rest
}
