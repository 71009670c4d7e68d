import type { RunningContainer } from '../api/cri.ts'
import { logLimits } from '../api/logLimits.ts'
import type { NodeName } from '../api/names.ts'
import type { Desired, ObservedNode } from '../api/snapshot.ts'
import { Bell } from './bell.ts'
import { after } from './clock.ts'
import { blame, messageOf, stackOf } from './problems.ts'
import type { Shared } from './shared.ts'

export interface LogKeeperOptions extends Shared {
  readonly desired: () => Desired
}

/** Containers that start at the same time are looked at together. */
const GATHER_MS = 50
const AFTER_FAILURE_MS = 10_000

interface Watched {
  readonly bell: Bell
  /** By their keys, as far as they have been seen running. */
  containers: ReadonlyMap<string, RunningContainer>
  /** As it was last logged. */
  problem?: string | undefined
}

/** Has the nodes keep what containers write within its limits: at once when one has started, and then as often as they need. */
export class LogKeeper {
  readonly #options: LogKeeperOptions
  readonly #nodes: ReadonlyMap<NodeName, Watched>

  constructor(options: LogKeeperOptions) {
    this.#options = options
    this.#nodes = new Map(
      [...options.runtimes.keys()].map((node) => [node, { bell: new Bell(), containers: new Map() }]),
    )
  }

  /** After every tick. */
  update(): void {
    for (const observed of this.#options.observer.observed().nodes.values()) {
      const watched = this.#nodes.get(observed.name)
      if (watched === undefined) continue
      const before = watched.containers
      watched.containers = runningOn(observed)
      if ([...watched.containers.keys()].some((key) => !before.has(key))) watched.bell.ring()
    }
  }

  /** Until the signal is aborted. */
  async run(): Promise<void> {
    await Promise.all([...this.#nodes].map(([node, watched]) => this.#keep(node, watched)))
  }

  async #keep(node: NodeName, watched: Watched): Promise<void> {
    const { clock, signal } = this.#options
    while (!signal.aborted) {
      const waitMs = watched.containers.size === 0 ? undefined : await this.#look(node, watched)
      const next = waitMs === undefined ? undefined : after(clock.now(), waitMs)
      await watched.bell.wait(clock, next, signal)
      await clock.sleepUntil(after(clock.now(), GATHER_MS), signal)
      watched.bell.hush()
    }
  }

  async #look(node: NodeName, watched: Watched): Promise<number> {
    const { desired, runtimes, signal } = this.#options
    const containers = [...watched.containers.values()]
    try {
      const limits = logLimits(desired().cluster)
      const waitMs = await runtimes.get(node)?.keepLogs({ containers, limits }, signal)
      watched.problem = undefined
      return waitMs ?? AFTER_FAILURE_MS
    } catch (error) {
      if (!signal.aborted) this.#failed(node, watched, error)
      return AFTER_FAILURE_MS
    }
  }

  /** Once for each problem: it is looked again every few seconds. */
  #failed(node: NodeName, watched: Watched, error: unknown): void {
    const problem = messageOf(error)
    if (watched.problem === problem) return
    watched.problem = problem
    const stack = blame(error) === 'bug' ? { stack: stackOf(error) } : {}
    this.#options.log('warn', `logs of containers could not be kept: ${problem}`, { node, ...stack })
  }
}

function runningOn({ pods, reachable }: ObservedNode): ReadonlyMap<string, RunningContainer> {
  const found = new Map<string, RunningContainer>()
  if (!reachable) return found
  for (const [uid, pod] of pods) {
    for (const { attempt, name: container, state } of pod.containers.values()) {
      if (state.kind === 'running') found.set(`${uid}/${container}/${attempt}`, { uid, container, attempt })
    }
  }
  return found
}
