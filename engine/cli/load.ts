import type { Desired } from '../api/snapshot.ts'
import { createDesiredReader } from '../daemon/desired.ts'
import type { Diagnostic } from '../manifests/diagnostics.ts'
import { openSource } from '../source/open.ts'
import { redactUrls } from '../source/redact.ts'
import type { Revision, Source } from '../source/source.ts'
import { createFetchReport } from './fetchProgress.ts'
import type { Invocation } from './invocation.ts'
import { mirrorsFolder } from './place.ts'
import type { World } from './world.ts'

/** A commit's manifests, read and judged. */
export type Loaded =
  | {
      readonly kind: 'valid'
      readonly source: Source
      readonly desired: Desired
      readonly files: number
      readonly warnings: readonly Diagnostic[]
      /** The folder that is read is not in the commit, so nothing is asked for. */
      readonly pathGone?: true
    }
  | {
      readonly kind: 'invalid'
      readonly errors: readonly Diagnostic[]
      readonly warnings: readonly Diagnostic[]
    }

export interface LoadOptions {
  readonly repo: string
  readonly branch?: string | undefined
  readonly path?: string | undefined
  /** Whether a remote repository is asked for news. */
  readonly fetch?: boolean
  readonly mirrors: string
  readonly logFormat?: 'json' | 'text'
}

/** What the command line says about the repository. */
export function sourceOptions(invocation: Invocation, world: World): LoadOptions {
  return {
    repo: invocation.text('repo') ?? '.',
    branch: invocation.text('branch'),
    path: invocation.text('path'),
    mirrors: mirrorsFolder(invocation, world),
    logFormat: invocation.text('log-format') === 'json' ? 'json' : 'text',
  }
}

export async function openRepository(options: LoadOptions, world: World): Promise<Source> {
  const { repo, branch, path, mirrors, fetch, logFormat = 'text' } = options
  const report = createFetchReport(redactUrls(repo), logFormat, world)
  using _end = { [Symbol.dispose]: () => report.end() }
  return await openSource(
    {
      repo,
      onFetch: (progress) => report.tell(progress),
      ...(branch === undefined ? {} : { branch }),
      ...(path === undefined ? {} : { path }),
      ...(fetch === undefined ? {} : { fetch }),
      mirrors,
      allowUncommitted: true,
      cwd: world.cwd,
      environment: world.environment,
    },
    world.signal,
  )
}

/** Rejects with a SourceError when there is nothing to read; wrong manifests are a result. */
export async function loadCommit(options: LoadOptions, world: World): Promise<Loaded> {
  const source = await openRepository(options, world)
  const revision = await source.read(world.signal)
  return judge(source, revision, 'commit')
}

export function judge(source: Source, revision: Revision, mode: 'commit' | 'files'): Loaded {
  const reading = createDesiredReader().read(revision, mode)
  return reading.kind === 'valid' ? { ...reading, source } : reading
}
