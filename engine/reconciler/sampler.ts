import type { NodeName, PodUid } from '../api/names.ts'
import type { ContainerUsage, ObservedPod, PodUsage } from '../api/snapshot.ts'
import type { ContainerStats } from '../runtimes/runtime.ts'
import { Bell } from './bell.ts'
import { after, millisecondsBetween } from './clock.ts'
import { blame, messageOf, stackOf } from './problems.ts'
import type { Shared } from './shared.ts'
import { type Slots, slotsByNode } from './slots.ts'

export interface SamplerOptions extends Shared {
  /** A usage came that may change a decision. */
  readonly wake: () => void
}

/** What was read of one pod at one time. */
interface Reading {
  readonly at: Temporal.Instant
  readonly stats: readonly ContainerStats[]
  /** By container: a later one is another process, whose time begins anew. */
  readonly attempts: ReadonlyMap<string, number>
}

interface Tracked {
  readonly node: NodeName
  dueAt: Temporal.Instant
  last: Reading | undefined
  /** `waiting`: nothing of it runs. `begun`: something does, and the next reading is the first one to count from. */
  stage: 'waiting' | 'begun' | 'measured'
  underWay: boolean
}

/** A pod that does not run yet is looked at soon, and once more when it does: a window that counts begins when it is ready. */
const BEGIN_MS = 1000

/** Reads what pods use, again and again, and tells the observer the difference. Only the pods that a plan asked for. */
export class Sampler {
  readonly #options: SamplerOptions
  readonly #bell = new Bell()
  readonly #tracked = new Map<PodUid, Tracked>()
  readonly #slots: ReadonlyMap<NodeName, Slots>

  constructor(options: SamplerOptions) {
    this.#options = options
    this.#slots = slotsByNode(options.runtimes.keys(), options.limits.inspectionsPerNodeMax)
  }

  /** After every tick. A pod that is new here is read at once. */
  update(uids: ReadonlySet<PodUid>): void {
    for (const [uid, { node }] of this.#tracked) {
      if (uids.has(uid)) continue
      this.#tracked.delete(uid)
      this.#options.observer.measured(node, uid, undefined)
    }
    if (uids.size === 0) return
    const { clock, observer } = this.#options
    for (const { name, pods, reachable } of observer.observed().nodes.values()) {
      if (!reachable) continue
      for (const uid of pods.keys()) {
        if (!uids.has(uid) || this.#tracked.has(uid)) continue
        this.#tracked.set(uid, {
          node: name,
          dueAt: clock.now(),
          last: undefined,
          stage: 'begun',
          underWay: false,
        })
        this.#bell.ring()
      }
    }
  }

  /** Until the signal is aborted. */
  async run(): Promise<void> {
    const { clock, signal } = this.#options
    while (!signal.aborted) {
      const next = this.#beginDue(clock.now())
      await this.#bell.wait(clock, next, signal)
    }
  }

  /** Begins what is due; when the next one will be. */
  #beginDue(now: Temporal.Instant): Temporal.Instant | undefined {
    let next: Temporal.Instant | undefined
    for (const [uid, tracked] of this.#tracked) {
      if (tracked.underWay) continue
      if (this.#isDue(tracked, now)) void this.#read(uid, tracked)
      else if (next === undefined || Temporal.Instant.compare(tracked.dueAt, next) < 0) next = tracked.dueAt
    }
    return next
  }

  /** Further ahead than one window, it was reckoned before the clock was set back. */
  #isDue({ dueAt }: Tracked, now: Temporal.Instant): boolean {
    const aheadMs = millisecondsBetween(now, dueAt)
    return aheadMs <= 0 || aheadMs > this.#options.limits.usageWindowMs
  }

  async #read(uid: PodUid, tracked: Tracked): Promise<void> {
    const { clock, limits, runtimes, signal } = this.#options
    const { node } = tracked
    tracked.underWay = true
    let waitMs = limits.usageWindowMs
    try {
      await this.#slots.get(node)?.run(async () => {
        const at = clock.now()
        const attempts = attemptsIn(this.#options.observer.pod(node, uid))
        const stats = attempts.size === 0 ? [] : ((await runtimes.get(node)?.stats(uid, signal)) ?? [])
        this.#compare(uid, tracked, { at, stats, attempts })
      }, signal)
      if (tracked.stage !== 'measured') waitMs = Math.min(BEGIN_MS, waitMs)
    } catch (error) {
      if (!signal.aborted) this.#unread(uid, tracked, error)
    } finally {
      tracked.dueAt = after(clock.now(), waitMs)
      tracked.underWay = false
      this.#bell.ring()
    }
  }

  #compare(uid: PodUid, tracked: Tracked, reading: Reading): void {
    const { last, node, stage } = tracked
    if (reading.attempts.size === 0) tracked.stage = 'waiting'
    else if (stage === 'waiting') tracked.stage = 'begun'
    else {
      tracked.stage = 'measured'
      tracked.last = reading
    }
    if (stage !== 'measured' || last === undefined || this.#tracked.get(uid) !== tracked) return
    const usage = usageBetween(last, reading)
    if (usage === undefined) return
    this.#options.observer.measured(node, uid, usage)
    this.#options.wake()
  }

  /** Told as a usage of no containers: somebody did ask. */
  #unread(uid: PodUid, tracked: Tracked, error: unknown): void {
    const { clock, limits, log, observer } = this.#options
    const { node } = tracked
    const stack = blame(error) === 'bug' ? { stack: stackOf(error) } : {}
    const pod = observer.pod(node, uid)?.record.pod.metadata.name ?? uid
    log('warn', `what pod ${pod} uses could not be read: ${messageOf(error)}`, { node, pod, ...stack })
    tracked.last = undefined
    tracked.stage = 'begun'
    const at = clock.now().toString({ smallestUnit: 'millisecond' })
    observer.measured(node, uid, { at, windowMs: limits.usageWindowMs, containers: new Map() })
  }
}

function attemptsIn(pod: ObservedPod | undefined): ReadonlyMap<string, number> {
  const running = [...(pod?.containers.values() ?? [])].filter(({ state }) => state.kind === 'running')
  return new Map(running.map(({ attempt, name }) => [name, attempt]))
}

/** Undefined when the clock was set in between. */
export function usageBetween(first: Reading, second: Reading): PodUsage | undefined {
  const windowMs = millisecondsBetween(first.at, second.at)
  if (windowMs <= 0) return undefined
  const before = new Map(first.stats.map((one) => [one.container, one]))
  const containers = new Map<string, ContainerUsage>()
  for (const { container, cpuNanoseconds, memoryBytes } of second.stats) {
    const attempt = second.attempts.get(container)
    if (attempt === undefined || first.attempts.get(container) !== attempt) continue
    const used = cpuNanoseconds - (before.get(container)?.cpuNanoseconds ?? Number.POSITIVE_INFINITY)
    if (used < 0) continue
    containers.set(container, { cpuMillis: Math.ceil(used / 1000 / windowMs), memoryBytes })
  }
  return {
    at: second.at.toString({ smallestUnit: 'millisecond' }),
    windowMs: Math.round(windowMs),
    containers,
  }
}
