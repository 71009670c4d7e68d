import type { Desired } from '../api/snapshot.ts'
import type { HeldCommit, Rollback } from '../api/sync.ts'
import type { Diagnostic } from '../manifests/diagnostics.ts'
import type { SourceError } from '../source/source.ts'
import type { Refusal } from './syncState.ts'

/** How the branch's commit stands, after a look at the repository. */
export type Standing =
  | { readonly kind: 'inForce'; readonly desired: Desired; readonly warnings: readonly Diagnostic[] }
  | {
      readonly kind: 'invalid'
      readonly commit: string
      readonly errors: readonly Diagnostic[]
      readonly warnings: readonly Diagnostic[]
    }
  /** The root cannot be its: another's, or nodes that cannot be driven. */
  | { readonly kind: 'refused'; readonly commit: string; readonly message: string }
  /** It will be tried again. */
  | { readonly kind: 'notReady'; readonly commit: string; readonly error: unknown }
  | { readonly kind: 'held'; readonly held: HeldCommit }
  | { readonly kind: 'rolledBack'; readonly rollback: Rollback }
  | { readonly kind: 'unreadable'; readonly error: SourceError }

/** A commit that could be put in force. */
export interface Candidate {
  readonly desired: Desired
  readonly warnings: readonly Diagnostic[]
  /** The folder that is followed is not in it: it asks for nothing, by the Cluster in force. */
  readonly pathGone?: true
}

export type Refused = Extract<Standing, { readonly kind: 'invalid' | 'refused' }>

export function refusalOf(standing: Refused): Omit<Refusal, 'at'> {
  const { commit } = standing
  return standing.kind === 'invalid'
    ? { commit, reason: 'invalid', message: 'its manifests are not valid', errors: standing.errors }
    : { commit, reason: 'configuration', message: standing.message, errors: [] }
}
