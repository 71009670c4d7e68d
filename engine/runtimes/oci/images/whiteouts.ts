import type { TarEntry } from './tar.ts'
import { tarBytes } from './tar.ts'

/** How a layer says that something below it is gone: files `.wh.<name>`, and `.wh..wh..opq` for all of a folder. */
export interface Whiteouts {
  /** Paths in the layer, sorted, that hide what lower layers have there. */
  readonly gone: readonly string[]
  /** Folders that hide all that lower layers have in them; the empty path is the layer's own root. */
  readonly opaque: readonly string[]
}

const PREFIX = '.wh.'
const OPAQUE = '.wh..wh..opq'

/** From the printed paths of the layer's whiteout files, each ended by a NUL. */
export function parseWhiteouts(printed: string): Whiteouts {
  const paths = printed
    .split('\0')
    .filter((path) => path !== '')
    .toSorted()
  const opaque = paths.filter((path) => fileName(path) === OPAQUE).map(folder)
  const gone = paths
    .filter((path) => !fileName(path).startsWith('.wh..wh.')) // AUFS' own bookkeeping
    .map((path) => joined(folder(path), fileName(path).slice(PREFIX.length)))
    .filter((path) => !/(^|\/)\.{0,2}$/.test(path))
  return { gone, opaque }
}

export function whiteoutsTar(paths: readonly string[]): Uint8Array {
  return tarBytes(paths.map((path): TarEntry => ({ kind: 'character', path, mode: 0, major: 0, minor: 0 })))
}

function fileName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}

function folder(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf('/'), 0))
}

function joined(parent: string, name: string): string {
  return parent === '' ? name : `${parent}/${name}`
}
