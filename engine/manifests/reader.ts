import { type ManifestsResult, readCommit, type ReadOptions } from './commit.ts'
import { type ReadFile, readFile } from './file.ts'

export interface ManifestFile {
  /** From the repository's root, with `/` between. */
  readonly path: string
  /** Git's id of the content: what was read of the same id before is used again. */
  readonly blob?: string
  readonly content: Uint8Array
}

export interface ManifestReader {
  /** All files of a commit: the objects that it asks for, or everything that is wrong with it. */
  read(files: readonly ManifestFile[], options: ReadOptions): ManifestsResult
}

/** Keeps what it read of the last commit, so that the next one costs what changed in it. */
export function createManifestReader(): ManifestReader {
  let known: ReadonlyMap<string, ReadFile> = new Map()
  return {
    read(files, options) {
      const used = new Map<string, ReadFile>()
      const read = files.map(({ path, blob, content }) => {
        const file =
          (blob === undefined ? undefined : (known.get(blob) ?? used.get(blob))) ?? readFile(content)
        if (blob !== undefined) used.set(blob, file)
        return { path, read: file }
      })
      known = used
      return readCommit(read, options)
    },
  }
}
