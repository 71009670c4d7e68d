import type { CommandResult } from '../../transport/transport.ts'
import { RuntimeFailure } from '../runtime.ts'
import type { Tool } from './tool.ts'

/** A container, as its program tells of it. */
export interface Inspected {
  readonly name: string
  /** What the program keeps of it. */
  readonly folder: string
  /** Where what it writes goes to. */
  readonly upper: string
  /** How often the program has started it again. */
  readonly restarts: number
  /** `created`, `initialized`, `running`, `paused`, `stopping`, `stopped`, `exited`, `removing` ... */
  readonly status: string
  readonly pid: number
  /** Whoever waits for its end; its own process where that is nobody's to tell. */
  readonly monitor: number
  readonly exitCode: number
  readonly oomKilled: boolean
  /** Absent: never. */
  readonly startedAt?: string
  /** Of the last end, also while it runs again. */
  readonly finishedAt?: string
  readonly cgroup: string
}

/** It fails also when one of those that it was asked for is not there, which is an answer. */
export function inspectedOf(
  { name, parseInspected }: Pick<Tool, 'name' | 'parseInspected'>,
  { exitCode, stderr, stdout, timedOut }: CommandResult,
): ReadonlyMap<string, Inspected> {
  const found = parseInspected(stdout)
  const hasAnswered = exitCode === 0 || found.size > 0 || /no such (?:container|object)/i.test(stderr)
  if (hasAnswered && !timedOut) return found
  const why = timedOut ? 'it took too long' : stderr.trim()
  throw new RuntimeFailure('ContainerStatusError', `asking ${name} for its containers: ${why}`)
}

/** Go's zero time stands for none. */
export function goInstant(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.startsWith('0001-')) return undefined
  return Temporal.Instant.from(value).toString()
}
