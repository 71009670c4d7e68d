import { lstatSync, readFileSync, readlinkSync } from 'node:fs'
import { isAbsolute } from 'node:path'
import { runCommand } from './localCommands.ts'

const LINKS_MAX = 40
const FILE_BYTES_MAX = 1024 * 1024

/** Follows links as a container of these layers would, from its own root, so that none leads to a file of the host's. */
export async function readOverlaid(layers: readonly string[], path: string): Promise<string | undefined> {
  const topFirst = layers.toReversed()
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
    const found = await lookUp(topFirst, [...at, part])
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
async function lookUp(topFirst: readonly string[], names: readonly string[]): Promise<Found | undefined> {
  for (const [index, layer] of topFirst.entries()) {
    const path = `${layer}/${names.join('/')}`
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status === undefined) {
      if (index === topFirst.length - 1 || (await isHidden(layer, names))) return undefined
      continue
    }
    // A whiteout: deleted in this layer.
    if (status.isCharacterDevice()) return status.rdev === 0 ? undefined : { path, file: false, size: 0 }
    if (status.isSymbolicLink()) return { path, link: readlinkSync(path), file: false, size: 0 }
    return { path, file: status.isFile(), size: status.size }
  }
  return undefined
}

/** A parent was deleted in this layer, or made anew, so what lower layers have of it does not count. */
async function isHidden(layer: string, names: readonly string[]): Promise<boolean> {
  const directories: string[] = []
  for (const index of names.slice(0, -1).keys()) {
    const path = `${layer}/${names.slice(0, index + 1).join('/')}`
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status === undefined) break
    if (!status.isDirectory()) return true
    directories.push(path)
  }
  return directories.length > 0 && (await isAnyOpaque(directories))
}

/** Node cannot read extended attributes. A directory without this one is an error, of which only the exit status tells. */
async function isAnyOpaque(directories: readonly string[]): Promise<boolean> {
  const name = 'trusted.overlay.opaque'
  const argv = ['getfattr', '--absolute-names', '--only-values', '-n', name, '--', ...directories] as const
  return (await runCommand({ argv })).stdout.includes('y')
}
