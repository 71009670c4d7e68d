import type { Duplex } from 'node:stream'

/** One command on a node, as a value. There is no shell between. */
export interface Command {
  readonly argv: readonly [program: string, ...args: string[]]
  readonly stdin?: string | Uint8Array
  /** The whole environment: helpers start with an empty one but for PATH. */
  readonly env?: Readonly<Record<string, string>>
  /** Absent: one minute. */
  readonly timeoutMs?: number
}

export interface CommandResult {
  readonly exitCode: number
  readonly signal?: string
  readonly stdout: string
  readonly stderr: string
  readonly timedOut: boolean
}

/**
 * The only place that starts a process on a node or touches its files.
 * Paths are absolute, on the node. File writes are atomic: temporary file, fsync, rename.
 */
export interface Transport {
  /** Tells its machine from all others that this process works on; empty: it is the engine's own. */
  readonly machine: string
  /** Resolves also when the command fails; rejects with TransportError when it could not be run or the node is not there. */
  run(command: Command, signal?: AbortSignal): Promise<CommandResult>
  /** For exec -it and alike: the command has the caller's terminal. Resolves to the exit status. */
  runInteractive(command: Command): Promise<number>
  /** stdout as it comes, for logs that are followed. Ends the command when the signal is aborted. */
  stream(command: Command, signal: AbortSignal): AsyncIterable<Uint8Array>
  readFile(path: string, signal?: AbortSignal): Promise<Uint8Array | undefined>
  writeFile(path: string, content: string | Uint8Array, mode: number, signal?: AbortSignal): Promise<void>
  /** At the end of a file, which is made when there is none. Neither atomic nor synced. */
  appendFile(path: string, content: string, mode: number, signal?: AbortSignal): Promise<void>
  /** With parents; an existing one is left as it is. */
  makeDirectory(path: string, mode: number, signal?: AbortSignal): Promise<void>
  /** Names, sorted; an empty list when there is no such directory. */
  listDirectory(path: string, signal?: AbortSignal): Promise<readonly string[]>
  /** With all that is in it, never across a mount point; no error when it is not there. */
  remove(path: string, signal?: AbortSignal): Promise<void>
  /** Those that are empty, in this order; which of them are still there. For cgroups, whose files cannot be deleted. */
  removeEmpty(paths: readonly string[], signal?: AbortSignal): Promise<readonly string[]>
  rename(from: string, to: string, signal?: AbortSignal): Promise<void>
  /** Without symbolic links, as far as it exists. */
  realPath(path: string, signal?: AbortSignal): Promise<string>
  /** Of what a path leads to, links followed; undefined when it leads to nothing. */
  stat(path: string, signal?: AbortSignal): Promise<FileStatus | undefined>
  /** Of the files of these that are there, links not followed; looked at one after the other, in this order. */
  fileStates(paths: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, FileState>>
  /** Undefined: there is no such file. It can be read on when it has been renamed or deleted. */
  openFile(path: string, signal?: AbortSignal): Promise<OpenFile | undefined>
  /** A second name of a file, on the same file system. False: there is no such file, or the name is taken. */
  link(from: string, to: string, signal?: AbortSignal): Promise<boolean>
  /** A few bytes into a named pipe, at once. False: nobody reads it, or it is full. */
  writePipe(path: string, text: string, signal?: AbortSignal): Promise<boolean>
  /** Many small files in one go, below `path`; also an empty result when there is nothing. */
  readTree(path: string, options: TreeOptions, signal?: AbortSignal): Promise<readonly TreeFile[]>
  /** The small files of these that are there, by path. */
  readFiles(paths: readonly string[], signal?: AbortSignal): Promise<ReadonlyMap<string, string>>
  /** A small file of an overlay of these directories (the lowest first), whose links never lead out of it. */
  readOverlaid(layers: readonly string[], path: string, signal?: AbortSignal): Promise<string | undefined>
  /**
   * Makes these below an existing or new directory, in this order, with exactly these modes. What is there already is
   * given the content and mode. Neither atomic nor synced: for what is made again after a crash.
   */
  writeTree(path: string, entries: readonly TreeEntry[], signal?: AbortSignal): Promise<void>
  /** A small file that `path` leads to within `base`, and never one outside of it; undefined when there is none. */
  readBeneath(base: string, path: string, signal?: AbortSignal): Promise<string | undefined>
  /** Bind-mounts what `subPath` leads to within `base`, and never anything outside of it, on a new file or directory. */
  bindBeneath(base: string, subPath: string, target: string, signal?: AbortSignal): Promise<void>
  /** False: there is no such process. The caller has made sure that the process is the one that is meant. */
  signal(pid: number, signalNumber: number): Promise<boolean>
  /** Tells that something in one of these files or directories changed, or may have while they were not watched yet; ends with the signal. */
  watch(paths: readonly string[], signal: AbortSignal): AsyncIterable<string>
  connect(address: string, port: number, signal: AbortSignal): Promise<Duplex>
  /** To a socket in the node's file system. */
  connectSocket(path: string, signal: AbortSignal): Promise<Duplex>
  /** The node's own address that the connection to it has come in by, as the node sees it. Undefined: this machine, or nobody can tell. */
  arrivedAt(signal?: AbortSignal): Promise<string | undefined>
  /** A lock that the kernel frees when this process dies. Undefined: another one holds it; what it wrote is in the file. */
  lock(path: string, content: string): Promise<Lock | undefined>
}

export interface Lock extends AsyncDisposable {
  /** Aborted when the lock is gone before it was given back: somebody else may have it by now. */
  readonly lost: AbortSignal
}

export interface FileStatus {
  readonly kind: 'file' | 'directory' | 'socket' | 'charDevice' | 'blockDevice' | 'other'
  readonly sizeBytes: number
  readonly modifiedMs: number
  /** Permission bits. */
  readonly mode: number
  /** Of a device. */
  readonly device?: { readonly major: number; readonly minor: number }
}

export interface FileState {
  /** Tells it from another file of the same name, as long as it is there. */
  readonly id: string
  readonly sizeBytes: number
  readonly modifiedMs: number
}

/** A file to read from, wherever it is by now. */
export interface OpenFile extends AsyncDisposable {
  /** As in FileState. */
  readonly id: string
  size(): Promise<number>
  /** What there is from `position` on, at most `length` bytes; empty at the end. */
  read(position: number, length: number): Promise<Uint8Array>
}

export interface TreeOptions {
  /** Only files with one of these names are read, or all. */
  readonly names?: ReadonlySet<string>
  /** Directories that are not entered, by their path in the tree; a star stands for any one name. */
  readonly skip?: readonly string[]
  /** 1: only what is in the directory itself. */
  readonly depth: number
}

export interface TreeFile {
  /** Relative to the tree's directory. */
  readonly path: string
  /** Undefined for a directory: they are listed too, before what is in them. */
  readonly content?: string
  readonly modifiedMs: number
}

export interface TreeEntry {
  /** Relative to the tree's directory, without `..`; its parents come before it. */
  readonly path: string
  /** Permission bits; of no meaning for a link. */
  readonly mode: number
  readonly group?: number
  readonly what:
    | { readonly kind: 'directory' }
    | { readonly kind: 'file'; readonly content: string | Uint8Array }
    | { readonly kind: 'link'; readonly target: string }
}

/** What `writeFile` leaves beside the file when its process is killed meanwhile. */
export function isCutOffWrite(name: string): boolean {
  return /^\..+\.\d+\.tmp$/.test(name)
}

export class TransportError extends Error {
  override readonly name = 'TransportError'
}
