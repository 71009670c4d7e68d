import { parseDurationMs } from './duration.ts'
import { type Invocation, usageError } from './invocation.ts'

const TIMEOUT_MS = 300_000

/** `--timeout`, or five minutes. */
export function timeoutOf(invocation: Invocation): number {
  const text = invocation.text('timeout')
  if (text === undefined) return TIMEOUT_MS
  const timeoutMs = parseDurationMs(text)
  if (timeoutMs === undefined || timeoutMs === 0) {
    throw usageError(
      `--timeout takes a duration such as 90s, 5m or 1h, and was given ${text}`,
      invocation.command,
    )
  }
  return timeoutMs
}
