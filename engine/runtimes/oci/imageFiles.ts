import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import type { Accounts } from './spec/user.ts'

const LINKS_MAX = 40
const FILE_BYTES_MAX = 1024 * 1024

/** From an image's layers as they lie on the node, without mounting them. */
export function readAccounts(layerDirs: readonly string[]): Accounts {
  const topFirst = layerDirs.toReversed()
  return { passwd: readInImage(topFirst, '/etc/passwd'), group: readInImage(topFirst, '/etc/group') }
}

/**
 * Follows links as the container itself would, from the image's own root, so that none leads to a file of the host's.
 * Empty where there is no such file.
 */
function readInImage(topFirst: readonly string[], path: string): string {
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
    if (found === undefined) return ''
    if (found.link !== undefined) {
      links += 1
      if (links > LINKS_MAX) return ''
      if (isAbsolute(found.link)) at = []
      rest = [...parts(found.link), ...rest]
    } else if (rest.length === 0) {
      return found.file && found.size <= FILE_BYTES_MAX ? readFileSync(found.path, 'utf8') : ''
    } else at = [...at, part]
  }
  return ''
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
