import type { Probe } from '../api/generated/types.ts'
import type { Timestamp } from '../api/names.ts'
import type { ObservedPod, ProbeKey, ProbeKind, ProbeTally } from '../api/snapshot.ts'
import type { PodContext } from './context.ts'
import type { HandlerTarget } from './handlers.ts'

export interface ProbeDue {
  readonly key: ProbeKey
  readonly kind: ProbeKind
  readonly container: string
  readonly attempt: number
  /** With defaults. */
  readonly probe: Probe
  readonly dueAt: Temporal.Instant
  readonly target: HandlerTarget
  readonly timeoutMs: number
}

export interface ProbeResult {
  readonly attempt: number
  readonly at: Timestamp
  readonly succeeded: boolean
  readonly message: string
}

/** The probes that are to run, each with its next instant, which may have passed. */
export function probesOf(_pod: ObservedPod, _context: PodContext): readonly ProbeDue[] {
  throw new Error('not built yet')
}

export function countProbe(_tally: ProbeTally | undefined, _result: ProbeResult): ProbeTally {
  throw new Error('not built yet')
}
