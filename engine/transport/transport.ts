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
  /** Resolves also when the command fails; rejects with TransportError when it could not be run or the node is not there. */
  run(command: Command, signal?: AbortSignal): Promise<CommandResult>
  /** For exec -it and alike: the command has the caller's terminal. Resolves to the exit status. */
  runInteractive(command: Command): Promise<number>
  /** stdout as it comes, for logs that are followed. Ends the command when the signal is aborted. */
  stream(command: Command, signal: AbortSignal): AsyncIterable<Uint8Array>
  readFile(path: string, signal?: AbortSignal): Promise<Uint8Array | undefined>
  writeFile(path: string, content: string | Uint8Array, mode: number, signal?: AbortSignal): Promise<void>
  /** With parents; an existing one is left as it is. */
  makeDirectory(path: string, mode: number, signal?: AbortSignal): Promise<void>
  /** Names, sorted; an empty list when there is no such directory. */
  listDirectory(path: string, signal?: AbortSignal): Promise<readonly string[]>
  /** With all that is in it, never across a mount point; no error when it is not there. */
  remove(path: string, signal?: AbortSignal): Promise<void>
  rename(from: string, to: string, signal?: AbortSignal): Promise<void>
  /** Tells that something in one of these files or directories changed; ends with the signal. */
  watch(paths: readonly string[], signal: AbortSignal): AsyncIterable<string>
  connect(address: string, port: number, signal: AbortSignal): Promise<Duplex>
  /** A lock that the kernel frees when this process dies. Undefined: another one holds it; what it wrote is in the file. */
  lock(path: string, content: string): Promise<AsyncDisposable | undefined>
}

export class TransportError extends Error {
  override readonly name = 'TransportError'
}
