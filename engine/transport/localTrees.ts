import {
  chmodSync,
  chownSync,
  type Dirent,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { isCode } from './localFiles.ts'
import { isKernels, Memory, statusAt } from './localMemory.ts'
import type { TreeEntry, TreeFile, TreeOptions } from './transport.ts'

/*
 * Synchronous on purpose: for files of a few hundred bytes in the kernel's cache or on a tmpfs, a trip to the thread
 * pool costs several times the call itself. A node with 1,000 pods is read in some ten thousand calls.
 */

/** What a small file may have; a larger one is no file of ours. */
const FILE_BYTES_MAX = 4 * 1024 * 1024

export async function readTree(path: string, options: TreeOptions): Promise<readonly TreeFile[]> {
  const files: TreeFile[] = []
  const skip = (options.skip ?? []).map((pattern) => pattern.split('/'))
  readInto({ files, root: path, skip, names: options.names }, '', options.depth)
  return files
}

export async function readFiles(paths: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  for (const path of paths) {
    const content = isKernels(path) ? readAll(path) : readSmall(path, path)?.content
    if (content !== undefined) found.set(path, content)
  }
  return found
}

interface Reading {
  readonly files: TreeFile[]
  readonly root: string
  readonly skip: readonly (readonly string[])[]
  readonly names: ReadonlySet<string> | undefined
}

function readInto(reading: Reading, below: string, depth: number): void {
  const { files, names, root } = reading
  const path = below === '' ? root : `${root}/${below}`
  for (const entry of entriesOf(path)) {
    const relative = below === '' ? entry.name : `${below}/${entry.name}`
    if (entry.isDirectory()) {
      files.push({ path: relative, modifiedMs: 0 })
      if (depth > 1 && !isSkipped(reading, relative, entry.name)) readInto(reading, relative, depth - 1)
    } else if (entry.isFile() && names?.has(entry.name) !== false) {
      const file = readSmall(`${root}/${relative}`, relative)
      if (file !== undefined) files.push(file)
    }
  }
}

function isSkipped({ skip }: Reading, relative: string, name: string): boolean {
  return skip.some((pattern) => {
    if (pattern.at(-1) !== name && pattern.at(-1) !== '*') return false
    const parts = relative.split('/')
    return (
      parts.length === pattern.length && parts.every((part, i) => pattern[i] === '*' || pattern[i] === part)
    )
  })
}

const entries = new Memory<readonly Dirent[]>()
const contents = new Memory<string | undefined>()

function entriesOf(path: string): readonly Dirent[] {
  const read = () => readdirSync(path, { withFileTypes: true })
  try {
    if (isKernels(path)) return read()
    const status = statusAt(path)
    return status === undefined ? [] : entries.get(path, status, read)
  } catch (error) {
    if (isGone(error)) return []
    throw error
  }
}

function readSmall(path: string, relative: string): TreeFile | undefined {
  const status = statusAt(path)
  if (status?.isFile() !== true) return undefined
  const { mtimeMs: modifiedMs, size } = status
  if (size > FILE_BYTES_MAX) return { path: relative, content: '', modifiedMs }
  const content = isKernels(path) ? readAll(path) : contents.get(path, status, () => readAll(path))
  return content === undefined ? undefined : { path: relative, content, modifiedMs }
}

function readAll(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    // No file at all; or in /proc and among cgroups: it ended meanwhile.
    if (isGone(error) || ['EISDIR', 'ENODEV'].some((code) => isCode(error, code))) return undefined
    throw error
  }
}

export async function writeTree(path: string, entries: readonly TreeEntry[]): Promise<void> {
  for (const entry of entries) writeEntry(join(path, entry.path), entry)
}

function writeEntry(path: string, entry: TreeEntry): void {
  const { what } = entry
  switch (what.kind) {
    case 'directory':
      mkdirSync(path, { recursive: true, mode: entry.mode })
      setOwnerAndMode(path, entry)
      return
    case 'file':
      writeFileSync(path, what.content, { mode: entry.mode })
      setOwnerAndMode(path, entry)
      return
    case 'link':
      writeLink(path, what.target)
      return
    default:
      what satisfies never
  }
}

/** The owner first: a change of it clears the set-group-id bit. The mode again, as the process's mask has cut it. */
function setOwnerAndMode(path: string, entry: TreeEntry): void {
  if (entry.group !== undefined) chownSync(path, 0, entry.group)
  if ((statSync(path).mode & 0o7777) !== entry.mode) chmodSync(path, entry.mode)
}

function writeLink(path: string, target: string): void {
  try {
    symlinkSync(target, path)
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error
    if (readlinkSync(path) === target) return
    unlinkSync(path)
    symlinkSync(target, path)
  }
}

function isGone(error: unknown): boolean {
  return isCode(error, 'ENOENT') || isCode(error, 'ENOTDIR') || isCode(error, 'ESRCH')
}
