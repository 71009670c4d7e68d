import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { isAbsolute } from 'node:path'

const LINKS_MAX = 40
const FILE_BYTES_MAX = 1024 * 1024

/** Follows links as a container of these layers would, from its own root, so that none leads to a file of the host's. */
export async function readOverlaid(layers: readonly string[], path: string): Promise<string | undefined> {
  return readFrom(layers.toReversed(), path)
}

function readFrom(topFirst: readonly string[], path: string): string | undefined {
  let rest = parts(path)
  let at: readonly string[] = []
  let links = 0
  while (rest.length > 0) {
    const [part = '', ...following] = rest
    rest = following
    if (part === '..') {
      at = at.slice(0, -1)
      continue
    }
    const found = lookUp(topFirst, [...at, part])
    if (found === undefined) return undefined
    if (found.link !== undefined) {
      links += 1
      if (links > LINKS_MAX) return undefined
      if (isAbsolute(found.link)) at = []
      rest = [...parts(found.link), ...rest]
    } else if (rest.length === 0) {
      return found.file && found.size <= FILE_BYTES_MAX ? readFileSync(found.path, 'utf8') : undefined
    } else at = [...at, part]
  }
  return undefined
}

function parts(path: string): readonly string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.')
}

interface Found {
  readonly path: string
  readonly link?: string
  readonly file: boolean
  readonly size: number
}

/** The topmost layer that has it. The parents are no links: they have been looked up before. */
function lookUp(topFirst: readonly string[], names: readonly string[]): Found | undefined {
  for (const layer of topFirst) {
    const path = `${layer}/${names.join('/')}`
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status === undefined) {
      if (isHidden(layer, names)) return undefined
      continue
    }
    // A whiteout: deleted in this layer.
    if (status.isCharacterDevice()) return status.rdev === 0 ? undefined : { path, file: false, size: 0 }
    if (status.isSymbolicLink()) return { path, link: readlinkSync(path), file: false, size: 0 }
    return { path, file: status.isFile(), size: status.size }
  }
  return undefined
}

/** A parent was deleted in this layer, so what lower layers have of it does not count. */
function isHidden(layer: string, names: readonly string[]): boolean {
  return names.slice(0, -1).some((_, index) => {
    const status = lstatSync(`${layer}/${names.slice(0, index + 1).join('/')}`, { throwIfNoEntry: false })
    return status !== undefined && !status.isDirectory()
  })
}
