import type { Cluster } from '../api/generated/types.ts'
import type { Desired } from '../api/snapshot.ts'
import type { Diagnostic } from '../manifests/diagnostics.ts'
import { createManifestReader } from '../manifests/reader.ts'
import type { Revision, SourceProblem } from '../source/source.ts'

/** What a commit's files ask for, or all that is wrong with them. */
export type Reading =
  | {
      readonly kind: 'valid'
      readonly desired: Desired
      readonly files: number
      readonly warnings: readonly Diagnostic[]
    }
  | {
      readonly kind: 'invalid'
      readonly errors: readonly Diagnostic[]
      readonly warnings: readonly Diagnostic[]
    }

/** Judges one revision after the other. What two in a row have in common is read once; nothing older is kept. */
export interface DesiredReader {
  read(revision: Revision, mode: 'commit' | 'files'): Reading
}

export function createDesiredReader(): DesiredReader {
  const reader = createManifestReader()
  return {
    read({ commit, files, problems }, mode) {
      const result = reader.read(files, { mode })
      // What the source could not read counts as much as what is wrong in a file.
      const found = problems.map(diagnosticOf)
      const errors = found.filter((each) => each.severity === 'error')
      const warnings = [...found.filter((each) => each.severity === 'warning'), ...result.warnings]
      if (result.kind === 'invalid') return { ...result, errors: [...errors, ...result.errors], warnings }
      if (errors.length > 0) return { kind: 'invalid', errors, warnings }
      const { cluster, nodes, objects } = result
      return { kind: 'valid', desired: { commit, cluster, nodes, objects }, files: files.length, warnings }
    },
  }
}

/** What a commit asks for that has no manifest at all, of a root that is a cluster's already: nothing. It names none, so it is that cluster's. */
export function nothingDesired(commit: string, clusterName: string): Desired {
  const cluster: Cluster = {
    apiVersion: 'reconcile.dev/v1',
    kind: 'Cluster',
    metadata: { name: clusterName },
  }
  return { commit, cluster, nodes: [], objects: new Map<never, never>() }
}

function diagnosticOf(problem: SourceProblem): Diagnostic {
  const { path, severity, message } = problem
  return { file: path, line: 1, column: 1, severity, message }
}
