import { closeSync, constants, linkSync, lstatSync, openSync, writeSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { isCode } from './localFiles.ts'
import type { FileState, OpenFile } from './transport.ts'

/** Synchronous, as small things are that are asked for often: some microseconds each. */
export async function fileStates(paths: readonly string[]): Promise<ReadonlyMap<string, FileState>> {
  const found = new Map<string, FileState>()
  for (const path of paths) {
    const status = lstatSync(path, { throwIfNoEntry: false })
    if (status?.isFile() !== true) continue
    found.set(path, {
      id: `${status.dev}:${status.ino}`,
      sizeBytes: status.size,
      modifiedMs: status.mtimeMs,
    })
  }
  return found
}

export async function link(from: string, to: string): Promise<boolean> {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'EEXIST')) return false
    throw error
  }
}

/** Never waits for a reader; what is written is less than a pipe holds, and whole. */
export async function writePipe(path: string, text: string): Promise<boolean> {
  let pipe: number
  try {
    pipe = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  } catch (error) {
    if (isCode(error, 'ENXIO') || isCode(error, 'ENOENT')) return false
    throw error
  }
  try {
    writeSync(pipe, text)
    return true
  } catch (error) {
    if (isCode(error, 'EAGAIN') || isCode(error, 'EPIPE')) return false
    throw error
  } finally {
    closeSync(pipe)
  }
}

export async function openFile(path: string): Promise<OpenFile | undefined> {
  try {
    const file = await open(path, 'r')
    const { dev, ino } = await file.stat()
    return {
      id: `${dev}:${ino}`,
      size: async () => (await file.stat()).size,
      read: async (position, length) => {
        const { buffer, bytesRead } = await file.read(Buffer.allocUnsafe(length), 0, length, position)
        return buffer.subarray(0, bytesRead)
      },
      [Symbol.asyncDispose]: async () => await file.close(),
    }
  } catch (error) {
    if (isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR')) return undefined
    throw error
  }
}
