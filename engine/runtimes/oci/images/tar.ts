/** A member of a tar file. Paths are written as they are, also bad ones: images are tested with these. */
export type TarEntry =
  | (TarMeta & { readonly kind: 'file'; readonly content: string | Uint8Array })
  | (TarMeta & { readonly kind: 'directory' | 'fifo' })
  | (TarMeta & { readonly kind: 'symlink' | 'hardlink'; readonly target: string })
  | (TarMeta & { readonly kind: 'character' | 'block'; readonly major: number; readonly minor: number })

interface TarMeta {
  readonly path: string
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly xattrs?: Readonly<Record<string, string>>
}

const BLOCK = 512
const TYPE_FLAGS = {
  file: '0',
  hardlink: '1',
  symlink: '2',
  character: '3',
  block: '4',
  directory: '5',
  fifo: '6',
}

/** A POSIX tar file in the order given, every time stamp 0: the same entries give the same bytes. */
export function tarBytes(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  const parts = entries.flatMap(entryParts)
  return concat([...parts, new Uint8Array(2 * BLOCK)])
}

function entryParts(entry: TarEntry): readonly Uint8Array[] {
  const content = entry.kind === 'file' ? bytes(entry.content) : new Uint8Array()
  const target = entry.kind === 'symlink' || entry.kind === 'hardlink' ? entry.target : ''
  const records = [
    ...(bytes(entry.path).length > 100 ? [paxRecord('path', entry.path)] : []),
    ...(bytes(target).length > 100 ? [paxRecord('linkpath', target)] : []),
    ...Object.entries(entry.xattrs ?? {}).map(([name, value]) => paxRecord(`SCHILY.xattr.${name}`, value)),
  ]
  const extended = bytes(records.join(''))
  const pax = extended.length === 0 ? [] : [header('pax', 'x', extended.length, {}), ...padded(extended)]
  const device = entry.kind === 'character' || entry.kind === 'block' ? entry : {}
  const main = header(entry.path, TYPE_FLAGS[entry.kind], content.length, {
    mode: 0o644,
    ...entry,
    ...device,
    target,
  })
  return [...pax, main, ...padded(content)]
}

interface HeaderFields {
  readonly mode?: number
  readonly uid?: number
  readonly gid?: number
  readonly target?: string
  readonly major?: number
  readonly minor?: number
}

function header(path: string, flag: string, size: number, fields: HeaderFields): Uint8Array {
  const block = new Uint8Array(BLOCK)
  const text = (at: number, length: number, value: string): void =>
    block.set(bytes(value).subarray(0, length), at)
  const octal = (at: number, length: number, value: number): void =>
    text(at, length, value.toString(8).padStart(length - 1, '0'))
  text(0, 100, path)
  octal(100, 8, fields.mode ?? 0o644)
  octal(108, 8, fields.uid ?? 0)
  octal(116, 8, fields.gid ?? 0)
  octal(124, 12, size)
  octal(136, 12, 0)
  text(148, 8, '        ')
  text(156, 1, flag)
  text(157, 100, fields.target ?? '')
  text(257, 8, 'ustar\u000000')
  octal(329, 8, fields.major ?? 0)
  octal(337, 8, fields.minor ?? 0)
  octal(
    148,
    7,
    block.reduce((sum, byte) => sum + byte, 0),
  )
  return block
}

/** `<length> key=value\n`, where the length counts its own digits. */
function paxRecord(key: string, value: string): string {
  const rest = bytes(` ${key}=${value}\n`).length
  const guess = rest + String(rest).length
  const length = rest + String(guess).length
  return `${length} ${key}=${value}\n`
}

function padded(content: Uint8Array): readonly Uint8Array[] {
  return [content, new Uint8Array((BLOCK - (content.length % BLOCK)) % BLOCK)]
}

function bytes(value: string | Uint8Array): Uint8Array {
  return typeof value === 'string' ? new TextEncoder().encode(value) : value
}

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}
