import { parseDurationMs } from './duration.ts'
import { type Invocation, usageError } from './invocation.ts'

/** `--timeout`, or the command's own limit. */
export function timeoutOf(invocation: Invocation, otherwise: number): number {
  const text = invocation.text('timeout')
  if (text === undefined) return otherwise
  const timeoutMs = parseDurationMs(text)
  if (timeoutMs === undefined || timeoutMs === 0) {
    throw usageError(
      `--timeout takes a duration such as 90s, 5m or 1h, and was given ${text}`,
      invocation.command,
    )
  }
  return timeoutMs
}
