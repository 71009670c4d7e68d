import type { ContainerAttempt, PodAction } from '../../engine/api/plan.ts'
import type { PodRecord } from '../../engine/api/records.ts'
import type { ContainerExit, ObservedContainer, ObservedPod } from '../../engine/api/snapshot.ts'
import { RESTART_DELAYS_SECONDS, restartsAfter } from '../../engine/kubelet/backOff.ts'
import type { PodContext } from '../../engine/kubelet/context.ts'
import { containerFacts, factsOf } from '../../engine/kubelet/facts.ts'
import { countProbe, type ProbeDue, probesOf } from '../../engine/kubelet/probes.ts'
import { resizedRecord } from '../../engine/kubelet/resize.ts'
import { podStep } from '../../engine/kubelet/step.ts'
import { earliest } from '../../engine/kubelet/time.ts'
import { at, attempt, context, now, observed } from './world.ts'

/** How one container behaves, in seconds. */
export interface Behaviour {
  /** Attempts that the runtime cannot start. */
  readonly failedStarts: number
  /** Attempts that end by themselves, with a code other than 0. */
  readonly crashes: number
  /** What it ends with after the crashes; absent: it runs for ever. */
  readonly endsWith?: number
  readonly runsFor: number
  /** Liveness and startup probes fail during the first attempts; readiness fails for 7 s for each of them. */
  readonly sickAttempts: number
  readonly failedHooks: number
}

export type Fault =
  | { readonly kind: 'reboot' | 'engineRestart' | 'delete' | 'hookDies'; readonly at: number }
  | { readonly kind: 'cutOff'; readonly at: number }

interface Event {
  readonly at: number
  readonly run: () => unknown
}

/** One pod on one node, with the restarts that the node makes by itself: enough to see where the kubelet's steps lead. */
export class ModelNode {
  pod: ObservedPod | undefined
  readonly actions: PodAction[] = []
  readonly starts: { readonly name: string; readonly attempt: number; readonly by: 'engine' | 'hook' }[] = []
  #seconds = 2
  #armed = true
  #hookAlive = true
  #boot = 0
  #disarms = 0
  #cutOff = false
  #events: Event[] = []
  readonly #behaviours: Readonly<Record<string, Behaviour>>

  constructor(record: PodRecord, behaviours: Readonly<Record<string, Behaviour>>, faults: readonly Fault[]) {
    this.pod = observed(record, {}, { sandbox: 'absent' })
    this.#behaviours = behaviours
    for (const fault of faults) this.#later(fault.at, () => this.#strike(fault.kind))
  }

  get seconds(): number {
    return this.#seconds
  }

