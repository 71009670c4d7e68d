/** A manifest is at most this large; etcd, which Kubernetes keeps objects in, takes 1.5 MiB each. */
export const FILE_BYTES_MAX = 8 * 1024 * 1024

export type FileText =
  | { readonly kind: 'text'; readonly text: string }
  | {
      readonly kind: 'problem'
      readonly message: string
      readonly suggestion?: string
    }

const LFS_POINTER = 'version https://git-lfs.github.com/spec/v1'
const LEAVE_OUT = 'leave it out with .reconcileignore if it is no manifest'

export function textOf(content: Uint8Array): FileText {
  if (content.length > FILE_BYTES_MAX) {
    const message = `the file has ${content.length} bytes, more than the ${FILE_BYTES_MAX} that a manifest may have`
    return { kind: 'problem', message, suggestion: 'split it into several files' }
  }
  const text = decoded(content)
  if (text === undefined) {
    const message = content.includes(0) ? 'the file is binary' : 'the file is not valid UTF-8'
    return { kind: 'problem', message, suggestion: LEAVE_OUT }
  }
  if (text.includes('\u0000')) {
    return { kind: 'problem', message: 'the file is binary', suggestion: LEAVE_OUT }
  }
  if (text.startsWith(LFS_POINTER)) {
    const message = 'the file is a pointer of Git LFS, not the manifest itself'
    return { kind: 'problem', message, suggestion: 'keep manifests in Git itself' }
  }
  return { kind: 'text', text }
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function decoded(content: Uint8Array): string | undefined {
  try {
    return utf8.decode(content)
  } catch {
    return undefined
  }
}

export interface Place {
  /** From 1, in characters as JavaScript counts them. */
  readonly line: number
  readonly column: number
}

/** Turns offsets into lines and columns; finds the lines once, when it is first asked. */
export function createLines(text: string): (offset: number) => Place {
  let starts: number[] | undefined
  return (offset) => {
    starts ??= lineStarts(text)
    const line = lineAt(starts, Math.min(offset, text.length))
    return { line: line + 1, column: Math.min(offset, text.length) - (starts[line] ?? 0) + 1 }
  }
}

function lineStarts(text: string): number[] {
  const starts = [0]
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', end + 1)) starts.push(end + 1)
  return starts
}

function lineAt(starts: readonly number[], offset: number): number {
  let low = 0
  let high = starts.length - 1
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if ((starts[middle] ?? 0) <= offset) low = middle
    else high = middle - 1
  }
  return low
}
