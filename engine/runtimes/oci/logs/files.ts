import type { FileState, Transport } from '../../../transport/transport.ts'

/*
 * What conmon writes to is called `log`. When that is full, or when it is asked to, conmon opens `log.tmp`, emptying it, and renames it to
 * `log`: what was `log` before is gone, unless it has another name. So each file has a number of its own beside, and `log.tmp` is made
 * beforehand with the next number. Whoever begins the next file, and whenever, nothing is lost and nothing is copied.
 *
 *   log = log.000007   log.000006 ...   log.tmp = log.000008, empty
 */

export const CURRENT = 'log'
export const NEXT = 'log.tmp'

export interface LogFile {
  readonly name: string
  /** Absent: nobody has given it one yet. */
  readonly number?: number
  readonly id: string
  readonly bytes: number
  readonly modifiedMs: number
}

/** Where one attempt's log is. */
export interface LogFolder {
  readonly directory: string
  /** The name of what is written to. */
  readonly current: string
  readonly look: (transport: Transport) => Promise<AttemptLog>
}

export function attemptFolder(directory: string): LogFolder {
  return { directory, current: CURRENT, look: async (transport) => await attemptLog(transport, directory) }
}

/** The log of one attempt, as it is on the disk. */
export interface AttemptLog {
  /** Complete, the oldest first. */
  readonly older: readonly LogFile[]
  /** Written to by conmon, while it runs. Absent: it has not begun yet. */
  readonly current?: LogFile
  /** Empty, and the next to be written to. Without a number, it is conmon's own, or somebody has taken its number away. */
  readonly next?: LogFile
}

export function numberedName(number: number): string {
  return `log.${String(number).padStart(6, '0')}`
}

function numberOf(name: string): number | undefined {
  const digits = /^log\.([0-9]{6,15})$/.exec(name)?.[1]
  return digits === undefined ? undefined : Number(digits)
}

/**
 * In this order: what conmon takes from `log.tmp` to `log` meanwhile is seen at both places, or at one of them. Seen at none, it would be
 * taken for one that nobody needs.
 */
export async function attemptLog(transport: Transport, directory: string): Promise<AttemptLog> {
  const numbered = (await transport.listDirectory(directory)).filter((name) => numberOf(name) !== undefined)
  const names = [NEXT, CURRENT, ...numbered]
  const states = await transport.fileStates(names.map((name) => `${directory}/${name}`))
  return sortedLog(
    new Map(
      names.flatMap((name) => {
        const state = states.get(`${directory}/${name}`)
        return state === undefined ? [] : [[name, state]]
      }),
    ),
  )
}

export function sortedLog(states: ReadonlyMap<string, FileState>): AttemptLog {
  const log = states.get(CURRENT)
  const next = states.get(NEXT)
  const numbered = [...states].flatMap(([name, state]) => {
    const number = numberOf(name)
    return number === undefined ? [] : [{ ...fileOf(name, state), number }]
  })
  const known = numbered.find(({ id }) => id === log?.id)
  const current = known ?? (log === undefined ? undefined : fileOf(CURRENT, log))
  const prepared =
    next === undefined || next.id === log?.id
      ? undefined
      : (numbered.find(({ id }) => id === next.id) ?? fileOf(NEXT, next))
  const older = numbered.filter(({ id }) => id !== current?.id && id !== prepared?.id)
  return {
    older: older.toSorted((a, b) => a.number - b.number),
    ...(current === undefined ? {} : { current }),
    ...(prepared === undefined ? {} : { next: prepared }),
  }
}

function fileOf(name: string, { id, modifiedMs, sizeBytes: bytes }: FileState): LogFile {
  return { name, id, bytes, modifiedMs }
}

/** What there is to read, the oldest first. */
export function written({ current, older }: AttemptLog): readonly LogFile[] {
  return [...older, ...(current === undefined ? [] : [current])].filter(({ bytes }) => bytes > 0)
}
