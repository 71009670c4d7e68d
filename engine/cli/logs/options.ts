import type { Timestamp } from '../../api/names.ts'
import { parseDurationMs } from '../duration.ts'
import { type Invocation, usageError } from '../invocation.ts'
import type { World } from '../world.ts'

export interface LogOptions {
  readonly follow: boolean
  readonly previous: boolean
  readonly timestamps: boolean
  readonly prefix: boolean
  readonly allContainers: boolean
  readonly container: string | undefined
  readonly tailLines: number | undefined
  readonly since: Timestamp | undefined
  /** Containers that are followed at the same time. */
  readonly requestsMax: number
}

/** kubectl's, where pods are told by their labels and --tail is not given. */
const TAIL_OF_SELECTED = 10
/** kubectl's is 5: here one more costs an open file and no connection. */
const REQUESTS_MAX = 50

/** Throws a UserError for values that are none. */
export function logOptions(invocation: Invocation, world: World): LogOptions {
  const { command } = invocation
  const container = invocation.text('container')
  const allContainers = invocation.flag('all-containers')
  if (allContainers && container !== undefined)
    throw usageError('-c names one container, and --all-containers means all: give one of them', command)
  return {
    follow: invocation.flag('follow'),
    previous: invocation.flag('previous'),
    timestamps: invocation.flag('timestamps'),
    prefix: invocation.flag('prefix'),
    allContainers,
    container,
    tailLines: tailOf(invocation),
    since: sinceOf(invocation, world),
    requestsMax: requestsOf(invocation),
  }
}

function tailOf(invocation: Invocation): number | undefined {
  const text = invocation.text('tail')
  if (text === undefined) return invocation.text('selector') === undefined ? undefined : TAIL_OF_SELECTED
  if (text === '-1') return undefined
  if (!/^\d{1,15}$/.test(text))
    throw usageError(`--tail takes a number of lines, and was given ${text}`, invocation.command)
  return Number(text)
}

function sinceOf(invocation: Invocation, world: World): Timestamp | undefined {
  const ago = invocation.text('since')
  const time = invocation.text('since-time')
  if (ago !== undefined && time !== undefined)
    throw usageError('--since and --since-time both say from when on: give one of them', invocation.command)
  if (time !== undefined) return instantOf(time, invocation)
  if (ago === undefined) return undefined
  const milliseconds = parseDurationMs(ago)
  if (milliseconds === undefined) {
    throw usageError(
      `--since takes a duration such as 90s, 5m or 1h, and was given ${ago}`,
      invocation.command,
    )
  }
  return world.clock.now().subtract({ milliseconds }).toString()
}

function instantOf(text: string, { command }: Invocation): Timestamp {
  try {
    return Temporal.Instant.from(text).toString()
  } catch {
    throw usageError(`--since-time takes a time such as 2026-01-31T09:00:00Z, and was given ${text}`, command)
  }
}

function requestsOf({ command, text }: Invocation): number {
  const given = text('max-log-requests')
  if (given === undefined) return REQUESTS_MAX
  if (/^[1-9]\d{0,3}$/.test(given)) return Number(given)
  throw usageError(`--max-log-requests takes a number from 1 to 9999, and was given ${given}`, command)
}
