import { realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, normalize, resolve } from 'node:path'
import { git, gitFailure, type GitOptions } from './git.ts'
import { SourceError } from './source.ts'

/** What a local path turned out to be. */
export type Place =
  | { readonly kind: 'directory'; readonly root: string; readonly folder: string }
  | {
      readonly kind: 'repository'
      /** Where Git is run: the top of the working directory, or the bare repository. */
      readonly root: string
      readonly folder: string
      readonly bare: boolean
      /** The commit that was checked out when the place was looked at. Absent where there is none that can be read. */
      readonly head?: string
    }

export async function locate(repo: string, path: string | undefined, options: GitOptions): Promise<Place> {
  const given = resolve(options.cwd, repo)
  const real = realPathOf(given, repo)
  if (!statSync(real).isDirectory()) {
    throw new SourceError(
      `opening the repository ${repo}: it is a file; give a folder, or use reconcile validate ${repo}`,
    )
  }
  const inside = insideFolder(path ?? '')
  const args = ['--is-bare-repository', '--is-inside-git-dir', '--absolute-git-dir', '--show-prefix']
  const result = await git(['rev-parse', ...args, 'HEAD^{commit}'], { ...options, cwd: real })
  const [bare, insideGit, gitDirectory, prefix = '', commit = ''] = result.stdout.toString('utf8').split('\n')
  // What was asked before the commit is answered also where there is no commit yet.
  if (gitDirectory === undefined) {
    if (!/not a git repository/.test(result.stderr)) {
      throw gitFailure(`opening the repository ${repo}`, result, real)
    }
    return { kind: 'directory', root: real, folder: inside }
  }
  const head = result.exitCode === 0 ? { head: commit } : {}
  if (bare === 'true' || insideGit === 'true') {
    return { kind: 'repository', root: gitDirectory, folder: inside, bare: true, ...head }
  }
  const root = prefix === '' ? real : real.slice(0, real.length - prefix.length)
  return { kind: 'repository', root, folder: insideFolder(join(prefix, inside)), bare: false, ...head }
}

/** Synchronous, so that Git has begun before the caller does other things. */
function realPathOf(given: string, repo: string): string {
  try {
    return realpathSync(given)
  } catch (cause) {
    const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    const why = missing
      ? 'there is no such directory'
      : cause instanceof Error
        ? cause.message
        : String(cause)
    throw new SourceError(`opening the repository ${repo}: ${why}`, { cause })
  }
}

/** `--path` from the root of the repository, without `.`, `..` and slashes at the ends; empty for all of it. */
export function insideFolder(path: string): string {
  const plain = normalize(path === '' ? '.' : path).replace(/\/+$/, '')
  if (isAbsolute(path) || plain === '..' || plain.startsWith('../')) {
    throw new SourceError(
      `--path ${path} leads out of the repository: give a folder inside it, such as apps/web`,
    )
  }
  return plain === '.' ? '' : plain
}
