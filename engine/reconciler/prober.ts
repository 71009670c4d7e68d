import type { NodeName, PodUid } from '../api/names.ts'
import type { Desired, Observed, ObservedPod, ProbeKey, ProbeTally } from '../api/snapshot.ts'
import type { ProbeDue } from '../kubelet/probes.ts'
import { countProbe, probesOf } from '../kubelet/probes.ts'
import { Bell } from './bell.ts'
import { nameOf } from './changes.ts'
import type { Runtime } from '../runtimes/runtime.ts'
import { after, type Clock, millisecondsBetween } from './clock.ts'
import type { HandlerResult } from './handlers.ts'
import { runProbe } from './handlers.ts'
import { type PlannedProbe, ProbeQueue } from './probeQueue.ts'
import { blame, messageOf, stackOf } from './problems.ts'
import type { ProbeEvent } from './progress.ts'
import type { Shared } from './shared.ts'
import { type Slots, slotsByNode } from './slots.ts'
import { beforeEnd } from './within.ts'

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
  /** Those that wait for their time; the others are being asked. */
  readonly waiting: Map<ProbeKey, PlannedProbe>
}

/** Runs probes when they fall due and tells the observer what came of them. */
export class Prober {
  readonly #options: ProberOptions
  readonly #bell = new Bell()
  readonly #schedules = new Map<PodUid, Schedule>()
  readonly #queue = new ProbeQueue()
  /** By pod, probe and attempt: none runs twice at a time. */
  readonly #underWay = new Set<string>()
  readonly #slots: ReadonlyMap<NodeName, Slots>
  #lookedAt: Temporal.Instant | undefined

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
    for (const uid of gone) this.#forget(uid)
  }

  #schedule(node: NodeName, uid: PodUid, pod: ObservedPod): void {
    const { clock, observer, desired } = this.#options
    this.#forget(uid)
    const schedule: Schedule = { node, pod, waiting: new Map() }
    this.#schedules.set(uid, schedule)
    for (const due of probesOf(pod, { now: clock.now(), node: observer.node(node), desired: desired() }))
      this.#await(uid, schedule, due, due.dueAt)
  }

  #forget(uid: PodUid): void {
    const schedule = this.#schedules.get(uid)
    if (schedule === undefined) return
    for (const planned of schedule.waiting.values()) this.#queue.remove(planned)
    this.#schedules.delete(uid)
  }

  #await(uid: PodUid, { node, waiting }: Schedule, due: ProbeDue, dueAt: Temporal.Instant): void {
    if (this.#underWay.has(idOf(uid, due))) return
    const now = this.#options.clock.now()
    const planned: PlannedProbe = { node, uid, due, at: isBeyond(due, dueAt, now) ? now : dueAt }
    waiting.set(due.key, planned)
    if (this.#queue.add(planned)) this.#bell.ring()
  }

  /** Until the signal is aborted. */
  async run(): Promise<void> {
    const { clock, signal } = this.#options
    while (!signal.aborted) {
      this.#beginDue(clock.now())
      await this.#bell.wait(clock, this.#queue.nextAt, signal)
    }
  }

  #beginDue(now: Temporal.Instant): void {
    if (this.#lookedAt !== undefined && Temporal.Instant.compare(now, this.#lookedAt) < 0) this.#reckonAnew()
    this.#lookedAt = now
    for (const { due, node, uid } of this.#queue.take(now)) {
      this.#schedules.get(uid)?.waiting.delete(due.key)
      void this.#probe(node, uid, due)
    }
  }

  /** The clock was set back. */
  #reckonAnew(): void {
    for (const { at, due, uid } of this.#queue.empty()) {
      const schedule = this.#schedules.get(uid)
      if (schedule !== undefined) this.#await(uid, schedule, due, at)
    }
  }

  async #probe(node: NodeName, uid: PodUid, due: ProbeDue): Promise<void> {
    const id = idOf(uid, due)
    this.#underWay.add(id)
    // the period runs from one beginning to the next, however long the answer takes
    const at = this.#options.clock.now()
    try {
      const result = await this.#slots.get(node)?.run(() => this.#ask(node, uid, due), this.#options.signal)
      this.#underWay.delete(id)
      if (result !== undefined && !this.#options.signal.aborted) this.#count(node, uid, due, at, result)
    } catch (error) {
      this.#underWay.delete(id)
      if (!this.#options.signal.aborted) this.#unanswered(node, uid, due, error)
    }
  }

  async #ask(node: NodeName, uid: PodUid, due: ProbeDue): Promise<HandlerResult | undefined> {
    const { runtimes, clock, signal } = this.#options
    const runtime = runtimes.get(node)
    if (runtime === undefined) return undefined
    const { container, target, timeoutMs } = due
    // Over a line a command's own time would begin before the line has brought it there: then it ends with the question.
    const place = { runtime, uid, container, clock, timeoutMs: timeoutMs + lineMsMax(runtime) }
    const asked = await beforeEnd(
      (both) => timeOn(runtime, timeoutMs, clock, both),
      signal,
      (both) => (this.#options.ask ?? runProbe)(target, { ...place, signal: both }),
    )
    if (asked.kind === 'done') return asked.value
    return { succeeded: false, message: `no answer within ${timeoutMs} ms` }
  }

  #count(node: NodeName, uid: PodUid, due: ProbeDue, at: Temporal.Instant, result: HandlerResult): void {
    const { observer, wake } = this.#options
    const seen = observer.pod(node, uid)
    const before = seen?.probes.get(due.key)
    const tally = countProbe(before, { ...result, attempt: due.attempt, at: at.toString() })
    observer.tally(node, uid, due.key, tally)
    this.#tell(node, uid, due, before, tally)
    const matters = mayMatter(tally, due)
    this.#next(node, uid, due, seen, matters ? undefined : at)
    if (matters) wake()
  }

  /** `askedAt`: the pod's probes stay the same, and this one is asked again a period later. */
  #next(
    node: NodeName,
    uid: PodUid,
    due: ProbeDue,
    seen: ObservedPod | undefined,
    askedAt: Temporal.Instant | undefined,
  ): void {
    const { observer } = this.#options
    const pod = observer.pod(node, uid)
    const schedule = this.#schedules.get(uid)
    // An answer from a node that does not answer any more: when it does again, its pods are scheduled anew.
    if (pod === undefined || !observer.reachable(node)) this.#forget(uid)
    else if (askedAt === undefined || schedule?.pod !== seen || schedule === undefined)
      this.#schedule(node, uid, pod)
    else {
      const same: Schedule = { ...schedule, pod }
      this.#schedules.set(uid, same)
      this.#await(uid, same, due, after(askedAt, periodMs(due)))
    }
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
    this.#await(uid, schedule, due, after(clock.now(), Math.max(periodMs(due), limits.retryMinMs)))
  }
}

