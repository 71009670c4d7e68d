import { intOrPercent } from './percent.ts'
import type { Deployment } from '../../../engine/api/generated/types.ts'
import type { PodUid } from '../../../engine/api/names.ts'
import type { Desired } from '../../../engine/api/snapshot.ts'
import type { SimulatedNode } from '../../../engine/runtimes/simulated/node.ts'
import type { NodeFact, SimulatedPod } from '../../../engine/runtimes/simulated/pod.ts'

export interface Promises {
  /** Containers end by nobody's hand but ours: then the floor is ours to hold, and nothing starts a second time. */
  readonly undisturbed: boolean
}

/** Looks at every fact on the node as it happens, and collects what must not have happened. */
export class Watch {
  readonly broken: string[] = []
  readonly #node: SimulatedNode
  readonly #promises: Promises
  /** Pods that have been seen to be ready: whoever ends one of them takes away from those that serve. */
  readonly #served = new Set<PodUid>()
  #desired: Desired | undefined
  /** In the world's own time: the clock that the engine sees may be set. */
  #sinceMs: number
  readonly #decidedAtMs = new Map<PodUid, number>()

  constructor(node: SimulatedNode, promises: Promises) {
    this.#node = node
    this.#promises = promises
    this.#sinceMs = node.clock.elapsedMs
    node.onFact = (fact) => this.#see(fact)
    node.onRecord = (pod) => {
      if (isReady(pod)) this.#served.add(pod.uid)
      if (isDeleting(pod)) this.#decidedAtMs.getOrInsert(pod.uid, node.clock.elapsedMs)
    }
  }

  /** The commit that is wanted from now on. */
  expect(desired: Desired): void {
    this.#desired = desired
    this.#sinceMs = this.#node.clock.elapsedMs
  }

  #see(fact: NodeFact): void {
    if (fact.kind === 'started') this.#seeStart(fact)
    if (fact.kind === 'ended' && fact.by === 'engine') this.#seeStop(fact)
  }

  #seeStart({ uid, pod, container, attempt }: Extract<NodeFact, { kind: 'started' | 'ended' }>): void {
    const twins = [...this.#node.pods.values()].filter(
      (other) => other.uid !== uid && nameOf(other) === pod && isAlive(other),
    )
    for (const twin of twins)
      this.broken.push(`${pod} (${uid}) was started while ${twin.uid} of that name runs`)
    if (this.#promises.undisturbed && attempt > 0) {
      this.broken.push(`${container} of ${pod} was started a second time (attempt ${attempt})`)
    }
  }

  #seeStop({ uid, pod }: Extract<NodeFact, { kind: 'started' | 'ended' }>): void {
    const victim = this.#node.pods.get(uid)
    const wanted = victim && this.#deploymentOf(victim)
    if (victim === undefined || wanted === undefined || !this.#promises.undisturbed) return
    if (!this.#served.has(uid) || !this.#isOurs(victim) || wanted.spec.strategy?.type === 'Recreate') return
    const replicas = wanted.spec.replicas ?? 1
    const most = intOrPercent(wanted.spec.strategy?.rollingUpdate?.maxUnavailable ?? '25%', replicas)
    const left = [...this.#node.pods.values()].filter(
      (other) =>
        other.uid !== uid &&
        this.#deploymentOf(other) === wanted &&
        isServing(other, this.#node.clock.elapsedMs) &&
        !isDeleting(other),
    )
    // maxSurge 0 and maxUnavailable 0 % together mean 1, so that a rollout can go on
    const floor = replicas - Math.max(most, noSurge(wanted, replicas) ? 1 : 0)
    if (left.length < floor)
      this.broken.push(`${pod} was stopped: ${left.length} ready pods left, the floor is ${floor}`)
  }

  /** Decided for the present commit, and not for the one before, which is carried on with. */
  #isOurs({ uid }: SimulatedPod): boolean {
    return (this.#decidedAtMs.get(uid) ?? Number.POSITIVE_INFINITY) > this.#sinceMs
  }

  #deploymentOf(pod: SimulatedPod): Deployment | undefined {
    const app = pod.record.pod.metadata.labels?.['app']
    const object =
      this.#desired && [...this.#desired.objects.values()].find((one) => one.object.metadata?.name === app)
    return object?.written.kind === 'Deployment' ? object.written : undefined
  }
}

function noSurge(wanted: Deployment, replicas: number): boolean {
  return intOrPercent(wanted.spec.strategy?.rollingUpdate?.maxSurge ?? '25%', replicas, 'up') === 0
}

function nameOf({ record }: SimulatedPod): string {
  return `${record.pod.metadata.namespace}/${record.pod.metadata.name}`
}

function isAlive({ containers }: SimulatedPod): boolean {
  return [...containers.values()].some(({ state }) => state.kind === 'running')
}

function isDeleting({ record }: SimulatedPod): boolean {
  return record.pod.metadata.deletionTimestamp !== undefined
}

/** What its probes would be told now: the records lag behind by as long as the node is slow. */
function isServing({ containers, record }: SimulatedPod, nowMs: number): boolean {
  return record.pod.spec.containers.every(({ name, readinessProbe }) => {
    const container = containers.get(name)
    if (container?.state.kind !== 'running') return false
    const ranMs = nowMs - container.startedMs
    const { exec, readyAfterMs = 0 } = container.script
    if (readinessProbe === undefined) return true
    return exec === undefined ? ranMs >= readyAfterMs : exec(['probe'], ranMs).exitCode === 0
  })
}

function isReady({ record }: SimulatedPod): boolean {
  return record.conditions.some(({ type, status }) => type === 'Ready' && status === 'True')
}
