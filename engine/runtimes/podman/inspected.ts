import type { CommandResult } from '../../transport/transport.ts'
import { RuntimeFailure } from '../runtime.ts'
import { isObject, parseJson } from '../oci/json.ts'

/** A podman container, as `inspectArgs` prints it. */
export interface Inspected {
  readonly name: string
  /** What podman keeps of it. */
  readonly folder: string
  /** Where what it writes goes to. */
  readonly upper: string
  /** How often podman has started it again. */
  readonly restarts: number
  /** `created`, `initialized`, `running`, `paused`, `stopping`, `stopped`, `exited`, `removing` ... */
  readonly status: string
  readonly pid: number
  readonly monitor: number
  readonly exitCode: number
  readonly oomKilled: boolean
  /** Absent: never. */
  readonly startedAt?: string
  /** Of the last end, also while it runs again. */
  readonly finishedAt?: string
  readonly cgroup: string
}

/** podman fails also when one of those that it was asked for is not there, which is an answer. */
export function inspectedOf({
  exitCode,
  stderr,
  stdout,
  timedOut,
}: CommandResult): ReadonlyMap<string, Inspected> {
  const found = parseInspected(stdout)
  const hasAnswered = exitCode === 0 || found.size > 0 || /no such (?:container|object)/.test(stderr)
  if (hasAnswered && !timedOut) return found
  const why = timedOut ? 'it took too long' : stderr.trim()
  throw new RuntimeFailure('PodmanError', `asking podman for its containers: ${why}`)
}

export function parseInspected(stdout: string): ReadonlyMap<string, Inspected> {
  const all = stdout.split('\n').flatMap((line) => parseLine(line) ?? [])
  return new Map(all.map((one) => [one.name, one]))
}

function parseLine(line: string): Inspected | undefined {
  const [, name, folder, upper = '', restarts, text] =
    /^"([^"]+)" "([^"]+)" "([^"]*)" (\d+) (\{.*\})$/.exec(line) ?? []
  const state = parseJson(text ?? '')
  if (name === undefined || folder === undefined || !isObject(state)) return undefined
  const startedAt = instantOf(state['StartedAt'])
  const finishedAt = instantOf(state['FinishedAt'])
  return {
    name,
    folder,
    upper,
    restarts: Number(restarts),
    status: String(state['Status']),
    pid: Number(state['Pid'] ?? 0),
    monitor: Number(state['ConmonPid'] ?? 0),
    exitCode: Number(state['ExitCode']),
    oomKilled: state['OOMKilled'] === true,
    ...(startedAt !== undefined && { startedAt }),
    ...(finishedAt !== undefined && { finishedAt }),
    cgroup: typeof state['CgroupPath'] === 'string' ? state['CgroupPath'] : '',
  }
}

/** Go's zero time stands for none. */
function instantOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.startsWith('0001-')) return undefined
  return Temporal.Instant.from(value).toString()
}
