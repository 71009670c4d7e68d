import {
  type FileState,
  type FileStatus,
  type OpenFile,
  type Transport,
  type TreeEntry,
  type TreeFile,
  type TreeOptions,
} from '../transport.ts'
import type { Line } from './line.ts'
import type { Word } from './words.ts'

type FileVerbs = Omit<
  Transport,
  | 'machine'
  | 'run'
  | 'runInteractive'
  | 'stream'
  | 'watch'
  | 'connect'
  | 'connectSocket'
  | 'arrivedAt'
  | 'lock'
>

/** What files.pl and beneath.pl do there. */
export function fileVerbs(line: Line): FileVerbs {
  return { ...singleFileVerbs(line), ...treeVerbs(line), ...beneathVerbs(line) }
}

function singleFileVerbs({ operate }: Line) {
  return {
    readFile: async (path: string, signal?: AbortSignal) => (await operate('readFile', [path], signal))[0],
    writeFile: async (path: string, content: string | Uint8Array, mode: number, signal?: AbortSignal) => {
      await operate('writeFile', [path, mode, content], signal)
    },
    appendFile: async (path: string, content: string, mode: number, signal?: AbortSignal) => {
      await operate('appendFile', [path, mode, content], signal)
    },
    makeDirectory: async (path: string, mode: number, signal?: AbortSignal) => {
      await operate('makeDirectory', [path, mode], signal)
    },
    listDirectory: async (path: string, signal?: AbortSignal) =>
      (await operate('listDirectory', [path], signal)).map(String).toSorted(),
    remove: async (path: string, signal?: AbortSignal) => {
      await operate('remove', [path], signal)
    },
    removeEmpty: async (paths: readonly string[], signal?: AbortSignal) =>
      (await operate('removeEmpty', paths, signal)).map(String),
    rename: async (from: string, to: string, signal?: AbortSignal) => {
      await operate('rename', [from, to], signal)
    },
    realPath: async (path: string, signal?: AbortSignal) =>
      String((await operate('realPath', [path], signal))[0]),
    stat: async (path: string, signal?: AbortSignal) => statusOf(await operate('stat', [path], signal)),
    link: async (from: string, to: string, signal?: AbortSignal) =>
      (await operate('link', [from, to], signal)).length > 0,
    writePipe: async (path: string, text: string, signal?: AbortSignal) =>
      (await operate('writePipe', [path, text], signal)).length > 0,
    signal: async (pid: number, signalNumber: number) =>
      (await operate('signal', [pid, signalNumber])).length > 0,
  }
}

function treeVerbs(line: Line) {
  const { operate } = line
  return {
    fileStates: async (paths: readonly string[], signal?: AbortSignal) =>
      statesOf(await operate('fileStates', paths, signal)),
    openFile: async (path: string, signal?: AbortSignal) => await openFile(line, path, signal),
    readFiles: async (paths: readonly string[], signal?: AbortSignal) => {
      if (paths.length === 0) return new Map()
      const found = await operate('readFiles', paths, signal)
      return new Map(inGroups(found, 2).map(([path, content]) => [String(path), String(content)]))
    },
    readTree: async (path: string, options: TreeOptions, signal?: AbortSignal) =>
      treeOf(await operate('readTree', treeQuestion(path, options), signal)),
    writeTree: async (path: string, entries: readonly TreeEntry[], signal?: AbortSignal) => {
      await operate('writeTree', [path, ...entries.flatMap(entryWords)], signal)
    },
  }
}

function beneathVerbs({ operate }: Line) {
  return {
    readOverlaid: async (layers: readonly string[], path: string, signal?: AbortSignal) =>
      textOf(await operate('readOverlaid', [path, ...layers], signal)),
    readBeneath: async (base: string, path: string, signal?: AbortSignal) =>
      textOf(await operate('readBeneath', [base, path], signal)),
    bindBeneath: async (base: string, subPath: string, target: string, signal?: AbortSignal) => {
      await operate('bindBeneath', [base, subPath, target], signal)
    },
  }
}

function textOf([content]: readonly Buffer[]): string | undefined {
  return content?.toString()
}

const KINDS: Readonly<Record<number, FileStatus['kind']>> = {
  0o100000: 'file',
  0o040000: 'directory',
  0o140000: 'socket',
  0o020000: 'charDevice',
  0o060000: 'blockDevice',
}

/** Mode, size, device and time, as Perl's `stat` has them. */
function statusOf(words: readonly Buffer[]): FileStatus | undefined {
  const [mode, sizeBytes, rdev, modifiedMs] = words.map(Number)
  if (mode === undefined || sizeBytes === undefined || rdev === undefined || modifiedMs === undefined)
    return undefined
  const kind = KINDS[mode & 0o170000] ?? 'other'
  // As glibc's gnu_dev_major and gnu_dev_minor take them apart, for numbers below 2^32.
  const device = { major: (rdev >>> 8) & 0xfff, minor: (rdev & 0xff) | ((rdev >>> 12) & 0xfff00) }
  const isDevice = kind === 'charDevice' || kind === 'blockDevice'
  return { kind, sizeBytes, modifiedMs, mode: mode & 0o7777, ...(isDevice && { device }) }
}

function statesOf(words: readonly Buffer[]): ReadonlyMap<string, FileState> {
  return new Map(
    inGroups(words, 4).map(([path, id, sizeBytes, modifiedMs]) => [
      String(path),
      { id: String(id), sizeBytes: Number(sizeBytes), modifiedMs: Number(modifiedMs) },
    ]),
  )
}

function treeQuestion(path: string, { depth, names, skip = [] }: TreeOptions): readonly Word[] {
  return [path, depth, names === undefined ? 1 : 0, names?.size ?? 0, ...(names ?? []), ...skip]
}

function treeOf(words: readonly Buffer[]): readonly TreeFile[] {
  return inGroups(words, 4).map(([kind, path, modifiedMs, content]) => ({
    path: String(path),
    modifiedMs: Number(modifiedMs),
    ...(String(kind) === 'f' && { content: String(content) }),
  }))
}

function entryWords({ group, mode, path, what }: TreeEntry): readonly Word[] {
  const content = what.kind === 'file' ? what.content : what.kind === 'link' ? what.target : ''
  return [what.kind, path, mode, group ?? '', content]
}

function inGroups<T>(items: readonly T[], size: number): readonly (readonly T[])[] {
  return Array.from({ length: items.length / size }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )
}

/** Open at the other end until it is closed here, or the connection ends. */
async function openFile(line: Line, path: string, signal?: AbortSignal): Promise<OpenFile | undefined> {
  const { operate } = await line.session(signal)
  const [number, id] = await operate('openFile', [path], signal)
  if (number === undefined || id === undefined) return undefined
  const handle = String(number)
  return {
    id: String(id),
    size: async () => Number((await operate('sizeOf', [handle]))[0]),
    read: async (position, length) =>
      (await operate('readAt', [handle, position, length]))[0] ?? Buffer.alloc(0),
    [Symbol.asyncDispose]: async () => {
      await operate('closeFile', [handle]).catch(() => undefined)
    },
  }
}
