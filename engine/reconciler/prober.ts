import type { NodeName, PodUid } from '../api/names.ts'
import type { Desired, Observed, ObservedPod, ProbeTally } from '../api/snapshot.ts'
import type { ProbeDue, ProbeResult } from '../kubelet/probes.ts'
import { countProbe, probesOf } from '../kubelet/probes.ts'
import { Bell } from './bell.ts'
import { nameOf } from './changes.ts'
import { after, millisecondsBetween } from './clock.ts'
import type { HandlerResult } from './handlers.ts'
import { runProbe } from './handlers.ts'
import { blame, messageOf, stackOf } from './problems.ts'
import type { ProbeEvent } from './progress.ts'
import type { Shared } from './shared.ts'
import { type Slots, slotsByNode } from './slots.ts'
import { within } from './within.ts'

export interface ProberOptions extends Shared {
  readonly desired: () => Desired
  /** A result came that may change a decision. */
  readonly wake: () => void
  readonly progress?: (event: ProbeEvent) => void
  /** How a probe is asked, unless a rehearsal answers for the containers. */
  readonly ask?: typeof runProbe
}

/** The probes of one pod as it was last seen. */
interface Schedule {
  readonly node: NodeName
  readonly pod: ObservedPod
  readonly probes: readonly ProbeDue[]
}

/** Runs probes when they fall due and tells the observer what came of them. */
export class Prober {
  readonly #options: ProberOptions
  readonly #bell = new Bell()
  readonly #schedules = new Map<PodUid, Schedule>()
  /** By pod, probe and attempt: none runs twice at a time. */
  readonly #underWay = new Set<string>()
  readonly #slots: ReadonlyMap<NodeName, Slots>

  constructor(options: ProberOptions) {
    this.#options = options
    this.#slots = slotsByNode(options.runtimes.keys(), options.limits.probesPerNodeMax)
  }

  /** After every tick. A pod that has not changed costs one comparison. */
  update({ nodes }: Observed): void {
    const gone = new Set(this.#schedules.keys())
    for (const node of nodes.values()) {
      if (!node.reachable) continue
      for (const [uid, pod] of node.pods) {
        gone.delete(uid)
        if (this.#schedules.get(uid)?.pod !== pod) this.#schedule(node.name, uid, pod)
      }
    }
    for (const uid of gone) this.#schedules.delete(uid)
    this.#bell.ring()
  }

  #schedule(node: NodeName, uid: PodUid, pod: ObservedPod): void {
    const { clock, observer, desired } = this.#options
    const probes = probesOf(pod, { now: clock.now(), node: observer.node(node), desired: desired() })
    this.#schedules.set(uid, { node, pod, probes })
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
    for (const [uid, { node, probes }] of this.#schedules) {
      for (const due of probes) {
        if (this.#underWay.has(idOf(uid, due))) continue
        if (isDue(due, now)) void this.#probe(node, uid, due)
        else if (next === undefined || Temporal.Instant.compare(due.dueAt, next) < 0) next = due.dueAt
      }
    }
    return next
  }

  async #probe(node: NodeName, uid: PodUid, due: ProbeDue): Promise<void> {
    const id = idOf(uid, due)
    this.#underWay.add(id)
    // the period runs from one beginning to the next, however long the answer takes
    const at = this.#options.clock.now().toString()
    try {
      const result = await this.#slots.get(node)?.run(() => this.#ask(node, uid, due), this.#options.signal)
      if (result !== undefined && !this.#options.signal.aborted)
        this.#count(node, uid, due, { ...result, at })
    } catch (error) {
      if (!this.#options.signal.aborted) this.#unanswered(node, uid, due, error)
    } finally {
      this.#underWay.delete(id)
      this.#bell.ring()
    }
  }

  async #ask(node: NodeName, uid: PodUid, due: ProbeDue): Promise<HandlerResult | undefined> {
    const { runtimes, clock, signal } = this.#options
    const runtime = runtimes.get(node)
    if (runtime === undefined) return undefined
    const { container, target, timeoutMs } = due
    const asked = await within(clock, timeoutMs, signal, (both) =>
      (this.#options.ask ?? runProbe)(target, { runtime, uid, container, clock, signal: both, timeoutMs }),
    )
    if (asked.kind === 'done') return asked.value
    return { succeeded: false, message: `no answer within ${timeoutMs} ms` }
  }

  #count(node: NodeName, uid: PodUid, due: ProbeDue, result: Omit<ProbeResult, 'attempt'>): void {
    const { observer, wake } = this.#options
    const before = observer.pod(node, uid)?.probes.get(due.key)
    const tally = countProbe(before, { ...result, attempt: due.attempt })
    observer.tally(node, uid, due.key, tally)
    this.#tell(node, uid, due, before, tally)
    const pod = observer.pod(node, uid)
    // An answer from a node that does not answer any more: when it does again, its pods are scheduled anew.
    if (pod !== undefined && observer.reachable(node)) this.#schedule(node, uid, pod)
    else this.#schedules.delete(uid)
    if (mayMatter(tally, due)) wake()
  }

  #tell(node: NodeName, uid: PodUid, due: ProbeDue, before: ProbeTally | undefined, now: ProbeTally): void {
    const { observer, progress } = this.#options
    const pod = observer.pod(node, uid)
    if (progress === undefined || pod === undefined) return
    const { attempt, container, kind: probe } = due
    const about = { at: now.lastAt, uid, node, pod: nameOf(pod), container, attempt, probe }
    if (!now.lastSucceeded) {
      progress({ kind: 'probeFailed', ...about, message: now.message, failures: now.inARow })
    } else if (before?.attempt === attempt && !before.lastSucceeded) {
      progress({ kind: 'probeRecovered', ...about, failures: before.inARow })
    }
  }

  /** The command could not be run: the probe says nothing of the container and counts neither way, but is asked again. */
  #unanswered(node: NodeName, uid: PodUid, due: ProbeDue, error: unknown): void {
    const { clock, log, limits, observer } = this.#options
    const stack = blame(error) === 'bug' ? { stack: stackOf(error) } : {}
    const name = observer.pod(node, uid)?.record.pod.metadata.name ?? uid
    log('warn', `${due.key} probe could not be run: ${messageOf(error)}`, { node, pod: name, ...stack })
    const schedule = this.#schedules.get(uid)
    if (schedule === undefined) return
    const periodMs = (due.probe.periodSeconds ?? 10) * 1_000
    const dueAt = after(clock.now(), Math.max(periodMs, limits.retryMinMs))
    const probes = schedule.probes.map((it) => (it.key === due.key ? { ...it, dueAt } : it))
    this.#schedules.set(uid, { ...schedule, probes })
  }
}

/** Once a result has come more often in a row than any threshold asks for, one more like it changes nothing. */
function mayMatter(tally: ProbeTally, { probe }: ProbeDue): boolean {
  return tally.inARow <= Math.max(probe.successThreshold ?? 1, probe.failureThreshold ?? 3)
}

/** Further ahead than any probe's next time can be, it was reckoned before the clock was set back. */
function isDue({ dueAt, probe }: ProbeDue, now: Temporal.Instant): boolean {
  const { initialDelaySeconds = 0, periodSeconds = 10 } = probe
  const aheadMs = millisecondsBetween(now, dueAt)
  return aheadMs <= 0 || aheadMs > (initialDelaySeconds + periodSeconds + 1) * 1_000
}

function idOf(uid: PodUid, due: ProbeDue): string {
  return `${uid} ${due.key} ${due.attempt}`
}
