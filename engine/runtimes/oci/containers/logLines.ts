import type { LogLine } from '../../../api/cri.ts'

interface Part extends LogLine {
  readonly whole: boolean
}

/** The CRI's format, which conmon writes: `time stream P|F text`; P parts of a long line come before its F. */
function parsePart(line: string): Part | undefined {
  const match = /^(\S+) (stdout|stderr) ([PF]) ?(.*)$/s.exec(line)
  if (match === null) return undefined
  const [, at = '', stream, tag, text = ''] = match
  const instant = instantOf(at)
  if (instant === undefined) return undefined
  return { at: instant, stream: stream === 'stderr' ? 'stderr' : 'stdout', text, whole: tag === 'F' }
}

function instantOf(text: string): string | undefined {
  try {
    return Temporal.Instant.from(text).toString()
  } catch {
    return undefined
  }
}

/** Joins the parts of long lines, each stream's own. What is no log line is left out. */
export class LineJoiner {
  readonly #begun = new Map<LogLine['stream'], Part>()

  add(text: string): LogLine | undefined {
    const part = parsePart(text)
    if (part === undefined) return undefined
    const before = this.#begun.get(part.stream)
    const { at, stream, whole } = part
    const line = { at: before?.at ?? at, stream, text: `${before?.text ?? ''}${part.text}` }
    if (whole) {
      this.#begun.delete(stream)
      return line
    }
    this.#begun.set(stream, { ...line, whole })
    return undefined
  }

  /** Lines that never ended: the container has. */
  rest(): readonly LogLine[] {
    return [...this.#begun.values()].map(({ at, stream, text }) => ({ at, stream, text }))
  }
}

export function parseLogText(text: string): readonly LogLine[] {
  const joiner = new LineJoiner()
  const lines = text.split('\n').flatMap((line) => joiner.add(line) ?? [])
  return [...lines, ...joiner.rest()]
}
