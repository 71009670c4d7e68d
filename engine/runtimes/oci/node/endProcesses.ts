import { setTimeout } from 'node:timers/promises'
import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import { SIGKILL, SIGTERM } from '../containers/signals.ts'

export interface Ending {
  /** For people. */
  readonly what: string
  readonly reason: string
  readonly pids: readonly number[]
  /** Those of these that run still; not what has got one of their numbers since. */
  readonly left: (pids: readonly number[]) => Promise<readonly number[]>
}

const END_WAIT_MS = 5_000
/** Only one that waits for a disk or a network file system takes as long as that. */
const KILL_WAIT_MS = 10_000
const LOOK_EVERY_MS = 20

/** Asked to end, and killed when they do not. Resolves once they have ended. */
export async function endProcesses(
  transport: Transport,
  ending: Ending,
  signal?: AbortSignal,
): Promise<void> {
  for (const pid of ending.pids) await transport.signal(pid, SIGTERM)
  const slow = await leftAfter(END_WAIT_MS, ending, ending.pids, signal)
  for (const pid of slow) await transport.signal(pid, SIGKILL)
  const stuck = await leftAfter(KILL_WAIT_MS, ending, slow, signal)
  if (stuck.length === 0) return
  throw new RuntimeFailure(
    ending.reason,
    `ending ${ending.what}: process ${stuck.join(', ')} was killed and is there still after ${KILL_WAIT_MS / 1000} s: see what it waits for (cat /proc/${stuck[0]}/stack)`,
  )
}

async function leftAfter(
  waitMs: number,
  { left }: Ending,
  pids: readonly number[],
  signal?: AbortSignal,
): Promise<readonly number[]> {
  const until = performance.now() + waitMs
  let running = await left(pids)
  while (running.length > 0 && performance.now() < until) {
    await setTimeout(LOOK_EVERY_MS, undefined, signal === undefined ? {} : { signal })
    running = await left(running)
  }
  return running
}
