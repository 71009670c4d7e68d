import { isDeepStrictEqual } from 'node:util'
import type { NodeName, PodUid } from '../api/names.ts'
import type { PodAction } from '../api/plan.ts'
import { addressedServices } from '../api/services.ts'
import type { Desired, Snapshot } from '../api/snapshot.ts'
import { carryOut } from './actions/carryOut.ts'
import type { ActionWorld } from './actions/world.ts'
import { attemptsOf } from './attempts.ts'
import { millisecondsBetween } from './clock.ts'
import type { Pacing } from './pacing.ts'
import type { Stamp } from './podEntry.ts'
import { blame, problemOf, stackOf } from './problems.ts'
import type { Problem, ProgressEvent } from './progress.ts'
import type { Shared } from './shared.ts'
import { type Slots, slotsByNode } from './slots.ts'

export interface ExecutorOptions extends Shared {
  readonly pacing: Pacing
  /** The desired state that requests are made from: the newest. */
  readonly desired: () => Desired
  /** As they are now: what Services were given is among them. */
  readonly records: () => Snapshot['records']
  readonly progress: (event: ProgressEvent) => void
  /** An action has ended: look at its pod, by a look that begins now. */
  readonly ended: (node: NodeName, uid: PodUid) => void
  /** The way to a node failed. */
  readonly nodeLost: (node: NodeName) => void
}

/** What is done for one pod: one action at a time, and at most one that waits for it to end. */
interface Lane {
  action: PodAction
  cancel: AbortController
  /** Set once the action has ended, until a look that began later is merged in. */
  ended: Stamp | undefined
  next: PodAction | undefined
}

/** Carries out actions, those of different pods side by side, and keeps what is under way for the next snapshot. */
export class Executor {
  readonly #options: ExecutorOptions
  readonly #lanes = new Map<PodUid, Lane>()
  readonly #slots: ReadonlyMap<NodeName, Slots>
  readonly #promptSlots: ReadonlyMap<NodeName, Slots>
  readonly #running = new Set<Promise<void>>()

