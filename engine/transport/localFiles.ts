import type { Stats } from 'node:fs'
import { mkdirSync, realpathSync, rmdirSync } from 'node:fs'
import * as fs from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { FileStatus } from './transport.ts'

/** Temporary names differ within a process; those of a dead one are overwritten, as it had the same few. */
let temporaries = 0

export async function readFile(path: string, signal?: AbortSignal): Promise<Uint8Array | undefined> {
  try {
    return await fs.readFile(path, signal === undefined ? {} : { signal })
  } catch (error) {
    if (['ENOENT', 'EISDIR', 'ENOTDIR'].some((code) => isCode(error, code))) return undefined
    throw error
  }
}

/** Temporary file, fsync, rename: after a crash there is the old content or the new one. */
export async function writeFile(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  temporaries = (temporaries + 1) % 1000
  const temporary = join(dirname(path), `.${basename(path)}.${temporaries}.tmp`)
  try {
    await writeSynced(temporary, content, mode)
    await fs.rename(temporary, path)
  } catch (error) {
    await fs.rm(temporary, { force: true })
    throw named(error, path)
  }
}

/** Of a write that failed the system tells everything but the file. */
function named(error: unknown, path: string): unknown {
  if (error instanceof Error && 'syscall' in error && !('path' in error)) error.message += ` '${path}'`
  return error
}

async function writeSynced(path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const file = await fs.open(path, 'w', mode)
  try {
    await file.writeFile(content)
    await file.chmod(mode)
    await file.sync()
  } finally {
    await file.close()
  }
}

export async function appendFile(path: string, content: string, mode: number): Promise<void> {
  try {
    await fs.appendFile(path, content, { mode })
  } catch (error) {
    throw named(error, path)
  }
}

/** Synchronous: a handful of microseconds, less than a trip to the thread pool and back. */
export async function makeDirectory(path: string, mode: number): Promise<void> {
  mkdirSync(path, { recursive: true, mode })
}

export async function listDirectory(path: string): Promise<readonly string[]> {
  try {
    return (await fs.readdir(path)).toSorted()
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
  const status = await lstat(path)
  if (status === undefined) return
  if (!status.isDirectory()) await fs.rm(path, { force: true })
  else await removeDirectory(path, status.dev)
}

async function removeDirectory(path: string, device: number): Promise<void> {
  for (const entry of await readdirTyped(path)) {
    const inner = join(path, entry.name)
    if (!entry.isDirectory()) {
      await fs.rm(inner, { force: true })
      continue
    }
    const status = await lstat(inner)
    if (status === undefined) continue
    if (status.dev !== device)
      throw new Error(`deleting ${path}: ${inner} is mounted from elsewhere; unmount it first`)
    await removeDirectory(inner, device)
  }
  try {
    await fs.rmdir(path)
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error
  }
}

async function readdirTyped(path: string) {
  try {
    return await fs.readdir(path, { withFileTypes: true })
  } catch (error) {
    if (isCode(error, 'ENOENT')) return []
    throw error
  }
}

async function lstat(path: string): Promise<Stats | undefined> {
  try {
    return await fs.lstat(path)
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
    const status = await fs.stat(path)
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
