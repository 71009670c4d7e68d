import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { isCode } from './localFiles.ts'
import type { Command, CommandResult } from './transport.ts'

const { O_DIRECTORY, O_NOFOLLOW, O_RDONLY } = constants
/** From <fcntl.h>, the same on every Linux architecture that Node runs on; Node has no name for it. */
const O_PATH = 0o10000000

type Run = (command: Command, signal?: AbortSignal) => Promise<CommandResult>

/**
 * A container that shares the volume can change it at any moment, so a path that was looked at says nothing about the
 * path that is mounted. The links are resolved first; then each part is opened from its parent's descriptor without
 * following links, and that descriptor is what is mounted (as the kubelet does it, pkg/volume/util/subpath).
 */
export async function bindBeneath(
  run: Run,
  base: string,
  subPath: string,
  target: string,
  signal?: AbortSignal,
): Promise<void> {
  const root = realpathSync(base)
  const file = openBeneath(root, resolvedBeneath(root, subPath))
  try {
    makeTarget(target, fstatSync(file).isDirectory())
    const source = `/proc/${process.pid}/fd/${file}`
    const result = await run({ argv: ['mount', '--bind', '--no-canonicalize', source, target] }, signal)
    if (result.exitCode !== 0) throw new Error(`mounting ${subPath} of ${base}: ${result.stderr.trim()}`)
  } finally {
    closeSync(file)
  }
}

/** What a small file may have: a few hundred variables. */
const READ_BYTES_MAX = 1024 * 1024

/** As bindBeneath, for a file that is read at once. */
export async function readBeneath(base: string, path: string): Promise<string | undefined> {
  const root = realpathSync(base)
  let file: number
  try {
    file = openBeneath(root, resolvedBeneath(root, path), { make: false })
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return undefined
    throw error
  }
  try {
    const status = fstatSync(file)
    if (!status.isFile()) throw new Error(`${path} is not a file`)
    if (status.size > READ_BYTES_MAX) throw new Error(`${path} has more than ${READ_BYTES_MAX} bytes`)
    return readFileSync(`/proc/self/fd/${file}`, 'utf8')
  } finally {
    closeSync(file)
  }
}

/** The parts of the path below root, after links; what is missing is made as directories. */
function resolvedBeneath(root: string, subPath: string): readonly string[] {
  const wanted = join(root, subPath)
  const real = realAsFarAsItExists(wanted)
  const below = relative(root, real)
  if (below === '..' || below.startsWith('../')) {
    throw new Error(`subPath ${JSON.stringify(subPath)} leads out of the volume, to ${real}`)
  }
  return below === '' ? [] : below.split('/')
}

function realAsFarAsItExists(path: string): string {
  try {
    return realpathSync(path)
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
    return join(realAsFarAsItExists(dirname(path)), path.slice(dirname(path).length))
  }
}

function openBeneath(root: string, parts: readonly string[], { make } = { make: true }): number {
  let at = openSync(root, O_PATH | O_DIRECTORY)
  const mode = fstatSync(at).mode & 0o777
  for (const [index, part] of parts.entries()) {
    const parent = at
    try {
      const mustBeDirectory = index < parts.length - 1
      at = openPart(parent, part, { mode, mustBeDirectory, make })
    } finally {
      closeSync(parent)
    }
  }
  return at
}

interface Part {
  readonly mode: number
  readonly mustBeDirectory: boolean
  /** What is missing is made as a directory. */
  readonly make: boolean
}

function openPart(parent: number, part: string, { make, mode, mustBeDirectory }: Part): number {
  // The descriptor's entry in /proc stands for the directory itself, wherever it has been moved to.
  const path = `/proc/self/fd/${parent}/${part}`
  const flags = O_PATH | O_RDONLY | O_NOFOLLOW | (mustBeDirectory ? O_DIRECTORY : 0)
  let file: number
  try {
    file = openSync(path, flags)
  } catch (error) {
    if (!make || !isCode(error, 'ENOENT')) throw error
    mkdirSync(path, { mode })
    file = openSync(path, flags | O_DIRECTORY)
  }
  if (!fstatSync(file).isSymbolicLink()) return file
  closeSync(file)
  throw new Error(`${part} has become a symbolic link while it was being mounted`)
}

function makeTarget(target: string, directory: boolean): void {
  mkdirSync(directory ? target : dirname(target), { recursive: true, mode: 0o700 })
  if (!directory) writeFileSync(target, '', { flag: 'a' })
}
