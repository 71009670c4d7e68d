/** What `--once` asks the daemon for. What it prints alone is then printed by the daemon, through the socket. */
export interface SyncRequest {
  /** What the command line names, made absolute, without credentials; another one than the daemon's is refused. */
  readonly repository: string
  readonly branch?: string
  readonly path: string
  /** The command line of `--once`, which says how to print and how long to wait. */
  readonly argv: readonly string[]
  /** What the caller prints on: absent where that is no terminal. */
  readonly terminal?: { readonly columns: number; readonly rows: number }
  readonly stdoutIsTerminal: boolean
}

/** One line of the answer to a sync, as JSON. The last one is `end`. */
export type SyncLine =
  | { readonly kind: 'write'; readonly to: 'stdout' | 'stderr'; readonly text: string }
  | { readonly kind: 'end'; readonly exitStatus: number }

/** What a request that changes something came to. `message` is for people: what was done, or why not. */
export type ControlAnswer =
  | { readonly kind: 'done'; readonly message: string }
  | { readonly kind: 'refused'; readonly message: string }
