import type { Transport } from '../../../transport/transport.ts'

/** One line of /proc/self/mountinfo. */
export interface MountEntry {
  readonly id: string
  /** The mount that it is mounted on; the first one's own, or none of the table's. */
  readonly parent: string
  readonly path: string
  readonly type: string
  /** Of the file system, such as a cgroup hierarchy's controllers. */
  readonly options: readonly string[]
  /** Of this mount of it, such as `nosuid`. */
  readonly flags: readonly string[]
}

const MOUNT_TABLE = '/proc/self/mountinfo'

type Lines = ReadonlyMap<string, MountEntry>

/** By machine, the lines of the table before: it is read with every look at a pod, and next to all of it is as it was. */
const known = new Map<string, Lines>()

/** Later ones are mounted on top of earlier ones. */
export async function readMountTable(
  transport: Pick<Transport, 'machine' | 'readFile'>,
): Promise<readonly MountEntry[]> {
  const content = await transport.readFile(MOUNT_TABLE)
  const lines = parseLines(new TextDecoder().decode(content), known.get(transport.machine))
  known.set(transport.machine, lines)
  return [...lines.values()]
}

export function parseMountTable(text: string): readonly MountEntry[] {
  return [...parseLines(text).values()]
}

function parseLines(text: string, before?: Lines): Lines {
  const lines = new Map<string, MountEntry>()
  for (const line of text.split('\n')) {
    const entry = before?.get(line) ?? parseEntry(line)
    if (entry !== undefined) lines.set(line, entry)
  }
  return lines
}

function parseEntry(line: string): MountEntry | undefined {
  const [before = '', after = ''] = line.split(' - ', 2)
  const [id = '', parent = '', , , path, flags = ''] = before.split(' ')
  const [type = '', , options = ''] = after.split(' ')
  if (path === undefined) return undefined
  return { id, parent, path: unescaped(path), type, options: options.split(','), flags: flags.split(',') }
}

/** The kernel writes spaces and the like as three octal digits. */
function unescaped(path: string): string {
  return path.replaceAll(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  )
}

/** By what was mounted over it, or over a folder above it: nobody sees it any more. */
export function isCovered(table: readonly MountEntry[], entry: MountEntry): boolean {
  return (
    table.some(({ parent, path }) => parent === entry.id && path === entry.path) || isPassed(table, entry)
  )
}

/** On the way to it another one is come to first, that it is not mounted on. */
function isPassed(table: readonly MountEntry[], { id, parent, path }: MountEntry): boolean {
  const above = table.find((other) => other.id === parent)
  // The first one may name itself.
  if (above === undefined || above.id === id) return false
  const isOnTheWay = (other: MountEntry): boolean =>
    other.parent === parent && other.id !== id && path.startsWith(`${other.path}/`)
  return table.some(isOnTheWay) || isPassed(table, above)
}

/** The file system that a path is on. */
export function fileSystemOf(table: readonly MountEntry[], path: string): MountEntry | undefined {
  const above = table.filter((entry) => isBelow(path, entry.path))
  const longest = Math.max(...above.map((entry) => entry.path.length))
  return above.findLast((entry) => entry.path.length === longest)
}

/** What is mounted at or below a path, the last mounted first: in the order to unmount it. */
export function mountedBelow(table: readonly MountEntry[], path: string): readonly string[] {
  return table
    .filter((entry) => isBelow(entry.path, path))
    .map((entry) => entry.path)
    .toReversed()
}

function isBelow(path: string, directory: string): boolean {
  return path === directory || directory === '/' || path.startsWith(`${directory}/`)
}
