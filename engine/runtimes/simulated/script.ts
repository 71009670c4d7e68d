import type { ExecResult } from '../../api/cri.ts'
import type { Pod } from '../../api/generated/types.ts'

/** What a container is about to be. */
export interface ContainerStart {
  readonly pod: Pod
  readonly container: string
  readonly attempt: number
}

/** How one attempt of a container behaves. All absent: it runs until it is told to stop, and stops at once. */
export interface ContainerScript {
  /** It ends by itself after so long. */
  readonly exitAfterMs?: number
  readonly exitCode?: number
  /** From SIGTERM to its end; absent: at once. Infinity: it does not listen. */
  readonly stopAfterMs?: number
  /** Its probes answer well from then on. */
  readonly readyAfterMs?: number
  /** The runtime cannot start it. */
  readonly startFails?: string
  /** Instead of the answer that `readyAfterMs` gives. */
  readonly exec?: (command: readonly string[], ranMs: number) => ExecResult
  readonly http?: (path: string, headers: Readonly<Record<string, unknown>>) => HttpReply
}

export interface HttpReply {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export type Script = (start: ContainerStart) => ContainerScript

export const runsForever: Script = () => ({})
