import type {
  DaemonSet,
  Deployment,
  IntOrString,
  KubernetesObject,
} from '../../../../engine/api/generated/types.ts'
import { objectKey, type PodUid } from '../../../../engine/api/names.ts'
import type { NodeFact, SimulatedPod } from '../../../../engine/runtimes/simulated/pod.ts'
import {
  appOf,
  type ContainerFact,
  Endings,
  isDeleting,
  isDrained,
  isReadyOnRecord,
  isServing,
  type Law,
  type LawContext,
} from './law.ts'

/** A rollout never takes what serves under its floor, nor under what a budget keeps; it makes no pod over its ceiling. */
export function servingLaw(context: LawContext): Law & { readonly seePod: (pod: SimulatedPod) => void } {
  const watch = new ServingWatch(context)
  return {
    seeCommit: () => watch.seeCommit(),
    seePod: (pod) => watch.seePod(pod),
    seeFact: (fact) => {
      if (!context.undisturbed) return []
      if (fact.kind === 'created') watch.made(fact)
      const stopped = fact.kind === 'ended' && fact.by === 'engine' ? watch.stopped(fact) : []
      return [...stopped, ...watch.stillTooMany()]
    },
  }
}

class ServingWatch {
  readonly endings: Endings
  readonly #fleet: LawContext['fleet']
  /** Whoever ends one of these takes away from those that serve. */
  readonly #served = new Set<PodUid>()
  /** Apps of which a drain has taken pods since the last commit: a rollout's floor is nothing that a drain knows of. */
  readonly #drained = new Set<string>()
  readonly #inFlightMs: number
  /** By app: the pod that was made when there were enough, and when. */
  readonly #tooMany = new Map<string, { readonly name: string; readonly atMs: number }>()

  constructor(context: LawContext) {
    this.#fleet = context.fleet
    this.#inFlightMs = context.inFlightMs
    this.endings = new Endings(context)
  }

  seeCommit(): void {
    this.endings.seeCommit()
    this.#drained.clear()
  }

  seePod(pod: SimulatedPod): void {
    const app = appOf(pod)
    if (app !== undefined && isDrained(pod)) this.#drained.add(app)
    if (isReadyOnRecord(pod)) this.#served.add(pod.uid)
    this.endings.seeRecord(pod)
  }

  stopped({ pod: name, uid }: ContainerFact): readonly string[] {
    const pod = this.#fleet.podOf(uid)
    const app = pod && appOf(pod)
    if (pod === undefined || app === undefined) return []
    if (!this.#served.has(uid) || !this.endings.areOurs(uid)) return []
    const floor = this.#floorOf(app)
    if (floor === undefined) return []
    const others = this.#others(app, uid)
    // A daemon whose successor serves on its node takes nothing away.
    const isSucceeded = this.#isDaemon(app) && others.some(({ record }) => record.node === pod.record.node)
    const left = others.length
    return left < floor && !isSucceeded
      ? [
          `${name} was stopped: ${left} that serve are left, ${isDrained(pod) ? 'its budget keeps' : 'the floor is'} ${floor}`,
        ]
      : []
  }

  /**
   * Pods of a template that is past may be too many; no other one is made then. One may be made while the deletion of another is
   * under way, as in Kubernetes, whose Deployments count what their ReplicaSets are told to have: so it is looked at again.
   */
  made({ pod: name, uid }: NodeFact): void {
    const pod = this.#fleet.podOf(uid)
    const app = pod && appOf(pod)
    if (app === undefined || !this.endings.isSettled || this.#surplus(app) <= 0) return
    this.#tooMany.set(app, { name, atMs: this.#fleet.clock.elapsedMs })
  }

  /** Those that are too many for longer than anything can be under way. */
  stillTooMany(): readonly string[] {
    const broken: string[] = []
    for (const [app, { atMs, name }] of this.#tooMany) {
      if (this.#surplus(app) <= 0 || !this.endings.isSettled) this.#tooMany.delete(app)
      else if (this.#fleet.clock.elapsedMs > atMs + this.#inFlightMs)
        broken.push(`${name} was made, and ${app} has ${this.#surplus(app)} pods over its ceiling`)
    }
    return broken
  }

  /** How many pods are over the ceiling. */
  #surplus(app: string): number {
    const wanted = this.#wanted('Deployment', app)
    if (wanted?.kind !== 'Deployment') return 0
    const { replicas = 1, strategy } = wanted.spec
    const { maxSurge = '25%' } = strategy?.rollingUpdate ?? {}
    const ceiling = replicas + (strategy?.type === 'Recreate' ? 0 : Math.ceil(part(maxSurge, replicas)))
    return this.#fleet.pods.filter((pod) => appOf(pod) === app && !isDeleting(pod)).length - ceiling
  }

  #others(app: string, uid: PodUid): readonly SimulatedPod[] {
    const { elapsedMs } = this.#fleet.clock
    return this.#fleet.pods.filter(
      (other) =>
        other.uid !== uid && appOf(other) === app && !isDeleting(other) && isServing(other, elapsedMs),
    )
  }

  #floorOf(app: string): number | undefined {
    const deployment = this.#wanted('Deployment', app)
    const budget = this.#wanted('PodDisruptionBudget', app)
    if (deployment?.kind === 'Deployment')
      return this.#drained.has(app) ? budgetFloor(budget, deployment) : deploymentFloor(deployment, budget)
    const daemonSet = this.#wanted('DaemonSet', app)
    if (daemonSet?.kind === 'DaemonSet') return this.#daemonFloor(daemonSet)
    return undefined
  }

  #isDaemon(app: string): boolean {
    return this.#wanted('DaemonSet', app) !== undefined
  }

  #daemonFloor(daemonSet: DaemonSet): number {
    const nodes = this.#fleet.nodes.length
    const { maxUnavailable = 1 } = daemonSet.spec.updateStrategy?.rollingUpdate ?? {}
    return nodes - Math.ceil(part(maxUnavailable, nodes))
  }

  #wanted(kind: string, name: string): KubernetesObject | undefined {
    return this.#fleet.desired.objects.get(objectKey(kind, 'default', name))?.written
  }
}

function deploymentFloor({ spec }: Deployment, budget: KubernetesObject | undefined): number | undefined {
  if (spec.strategy?.type === 'Recreate') return undefined
  const { replicas = 1 } = spec
  const { maxSurge = '25%', maxUnavailable = '25%' } = spec.strategy?.rollingUpdate ?? {}
  const down = Math.floor(part(maxUnavailable, replicas))
  // Both nothing together mean one, so that a rollout can go on.
  const stuck = down === 0 && Math.ceil(part(maxSurge, replicas)) === 0
  const floor = replicas - (stuck ? 1 : down)
  return Math.max(floor, budgetFloor(budget, { spec }) ?? 0)
}

/** Both percents are rounded up, as Kubernetes does. */
function budgetFloor(
  budget: KubernetesObject | undefined,
  { spec: { replicas = 1 } }: Pick<Deployment, 'spec'>,
): number | undefined {
  if (budget?.kind !== 'PodDisruptionBudget') return undefined
  const { spec = {} } = budget
  if (spec.minAvailable !== undefined) return Math.min(replicas, Math.ceil(part(spec.minAvailable, replicas)))
  return replicas - Math.ceil(part(spec.maxUnavailable ?? 0, replicas))
}

function part(value: IntOrString, of: number): number {
  return typeof value === 'number' ? value : (Number.parseInt(value, 10) * of) / 100
}
