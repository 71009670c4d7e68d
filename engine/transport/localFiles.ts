import type { Stats } from 'node:fs'
import {
  closeSync,
  fchmodSync,
  fsync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import * as fs from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { promisify } from 'node:util'
import { runCommand } from './localCommands.ts'
import { isKernels, Memory, statusAt } from './localMemory.ts'
import type { FileStatus } from './transport.ts'

/*
 * Much of this is synchronous: what it does to a small file or folder takes a handful of microseconds, a trip to the thread pool and back
 * several times that, most of all while all processors are busy. What may take long is left to the pool: waiting for the disk, large files,
 * and places that somebody else's server may answer for.
 */

/** The kernel's own file systems, where no disk and no server is waited for. */
const OF_KERNEL = /^\/(proc|run|sys)\//

/** Temporary names differ within a process, and from those of other engines of this machine: some files are all roots'. */
let temporaries = 0

export async function readFile(path: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
  try {
    if (OF_KERNEL.test(path)) return readFileSync(path)
    return await fs.readFile(path, signal === undefined ? {} : { signal })
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].some((code) => isCode(error, code))) return undefined
    throw error
  }
}

/** Temporary file, fsync, rename: after a crash there is the old content or the new one. */
export async function writeFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  temporaries = (temporaries + 1) % 1000
  const temporary = join(dirname(path), `.${basename(path)}.${process.pid * 1000 + temporaries}.tmp`)
  try {
    await writeSynced(temporary, content, mode)
    renameSync(temporary, path)
  } catch (error) {
    rmSync(temporary, { force: true })
    throw named(error, path)
  }
}

/** Of a write that failed the system tells everything but the file. */
function named(error: unknown, path: string): unknown {
  if (error instanceof Error && 'syscall' in error && !('path' in error)) error.message += ` '${path}'`
  return error
}

const synced = promisify(fsync)

async function writeSynced(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = openSync(path, 'w', mode)
  try {
    writeFileSync(file, content)
    fchmodSync(file, mode)
    await synced(file)
  } finally {
    closeSync(file)
  }
}

export async function appendFile(path: string, content: string, mode: number): Promise<void> {
  try {
    await fs.appendFile(path, content, { mode })
  } catch (error) {
    throw named(error, path)
  }
}

export async function makeDirectory(path: string, mode: number): Promise<void> {
  mkdirSync(path, { recursive: true, mode })
}

const names = new Memory<readonly string[]>()

export async function listDirectory(path: string): Promise<readonly string[]> {
  const read = () => readdirSync(path).toSorted()
  const status = statusAt(path)
  if (status === undefined) return []
  try {
    return isKernels(path) ? read() : names.get(path, status, read)
  } catch (error) {
    if (isCode(error, 'ENOENT')) return []
    throw error
  }
}

/**
 * Never across a mount point: whoever deletes a pod whose unmounting failed must not delete what was mounted.
 * A mounted directory is on another device, or cannot be removed (EBUSY) when it is on the same one.
 */
export async function remove(path: string): Promise<void> {
  const status = statusOf(path)
  if (status === undefined) return
  if (status.isDirectory()) await removeDirectory(path)
  else await removeFile(path, status)
}

/** Of the files of a folder these are one turn of the event loop: others have their turns in between. */
const FILES_PER_TURN = 100
/** To give back the blocks of a larger one takes the disk its time. */
const SMALL_BYTES = 1024 * 1024

async function removeDirectory(path: string): Promise<void> {
  for (const [index, name] of namesIn(path).entries()) {
    if (index % FILES_PER_TURN === 0) await setImmediate()
    const inner = join(path, name)
    const status = statusOf(inner)
    if (status === undefined) continue
    if (status.isDirectory()) return await removeTree(path)
    await removeFile(inner, status)
  }
  unlessGone(() => rmdirSync(path))
}

/** Of images and of what a pod has written: as many files as they like. */
const TREE_TIMEOUT_MS = 60 * 60_000

/** By a program: what the disk takes its time for is done beside the engine, not in its turn. */
async function removeTree(path: string): Promise<void> {
  const argv = ['rm', '-rf', '--one-file-system', '--', path] as const
  const { exitCode, stderr, timedOut } = await runCommand({ argv, timeoutMs: TREE_TIMEOUT_MS })
  if (exitCode === 0) return
  const advice = stderr.includes('different device') ? '; unmount it first' : ''
  throw new Error(`deleting ${path}: ${timedOut ? 'it took more than an hour' : stderr.trim()}${advice}`)
}

async function removeFile(path: string, { size }: Stats): Promise<void> {
  if (size > SMALL_BYTES) await fs.rm(path, { force: true })
  else unlessGone(() => unlinkSync(path))
}

function namesIn(path: string): readonly string[] {
  return unlessGone(() => readdirSync(path)) ?? []
}

function statusOf(path: string): Stats | undefined {
  return unlessGone(() => lstatSync(path))
}

/** Undefined: it is not there, or somebody else was faster. */
function unlessGone<T>(act: () => T): T | undefined {
  try {
    return act()
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return undefined
    throw error
  }
}

export async function removeEmpty(paths: readonly string[]): Promise<readonly string[]> {
  return paths.filter((path) => {
    try {
      rmdirSync(path)
      return false
    } catch (error) {
      if (isCode(error, 'ENOENT')) return false
      if (['EBUSY', 'ENOTEMPTY', 'ENOTDIR'].some((code) => isCode(error, code))) return true
      throw error
    }
  })
}

export async function rename(from: string, to: string): Promise<void> {
  await fs.rename(from, to)
}

export async function realPath(path: string): Promise<string> {
  let known = path
  let rest = ''
  for (;;) {
    try {
      return join(realpathSync(known), rest)
    } catch (error) {
      if (!isCode(error, 'ENOENT') || dirname(known) === known) throw error
      rest = join(basename(known), rest)
      known = dirname(known)
    }
  }
}

export async function fileStatus(path: string): Promise<FileStatus | undefined> {
  try {
    const status = OF_KERNEL.test(path) ? statSync(path) : await fs.stat(path)
    return {
      kind: kindOf(status),
      sizeBytes: status.size,
      modifiedMs: status.mtimeMs,
      mode: status.mode & 0o7777,
      ...(status.isCharacterDevice() || status.isBlockDevice() ? { device: deviceOf(status.rdev) } : {}),
    }
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return undefined
    throw error
  }
}

/** As glibc's gnu_dev_major and gnu_dev_minor take them apart, for numbers below 2^32. */
function deviceOf(rdev: number): { readonly major: number; readonly minor: number } {
  return { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) }
}

function kindOf(status: Stats): FileStatus['kind'] {
  if (status.isFile()) return 'file'
  if (status.isDirectory()) return 'directory'
  if (status.isSocket()) return 'socket'
  if (status.isCharacterDevice()) return 'charDevice'
  return status.isBlockDevice() ? 'blockDevice' : 'other'
}

export function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