  constructor(options: ExecutorOptions) {
    this.#options = options
    this.#slots = slotsByNode(options.runtimes.keys(), options.limits.workPerNodeMax)
    this.#promptSlots = slotsByNode(options.runtimes.keys(), options.limits.promptPerNodeMax)
    options.signal.addEventListener('abort', () => this.#cancelAll(), { once: true })
  }

  busy(): ReadonlyMap<PodUid, PodAction> {
    return new Map([...this.#lanes].map(([uid, lane]) => [uid, lane.next ?? lane.action]))
  }

  /** Another action than the one under way cancels it, and begins when it has ended. */
  begin(action: PodAction): void {
    const lane = this.#lanes.get(action.uid)
    if (lane === undefined || lane.ended !== undefined) {
      this.#start(action)
      return
    }
    if (sameAttempt(lane.next ?? lane.action, action)) return
    lane.next = action
    lane.cancel.abort(new Error('a later plan wants something else'))
  }

  /** A look has been merged in: what ended before it began is no longer under way. True: something was let go. */
  looked(node: NodeName, uid?: PodUid): boolean {
    const candidates = uid === undefined ? [...this.#lanes.keys()] : [uid]
    const seen = candidates.filter((candidate) => this.#isSeen(node, candidate))
    for (const candidate of seen) this.#lanes.delete(candidate)
    return seen.length > 0
  }

  #isSeen(node: NodeName, uid: PodUid): boolean {
    const lane = this.#lanes.get(uid)
    if (lane === undefined || lane.action.node !== node || lane.ended === undefined) return false
    return this.#options.observer.lookedSince(node, uid, lane.ended)
  }

  /** Resolves when nothing is carried out any more. */
  async settled(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  #cancelAll(): void {
    for (const lane of this.#lanes.values()) {
      lane.next = undefined
      lane.cancel.abort(this.#options.signal.reason)
    }
  }

  #start(action: PodAction): void {
    if (this.#options.signal.aborted) return
    const lane: Lane = { action, cancel: new AbortController(), ended: undefined, next: undefined }
    this.#lanes.set(action.uid, lane)
    const life = this.#live(lane)
    this.#running.add(life)
    void life.finally(() => this.#running.delete(life))
  }

  async #live(lane: Lane): Promise<void> {
    await this.#perform(lane)
    const { action, next } = lane
    lane.ended = this.#options.observer.stamp()
    if (next !== undefined) this.#start(next)
    else this.#options.ended(action.node, action.uid)
  }

  async #perform(lane: Lane): Promise<void> {
    const { clock, progress, log } = this.#options
    const { action, cancel } = lane
    const began = clock.now()
    const problems: Problem[] = []
    progress({ kind: 'actionStarted', at: began.toString(), action })
    try {
      await carryOut(action, this.#world(action, cancel.signal, problems))
    } catch (error) {
      if (!cancel.signal.aborted) this.#judge(action, error, '', problems)
    }
    const now = clock.now()
    const at = now.toString()
    const durationMs = millisecondsBetween(began, now)
    if (cancel.signal.aborted) progress({ kind: 'actionCancelled', at, action })
    else if (problems.length > 0) progress({ kind: 'actionFailed', at, action, durationMs, problems })
    else progress({ kind: 'actionEnded', at, action, durationMs })
    log('debug', cancel.signal.aborted ? 'cancelled' : 'carried out', { ...fields(action), durationMs })
    if (!cancel.signal.aborted) this.#pace(action, problems, now)
  }

  #pace(action: PodAction, problems: readonly Problem[], now: Temporal.Instant): void {
    const { pacing, log } = this.#options
    if (problems.length > 0) pacing.failed(action, now)
    else if (action.kind === 'removePod') pacing.forget(action)
    else if (pacing.succeeded(action, now)) {
      log(
        'error',
        'a bug in the engine: the plan wants the same action again and again, which succeeds',
        fields(action),
      )
    }
  }

  #world(action: PodAction, signal: AbortSignal, problems: Problem[]): ActionWorld {
    const { runtimes, observer, clock, records } = this.#options
    const desired = this.#options.desired()
    const { node, uid } = action
    const runtime = runtimes.get(node)
    const slots = this.#slots.get(node)
    const promptSlots = this.#promptSlots.get(node)
    if (runtime === undefined || slots === undefined || promptSlots === undefined) {
      throw new Error(`${action.kind} of pod ${action.pod}: there is no runtime for node ${node}`)
    }
    const problem = (it: Problem): void => this.#fail(action, it, problems)
    const done = (container: string): void => observer.succeeded(node, uid, { action, container })
    return {
      runtime,
      clock,
      action,
      tell: this.#options.progress,
      desired,
      services: (namespace) => addressedServices(namespace, desired, records()),
      signal,
      node: () => observer.node(node),
      pod: () => observer.pod(node, uid),
      inSlot: (work) => slots.run(work, signal),
      promptly: (work) => promptSlots.run(work, signal),
      done,
      problem,
      attempt: async (container, work) => {
        try {
          const found = await work()
          if (found === undefined) done(container)
          else problem({ ...found, container })
        } catch (error) {
          signal.throwIfAborted()
          this.#judge(action, error, container, problems)
        }
      },
    }
  }

  #judge(action: PodAction, error: unknown, container: string, problems: Problem[]): void {
    const whose = blame(error)
    if (whose === 'bug') {
      this.#options.log('error', 'a bug in the engine: an action threw', {
        ...fields(action),
        stack: stackOf(error),
      })
    }
    if (whose === 'node') this.#options.nodeLost(action.node)
    this.#fail(action, problemOf(error, container), problems)
  }

  #fail(action: PodAction, problem: Problem, problems: Problem[]): void {
    const { observer, clock } = this.#options
    const { container, reason, message, certain } = problem
    problems.push(problem)
    const failure = { reason, message, certain, lastAt: clock.now().toString() }
    const wanted = action.kind === 'createPod' ? action.record : undefined
    observer.failed(action.node, action.uid, { action, container }, failure, wanted)
  }
}

/** A plan may repeat what is under way; that is no reason to begin it anew. */
function sameAttempt(one: PodAction, other: PodAction): boolean {
  if (one.kind !== other.kind) return false
  if (one.kind === 'updatePod' && other.kind === 'updatePod')
    return isDeepStrictEqual(one.record, other.record)
  return isDeepStrictEqual(attemptsOf(one), attemptsOf(other))
}

function fields(action: PodAction): { object: string; node: string; pod: string; action: string } {
  return { object: action.object, node: action.node, pod: action.pod, action: action.kind }
}
