import type { GitOptions } from './git.ts'
import { isBelow, isManifestName } from './names.ts'
import { isIgnoreFile, selectManifests } from './revision.ts'
import { SourceError, type Revision } from './source.ts'
import { listTree, readBlobs, type TreeEntry } from './tree.ts'

export interface CommitReader {
  read(commit: string, signal: AbortSignal | undefined): Promise<Revision>
}

/** Reads commits of one repository. Contents are kept by blob id: another commit costs what changed in it. */
export function createCommitReader(folder: string, options: GitOptions): CommitReader {
  let kept: ReadonlyMap<string, Uint8Array> = new Map()
  return {
    async read(commit, signal) {
      const git = { ...options, signal }
      const tree = await listTree(commit, git)
      assertFolder(tree, folder, commit)
      // One call for the ignore files and one for the manifests: what is ignored need not be read, it may be large.
      const ignoreEntries = tree.filter((entry) => isIgnoreFile(entry))
      const ignoreFiles = await readEntries(ignoreEntries, kept, git)
      const { manifests, problems } = selectManifests(
        tree,
        folder,
        ignoreFiles.map((file) => ({ path: file.path, content: Buffer.from(file.content).toString('utf8') })),
      )
      const files = await readEntries(manifests, kept, git)
      kept = new Map([...ignoreFiles, ...files].map((file) => [file.blob, file.content]))
      return { commit, files, problems }
    },
  }
}

async function readEntries(
  entries: readonly TreeEntry[],
  kept: ReadonlyMap<string, Uint8Array>,
  options: GitOptions,
): Promise<readonly { readonly path: string; readonly blob: string; readonly content: Uint8Array }[]> {
  const wanted = new Set(entries.map((entry) => entry.blob).filter((blob) => !kept.has(blob)))
  const read = await readBlobs([...wanted], options)
  return entries.map(({ path, blob }) => {
    const content = read.get(blob) ?? kept.get(blob)
    if (content === undefined) throw new Error(`blob ${blob} of ${path} was read and is not there`)
    return { path, blob, content }
  })
}

function assertFolder(tree: readonly TreeEntry[], folder: string, commit: string): void {
  if (folder === '' || tree.some((entry) => isBelow(entry.path, folder) && entry.path !== folder)) return
  const short = commit.slice(0, 12)
  const same = tree.find((entry) => entry.path === folder)
  if (same !== undefined) {
    throw new SourceError(
      same.kind === 'submodule'
        ? `${folder} is a submodule in commit ${short} and is not read: apply its repository by itself`
        : `${folder} is not a folder in commit ${short}: give the folder that it lies in`,
      { folderGone: true },
    )
  }
  throw new SourceError(`commit ${short} has no folder ${folder}`, {
    asked: { name: folder, candidates: foldersWithManifests(tree) },
    folderGone: true,
  })
}

function foldersWithManifests(tree: readonly TreeEntry[]): readonly string[] {
  const folders = tree
    .filter((entry) => isManifestName(entry.path) && entry.path.includes('/'))
    .map((entry) => entry.path.slice(0, entry.path.lastIndexOf('/')))
  return [...new Set(folders)]
}
