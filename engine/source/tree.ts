import { git, gitFailure, gitOrThrow, type GitOptions } from './git.ts'
import { SourceError } from './source.ts'

/** What a commit's tree holds at one path. */
export interface TreeEntry {
  readonly path: string
  readonly kind: 'file' | 'link' | 'submodule'
  readonly blob: string
  readonly bytes: number
}

/** Every entry of the commit, in folders too. `ls-tree` reads objects only: nothing is checked out. */
export async function listTree(commit: string, options: GitOptions): Promise<readonly TreeEntry[]> {
  const output = await gitOrThrow(
    `reading the files of commit ${commit.slice(0, 12)}`,
    ['ls-tree', '-r', '-z', '--full-tree', '--long', commit],
    options,
  )
  return output
    .toString('utf8')
    .split('\u0000')
    .filter((line) => line !== '')
    .map(parseTreeLine)
}

/** `100644 blob 1f7a7a47 123\tpath`; a size of `-` for what is not a blob. */
export function parseTreeLine(line: string): TreeEntry {
  const tab = line.indexOf('\t')
  const [mode = '', , blob = '', size = ''] = line.slice(0, tab).split(/ +/)
  const kind = mode === '120000' ? 'link' : mode === '160000' ? 'submodule' : 'file'
  return { path: line.slice(tab + 1), kind, blob, bytes: Number(size) || 0 }
}

/** The contents of blobs, by id, from one `cat-file --batch`. */
export async function readBlobs(
  blobs: readonly string[],
  options: GitOptions,
): Promise<ReadonlyMap<string, Uint8Array>> {
  if (blobs.length === 0) return new Map()
  const doing = `reading ${blobs.length} files from git`
  const result = await git(['cat-file', '--batch'], { ...options, stdin: `${blobs.join('\n')}\n` })
  const found = parseBatch(result.stdout)
  const missing = blobs.find((blob) => !found.has(blob))
  if (missing === undefined && result.exitCode === 0) return found
  if (result.exitCode !== 0)
    throw gitFailure(`${doing} (is the repository damaged? git fsck tells)`, result, options.cwd)
  throw new SourceError(
    `${doing}: object ${missing} is missing in ${options.cwd}; git fsck tells what else is`,
  )
}

/** `<id> blob <size>\n<content>\n`, again and again; `<id> missing\n` for what is not there. */
export function parseBatch(output: Buffer): Map<string, Uint8Array> {
  const blobs = new Map<string, Uint8Array>()
  let at = 0
  while (at < output.length) {
    const end = output.indexOf(0x0a, at)
    if (end === -1) break
    const [id = '', kind, size = ''] = output.toString('latin1', at, end).split(' ')
    at = end + 1
    if (kind !== 'blob') continue
    const bytes = Number(size)
    if (at + bytes > output.length) break
    blobs.set(id, output.subarray(at, at + bytes))
    at += bytes + 1
  }
  return blobs
}

/** What names a commit: a branch before a tag before a commit's id, as most people mean it. */
export async function resolveCommit(
  asked: string | undefined,
  options: GitOptions,
): Promise<string | undefined> {
  const names = asked === undefined ? ['HEAD'] : candidatesFor(asked)
  const stdin = names.map((name) => `${name}^{commit}\n`).join('')
  const result = await git(['cat-file', '--batch-check=%(objectname)'], { ...options, stdin })
  if (result.exitCode !== 0) throw gitFailure('looking for the commit', result, options.cwd)
  return result.stdout
    .toString('utf8')
    .split('\n')
    .find((line) => /^[0-9a-f]{40,64}$/.test(line))
}

function candidatesFor(asked: string): readonly string[] {
  if (!isPlainRefName(asked)) return []
  const refs = [`refs/heads/${asked}`, `refs/tags/${asked}`, `refs/remotes/origin/${asked}`]
  if (asked.startsWith('refs/')) refs.push(asked)
  // Git would also take a describe-like name (`v1-2-gabc`) here: only hexadecimal digits are a commit's id.
  return /^[0-9a-f]{7,64}$/.test(asked) ? [...refs, asked] : refs
}

/** Git's revision syntax (`HEAD~1`, `a..b`, `@{u}`) is not for a name that has to mean the same thing tomorrow. */
export function isPlainRefName(name: string): boolean {
  return name !== '' && !/[\s~^:?*[\\\u0000-\u001f\u007f]|\.\.|@\{|^[-/]|\/$|\.lock$/.test(name)
}

export async function refNames(options: GitOptions): Promise<readonly string[]> {
  const output = await gitOrThrow(
    'listing the branches',
    ['for-each-ref', '--format=%(refname:lstrip=2)', 'refs/heads', 'refs/tags'],
    options,
  )
  return output
    .toString('utf8')
    .split('\n')
    .filter((name) => name !== '')
}

export async function hasCommit(commit: string, options: GitOptions): Promise<boolean> {
  if (!/^[0-9a-f]{40,64}$/.test(commit)) return false
  const result = await git(['cat-file', '-e', `${commit}^{commit}`], options)
  return result.exitCode === 0
}

/** Of a worktree the checked-out branch stands beside it, and the branches themselves in the repository that it is of. */
export async function watchedFiles(options: GitOptions): Promise<readonly string[]> {
  const output = await gitOrThrow(
    'looking for where the branches are kept',
    ['rev-parse', '--path-format=absolute', '--absolute-git-dir', '--git-common-dir'],
    options,
  )
  const [own = options.cwd, common = own] = output.toString('utf8').split('\n')
  return [
    `${own}/HEAD`,
    `${common}/packed-refs`,
    `${common}/refs/heads`,
    `${common}/refs/tags`,
    `${common}/reftable`,
  ]
}
