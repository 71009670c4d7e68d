import type { NodeName } from '../api/names.ts'
import { recordOfWord } from '../api/nodeWords.ts'
import type { Fencing } from '../api/plan.ts'
import type { Desired } from '../api/snapshot.ts'
import type { Transport } from '../transport/transport.ts'
import { after, type Clock } from './clock.ts'
import type { Logger } from './logger.ts'
import { messageOf } from './problems.ts'
import type { MakeRecord } from './requests.ts'

/** Resolves when the node is off for sure. */
export type Fence = (fencing: Fencing, signal: AbortSignal) => Promise<void>

export interface FencerOptions {
  /** Absent: nobody is to be fenced by this loop, as when it only rehearses. */
  readonly fence: Fence | undefined
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly log: Logger
  readonly desired: () => Pick<Desired, 'commit'>
  readonly remember: (make: MakeRecord) => Promise<void>
}

/** The wait after a command that failed. */
const AGAIN_MS = 30_000

/** Runs the Cluster's fencing command for the nodes that the plan names, one run a node at a time; its success is kept on record. */
export class Fencer {
  readonly #options: FencerOptions
  readonly #underWay = new Set<NodeName>()

  constructor(options: FencerOptions) {
    this.#options = options
  }

  update(due: readonly Fencing[]): void {
    const { fence } = this.#options
    if (fence === undefined) return
    for (const one of due) if (!this.#underWay.has(one.node)) void this.#run(one, fence)
  }

  async #run(fencing: Fencing, fence: Fence): Promise<void> {
    const { clock, desired, log, remember, signal } = this.#options
    const { bootId, node } = fencing
    this.#underWay.add(node)
    try {
      await fence(fencing, signal)
      log('warn', `the fencing command has made sure that node ${node} is off`, { node })
      const at = clock.now().toString({ smallestUnit: 'millisecond' })
      // It may have answered meanwhile, so that the record of its silence is gone.
      const word = { kind: 'fence', node, by: 'command', ...(bootId !== undefined && { bootId }) } as const
      await remember((records) => recordOfWord({ word, commit: desired().commit, at }, records))
    } catch (error) {
      if (signal.aborted) return
      log(
        'error',
        `fencing node ${node} failed, and is tried again in ${AGAIN_MS / 1000} s: ${messageOf(error)}`,
        { node },
      )
      await clock.sleepUntil(after(clock.now(), AGAIN_MS), signal)
    } finally {
      this.#underWay.delete(node)
    }
  }
}

/** By a command of this machine; its words are the error's when it fails. */
export function fencingBy(transport: Pick<Transport, 'run'>): Fence {
  return async ({ argv, timeoutMs }, signal) => {
    const { exitCode, stderr, stdout, timedOut } = await transport.run({ argv, timeoutMs }, signal)
    if (exitCode === 0 && !timedOut) return
    const said = `${stderr}${stdout}`.trim().slice(-500)
    const end = timedOut ? `has taken longer than ${timeoutMs / 1000} s` : `ended with ${exitCode}`
    throw new Error(`${argv[0]} ${end}${said === '' ? '' : `: ${said}`}`)
  }
}
