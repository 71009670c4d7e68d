import { RuntimeFailure } from '../runtimes/runtime.ts'
import { TransportError } from '../transport/transport.ts'
import type { Problem } from './progress.ts'

/** Whose fault a rejected verb is: the world's, the way to the node, or ours. */
export type Blame = 'world' | 'node' | 'bug'

export function blame(error: unknown): Blame {
  if (error instanceof RuntimeFailure || isOfSystem(error)) return 'world'
  return error instanceof TransportError ? 'node' : 'bug'
}

/** What the system refuses, such as a write to a full disk, is no bug of ours, and the node is there. */
function isOfSystem(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error && 'code' in error
}

export function isNotFound(error: unknown): boolean {
  return error instanceof RuntimeFailure && error.reason === 'NotFound'
}

export function problemOf(error: unknown, container: string): Problem {
  if (error instanceof RuntimeFailure) {
    const { reason, message, summary, certain } = error
    return { container, reason, message, ...(summary === message ? {} : { summary }), certain }
  }
  if (isOfSystem(error)) {
    const advice = error.code === 'ENOSPC' ? '; the disk is full: free some space' : ''
    return { container, reason: 'NodeFileError', message: `${error.message}${advice}`, certain: false }
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
