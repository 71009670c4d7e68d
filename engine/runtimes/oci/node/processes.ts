import type { Transport } from '../../../transport/transport.ts'

export interface ProcessState {
  /** When it began, in clock ticks since the boot: tells it from a later one with the same number. */
  readonly ticks: string
  /** The kernel's letter: `S` sleeps, `T` was stopped, `Z` has ended ... */
  readonly state: string
  readonly parent: number
}

/** Of these, those that run. */
export async function readProcesses(
  transport: Transport,
  pids: readonly number[],
): Promise<ReadonlyMap<number, ProcessState>> {
  const files = await transport.readFiles(pids.map(statFile))
  return new Map(
    pids.flatMap((pid): [number, ProcessState][] => {
      const found = parseProcess(files.get(statFile(pid)) ?? '')
      return found === undefined ? [] : [[pid, found]]
    }),
  )
}

function statFile(pid: number): string {
  return `/proc/${pid}/stat`
}

/** proc(5): the name in brackets may hold anything; the state follows it, and the start is the twentieth from there. */
export function parseProcess(text: string): ProcessState | undefined {
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const [state = '', parent = ''] = fields
  const ticks = fields[19]
  if (ticks === undefined || state === 'Z' || state === 'X') return undefined
  return { ticks, state, parent: Number(parent) }
}

/** Not `t`: that one is being traced by somebody. */
export function isStopped({ state }: ProcessState): boolean {
  return state === 'T'
}

/** By number: when each began. */
export function startsOf(processes: ReadonlyMap<number, ProcessState>): ReadonlyMap<number, string> {
  return new Map([...processes].map(([pid, { ticks }]) => [pid, ticks]))
}

export async function allProcesses(transport: Transport): Promise<readonly number[]> {
  return (await transport.listDirectory('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
}

/** Of these, those that run, with the words that they were started with. */
export async function readArgvs(
  transport: Transport,
  pids: readonly number[],
): Promise<ReadonlyMap<number, readonly string[]>> {
  const files = await transport.readFiles(pids.map(argvFile))
  return new Map(
    pids.flatMap((pid): [number, readonly string[]][] => {
      const text = files.get(argvFile(pid))
      return text === undefined ? [] : [[pid, text.split('\0')]]
    }),
  )
}

function argvFile(pid: number): string {
  return `/proc/${pid}/cmdline`
}

/** These and all that they have begun, as the table of processes stands now. */
export async function descendantsOf(
  transport: Transport,
  roots: readonly number[],
): Promise<readonly number[]> {
  const processes = await readProcesses(transport, await allProcesses(transport))
  const found = new Set(roots)
  for (let size = 0; size !== found.size; ) {
    size = found.size
    for (const [pid, { parent }] of processes) if (found.has(parent)) found.add(pid)
  }
  return [...found]
}