/** What a probe asks of a node one after the other, at most: a connection, a request, a process and its end. */
const QUESTIONS_MAX = 10

/**
 * The time that a container has to answer. Where its node is behind a line, the line has its own besides: as long as so many questions to the node
 * itself take just now. So a slow line makes no pod unready and ends no container. Rejects when the node does not answer.
 */
async function timeOn(
  { ping }: Pick<Runtime, 'ping'>,
  timeoutMs: number,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  await clock.sleepUntil(after(clock.now(), timeoutMs), signal)
  for (let count = 0; ping !== undefined && count < QUESTIONS_MAX && !signal.aborted; count += 1)
    await ping(signal)
}

/** More than {@link timeOn} ever waits for a line that answers. */
function lineMsMax({ ping }: Pick<Runtime, 'ping'>): number {
  return ping === undefined ? 0 : 600_000
}

/** Once a result has come more often in a row than any threshold asks for, one more like it changes nothing. */
function mayMatter(tally: ProbeTally, { probe }: ProbeDue): boolean {
  return tally.inARow <= Math.max(probe.successThreshold ?? 1, probe.failureThreshold ?? 3)
}

/** Further ahead than any probe's next time can be, it was reckoned before the clock was set back. */
function isBeyond(due: ProbeDue, dueAt: Temporal.Instant, now: Temporal.Instant): boolean {
  const { initialDelaySeconds = 0 } = due.probe
  return millisecondsBetween(now, dueAt) > (initialDelaySeconds + 1) * 1_000 + periodMs(due)
}

function periodMs({ probe }: ProbeDue): number {
  return (probe.periodSeconds ?? 10) * 1_000
}

function idOf(uid: PodUid, due: ProbeDue): string {
  return `${uid} ${due.key} ${due.attempt}`
}