  context(): PodContext {
    return context(this.#seconds)
  }

  /** One look at the pod: acts, or lets the time pass until there is something to look at. False: nothing will happen any more. */
  tick(): boolean {
    if (this.pod === undefined) return false
    const step = podStep(this.pod, this.context())
    if (step.action !== undefined) {
      this.actions.push(step.action)
      this.#apply(step.action)
      this.#seconds += 0.05
      this.#fire()
      return true
    }
    return this.#wait(step.requeueAt)
  }

  #wait(requeueAt: Temporal.Instant | undefined): boolean {
    if (this.pod === undefined) return false
    const dues = probesOf(this.pod, this.context())
    const soonest = dues.reduce(
      (time: Temporal.Instant | undefined, due) => earliest(time, due.dueAt),
      requeueAt,
    )
    const event = Math.min(...this.#events.map(({ at: time }) => time))
    const look =
      soonest === undefined ? Infinity : (soonest.epochMilliseconds - now(0).epochMilliseconds) / 1000
    if (Math.min(event, look) === Infinity) return false
    this.#seconds = Math.max(this.#seconds + 0.001, Math.min(event, look))
    this.#fire()
    this.#probe()
    return true
  }

  #probe(): void {
    if (this.pod === undefined) return
    for (const due of probesOf(this.pod, this.context())) {
      if (Temporal.Instant.compare(due.dueAt, now(this.#seconds)) > 0) continue
      const succeeded = this.#isWell(due)
      const result = { attempt: due.attempt, at: at(this.#seconds), succeeded, message: 'said' }
      const probes = new Map(this.pod.probes).set(due.key, countProbe(this.pod.probes.get(due.key), result))
      this.pod = { ...this.pod, probes }
    }
  }

  /** The first attempts fail the probes that end them; readiness only takes its time. */
  #isWell({ attempt: number, container, kind }: ProbeDue): boolean {
    const sick = this.#behaviours[container]?.sickAttempts ?? 0
    if (kind !== 'readiness') return number >= sick
    const state = this.pod?.containers.get(container)?.state
    return state?.kind === 'running' && state.startedAt < at(this.#seconds - 7 * sick)
  }

  #apply(action: PodAction): void {
    if (this.pod === undefined) return
    if ('record' in action) this.pod = { ...this.pod, record: action.record }
    if (this.#cutOff) {
      // The engine dies after it has written the record, and another one begins.
      this.#cutOff = false
      this.#strike('engineRestart')
      return
    }
    switch (action.kind) {
      case 'createPod':
        this.#armed = true
        this.pod = { ...this.pod, sandbox: 'ready' }
        return
      case 'startContainers':
        for (const container of action.containers) this.#start(container, 'engine')
        return
      case 'runPostStart':
        this.#endHook(action.container)
        return
      case 'stopContainers':
        if (action.disarm) this.#disarm()
        for (const stop of action.containers) this.#end(stop.name, stop.attempt, 143)
        return
      case 'updateVolumes':
        this.pod = { ...this.pod, volumes: { ...this.pod.volumes, ...action.volumes } }
        return
      case 'releasePod':
        this.#disarm()
        this.pod = { ...this.pod, sandbox: 'released' }
        return
      case 'removePod':
        this.pod = undefined
        return
      case 'mendPod': {
        if (this.pod === undefined) return
        const { damage: _, ...pod } = this.pod
        this.pod = pod
        return
      }
      case 'resizePod':
        this.pod = { ...this.pod, record: resizedRecord(action.record, this.pod) }
        return
      case 'updatePod':
      case 'deletePod':
        return
      default:
        return action satisfies never
    }
  }

  /** Nothing comes again by itself from here on. */
  #disarm(): void {
    this.#armed = false
    this.#disarms += 1
    for (const container of this.pod?.containers.values() ?? []) {
      const { state } = container
      if (state.kind === 'exited') this.#put({ ...container, state: { kind: 'exited', exit: state.exit } })
    }
  }

  #start({ attempt: number, name }: ContainerAttempt, by: 'engine' | 'hook'): void {
    const behaviour = this.#behaviours[name]
    if (this.pod === undefined || behaviour === undefined) return
    const before = this.pod.containers.get(name)
    if (before?.state.kind === 'running') throw new Error(`${name} is started while it runs`)
    if (by === 'engine' && number < behaviour.failedStarts && before === undefined) {
      const count = (this.pod.failures.get(name)?.count ?? 0) + 1
      if (count <= behaviour.failedStarts) {
        const failure = {
          reason: 'ErrImagePull',
          message: 'no',
          count,
          lastAt: at(this.#seconds),
          certain: false,
        }
        this.pod = { ...this.pod, failures: new Map(this.pod.failures).set(name, failure) }
        return
      }
    }
    this.starts.push({ name, attempt: number, by })
    const failures = new Map(this.pod.failures)
    failures.delete(name)
    this.pod = { ...this.pod, failures }
    const previous = before?.state.kind === 'exited' ? before.state.exit : undefined
    this.#put(attempt(name, number, { kind: 'running', startedAt: at(this.#seconds) }, previous))
    const code = number < behaviour.crashes ? 1 : behaviour.endsWith
    if (code !== undefined)
      this.#later(this.#seconds + behaviour.runsFor, () => this.#end(name, number, code))
  }

  #end(name: string, number: number, exitCode: number): void {
    const container = this.pod?.containers.get(name)
    if (container?.attempt !== number || container.state.kind !== 'running') return
    const { startedAt } = container.state
    const finishedAt = at(this.#seconds)
    const exit: ContainerExit = {
      attempt: number,
      exitCode,
      startedAt,
      finishedAt,
      oomKilled: false,
      startFailed: false,
    }
    const facts = this.pod && containerFacts(factsOf(this.pod.record.pod.spec), name)
    const restarts = this.#armed && facts !== undefined && restartsAfter(facts, exit)
    if (!restarts) return this.#put({ ...container, state: { kind: 'exited', exit } })
    const restart = this.#seconds + (RESTART_DELAYS_SECONDS[Math.min(number, 6)] ?? 0)
    this.#put({ ...container, state: { kind: 'exited', exit, restartAt: at(restart) } })
    // A hook that waits outlives neither the machine nor being disarmed.
    const boot = this.#boot
    const disarms = this.#disarms
    this.#later(
      restart,
      () => this.#boot === boot && this.#disarms === disarms && this.#restart(name, number + 1),
    )
  }

  /** What the node's hook does, unless it is disarmed or dead, or somebody else was faster. */
  #restart(name: string, number: number): void {
    const container = this.pod?.containers.get(name)
    if (!this.#armed || !this.#hookAlive || this.pod?.sandbox !== 'ready') return
    if (container?.state.kind === 'exited' && container.attempt === number - 1)
      this.#start({ name, attempt: number }, 'hook')
  }

  #endHook({ attempt: number, name }: ContainerAttempt): void {
    const entry = this.pod?.record.containers[name]
    if (this.pod === undefined || entry?.postStart === undefined) return
    const failed = number < (this.#behaviours[name]?.failedHooks ?? 0)
    const postStart = {
      ...entry.postStart,
      endedAt: at(this.#seconds),
      ...(failed && { failure: 'exit code 1' }),
    }
    const containers = { ...this.pod.record.containers, [name]: { ...entry, postStart } }
    this.pod = { ...this.pod, record: { ...this.pod.record, containers } }
  }

  #strike(kind: Fault['kind']): void {
    if (this.pod === undefined) return
    switch (kind) {
      case 'delete': {
        const { record } = this.pod
        const metadata = {
          ...record.pod.metadata,
          deletionTimestamp: at(this.#seconds),
          deletionGracePeriodSeconds: 30,
        }
        this.pod = { ...this.pod, record: { ...record, pod: { ...record.pod, metadata } } }
        this.#armed = false
        return
      }
      case 'reboot':
        this.#armed = false
        this.#boot += 1
        for (const { attempt: number, name } of this.pod.containers.values()) this.#end(name, number, 137)
        this.pod = {
          ...this.pod,
          sandbox: this.pod.sandbox === 'released' ? 'released' : 'broken',
          probes: new Map(),
          failures: new Map(),
        }
        return
      case 'engineRestart':
        this.pod = { ...this.pod, probes: new Map(), failures: new Map() }
        return
      case 'hookDies':
        this.#hookAlive = false
        return
      case 'cutOff':
        this.#cutOff = true
        return
      default:
        return kind satisfies never
    }
  }

  #put(container: ObservedContainer): void {
    if (this.pod === undefined) return
    this.pod = { ...this.pod, containers: new Map(this.pod.containers).set(container.name, container) }
  }

  #later(seconds: number, run: () => unknown): void {
    this.#events.push({ at: seconds, run })
  }

  #fire(): void {
    for (;;) {
      const due = this.#events.filter(({ at: time }) => time <= this.#seconds).toSorted((a, b) => a.at - b.at)
      const [first] = due
      if (first === undefined) return
      this.#events = this.#events.filter((event) => event !== first)
      first.run()
    }
  }
}
