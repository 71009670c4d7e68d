import type { Clock } from '../reconciler/clock.ts'

/** What the command line takes from the process it runs in. Made by main.ts, which alone looks at `process`. */
export interface World {
  readonly argv: readonly string[]
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly stdin: AsyncIterable<Uint8Array> & { readonly isTTY: boolean }
  readonly stdout: Output
  readonly stderr: Output
  /** Undefined where there are no user ids. */
  readonly userId: number | undefined
  readonly processId: number
  readonly nodeVersion: string
  readonly clock: Clock
  /** Aborted when the user wants to end: Ctrl-C, SIGTERM, a closed terminal. */
  readonly signal: AbortSignal
  /** From now on SIGHUP is a call of this, and no wish to end. */
  readonly onReload: (reload: () => void) => void
}

export interface Output {
  write(text: string): void
  readonly isTTY: boolean
  /** Columns and lines of the terminal, looked up at each use: it may be resized. */
  size(): { readonly columns: number; readonly rows: number }
  /** Aborted when the reader has gone away (`| head`). What is written after that is dropped. */
  readonly closed: AbortSignal
}

/** What the process ends with: part of the command line's contract. */
export const EXIT = {
  /** Converged, valid, no changes. */
  done: 0,
  /** Failed, or not converged in time. */
  failed: 1,
  /** `plan --detailed-exitcode` found changes. */
  changes: 2,
  /** Manifests, configuration or arguments; nothing was touched. */
  invalid: 3,
  interrupted: 130,
} as const
