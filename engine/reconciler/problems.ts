import { RuntimeFailure } from '../runtimes/runtime.ts'
import { TransportError } from '../transport/transport.ts'
import type { Problem } from './progress.ts'

/** Whose fault a rejected verb is: the world's, the way to the node, or ours. */
export type Blame = 'world' | 'node' | 'bug'

export function blame(error: unknown): Blame {
  if (error instanceof RuntimeFailure) return 'world'
  return error instanceof TransportError ? 'node' : 'bug'
}

export function problemOf(error: unknown, container: string): Problem {
  if (error instanceof RuntimeFailure) {
    const { reason, message, summary, certain } = error
    return { container, reason, message, ...(summary === message ? {} : { summary }), certain }
  }
  const reason = error instanceof TransportError ? 'NodeNotReachable' : 'InternalError'
  return { container, reason, message: messageOf(error), certain: false }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

export function stackOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}
