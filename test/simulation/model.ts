import { nodeName, type NodeName, type ObjectKey, podUid, type PodUid } from '../../engine/api/names.ts'
import type { Action, PodAction } from '../../engine/api/plan.ts'
import type { Failure, ObjectRecord, PodRecord } from '../../engine/api/records.ts'
import type {
  ContainerState,
  Desired,
  ObservedContainer,
  ObservedNode,
  ObservedPod,
  Snapshot,
} from '../../engine/api/snapshot.ts'
import { resizedRecord } from '../../engine/kubelet/resize.ts'
import { NO_TRAFFIC, type NodeTraffic, type TrafficProblem } from '../../engine/api/traffic.ts'

/** How far an action comes: to its end, to its middle (the engine was killed, a command failed), or not even to its beginning. */
export type Outcome = 'whole' | 'half' | 'none'

export interface ModelPod {
  record: PodRecord
  sandbox: 'ready' | 'absent' | 'broken' | 'released'
  volumes?: Readonly<Record<string, string>>
  readonly containers: Map<string, ObservedContainer>
  readonly failures: Map<string, Failure>
}

interface ModelNode {
  readonly name: NodeName
  reachable: boolean
  since: string
  readonly pods: Map<PodUid, ModelPod>
}

function servedBy({ frontends }: NodeTraffic): ReadonlySet<string> {
  return new Set(frontends.flatMap(({ endpoints }) => endpoints.map(({ address }) => address)))
}

const IMAGE = { id: 'sha256:0', reference: 'registry.example/app@sha256:0' }
const PODS_MAX = 12
const MAIN = 'app'

/** Nodes and records as plain data in memory; what an action does to them, and what the weather does. */
export class ModelWorld {
  now = Temporal.Instant.from('2026-01-01T00:00:00Z')
  readonly nodes: readonly ModelNode[]
  /** Claims whose data is in a trash. */
  readonly trashed: ObjectKey[] = []
  readonly records = new Map<ObjectKey, ObjectRecord>()
  readonly busy = new Map<PodUid, Action>()
  /** Pods whose readiness probe fails, by uid. */
  readonly unready = new Set<PodUid>()

  /** What each node answers, as last applied; `unknown`: this engine has asked it for nothing yet. Absent: for nothing to be answered. */
  readonly traffic = new Map<NodeName, NodeTraffic | 'unknown'>()
  readonly problems = new Map<NodeName, readonly TrafficProblem[]>()
  readonly #addresses = new Map<PodUid, number>()
  /** Of each node. */
  podsMax: number
  /** Images that no registry had are there by now, for pods of StatefulSets. */
  setsAreMended = false

  constructor(nodes: number, podsMax = PODS_MAX) {
    this.podsMax = podsMax
    this.nodes = Array.from({ length: nodes }, (_, index) => ({
      name: nodeName(`node-${index}`),
      reachable: true,
      since: this.now.toString(),
      pods: new Map(),
    }))
  }

  get pods(): readonly ModelPod[] {
    return this.nodes.flatMap((node) => [...node.pods.values()])
  }

  pass(seconds: number): void {
    this.now = this.now.add({ seconds })
  }

  setReachable(index: number, reachable: boolean): void {
    const node = this.nodes[index % this.nodes.length]
    if (node === undefined || node.reachable === reachable) return
    node.reachable = reachable
    node.since = this.now.toString()
  }

  /** A container ends by itself; its node's hook starts it again after a while, with no engine asked. */
  crash(index: number): void {
    const pod = this.pods[index % Math.max(1, this.pods.length)]
    if (pod !== undefined) this.end(pod, 1)
  }

  /** The pod's container ends with this exit code. */
  end(pod: ModelPod, exitCode: number): void {
    const container = pod.containers.get(MAIN)
    if (container?.state.kind !== 'running') return
    const at = this.now.toString()
    const exit = exitOf(container.attempt, exitCode, container.state.startedAt, at)
    const { restartPolicy = 'Always' } = pod.record.pod.spec
    const again = restartPolicy === 'Always' || (restartPolicy === 'OnFailure' && exitCode !== 0)
    const restartAt = this.now.add({ seconds: Math.min(300, 10 * 2 ** container.attempt) }).toString()
    pod.containers.set(MAIN, {
      ...container,
      state: { kind: 'exited', exit, ...(again && { restartAt }) },
    })
  }

  /** Somebody deleted a record's file. */
  forget(index: number): void {
    const key = [...this.records.keys()][index]
    if (key !== undefined) this.records.delete(key)
  }

  /** The machine starts anew: what ran on it is dead, and what was on its tmpfs is gone. */
  reboot(index: number): void {
    const node = this.nodes[index % this.nodes.length]
    for (const pod of node?.pods.values() ?? []) {
      if (pod.sandbox === 'ready') pod.sandbox = 'broken'
      this.#stop(pod)
    }
  }

  /** What the nodes' hooks do by themselves. */
  restartDue(): void {
    for (const { containers, record } of this.pods) {
      const container = containers.get(MAIN)
      if (container?.state.kind !== 'exited' || container.state.restartAt === undefined) continue
      if (record.pod.metadata.deletionTimestamp !== undefined) continue
      if (Temporal.Instant.compare(container.state.restartAt, this.now) > 0) continue
      const { exit } = container.state
      const state: ContainerState = { kind: 'running', startedAt: container.state.restartAt }
      containers.set(MAIN, { ...container, attempt: container.attempt + 1, state, previous: exit })
    }
  }

  snapshot(desired: Desired): Snapshot {
    return {
      desired,
      observed: { nodes: new Map(this.nodes.map((node) => [node.name, this.#observe(node)])) },
      records: new Map(this.records),
      busy: new Map(this.busy),
    }
  }

  #observe(node: ModelNode): ObservedNode {
    const pods = new Map([...node.pods].map(([uid, pod]) => [uid, this.#observePod(uid, pod)]))
    const info = {
      node: node.name,
      runtime: 'model',
      bootId: 'boot',
      addresses: ['192.0.2.1'],
      cpuMillis: 4000,
      memoryBytes: 2 ** 32,
      podsMax: this.podsMax,
      warnings: [],
    }
    const traffic = this.traffic.get(node.name) ?? NO_TRAFFIC
    const problems = this.problems.get(node.name)
    return {
      name: node.name,
      reachable: node.reachable,
      since: node.since,
      ...(!node.reachable && { failedLooks: 9 }),
      info,
      pods,
      ...(traffic !== 'unknown' && { serving: servedBy(traffic) }),
      ...(problems !== undefined && { trafficProblems: problems }),
    }
  }

  #observePod(uid: PodUid, pod: ModelPod): ObservedPod {
    const container = pod.containers.get(MAIN)
    const isProbed = container?.state.kind === 'running' && hasProbe(pod.record)
    const tally = {
      attempt: container?.attempt ?? 0,
      lastAt: this.now.toString(),
      lastSucceeded: !this.unready.has(uid),
      inARow: 3,
      message: '',
    }
    return {
      record: pod.record,
      sandbox: pod.sandbox,
      ...(pod.volumes !== undefined && { volumes: pod.volumes }),
      ...(pod.sandbox === 'ready' && { ip: this.#addressOf(uid) }),
      containers: new Map(pod.containers),
      probes: isProbed ? new Map([[`${MAIN}/readiness`, tally]]) : new Map(),
      failures: new Map(pod.failures),
    }
  }

  #addressOf(uid: PodUid): string {
    const number = 2 + this.#addresses.getOrInsertComputed(uid, () => this.#addresses.size)
    return `10.244.${Math.floor(number / 256)}.${number % 256}`
  }

  apply(action: Action, outcome: Outcome): void {
    if (outcome === 'none') return
    switch (action.kind) {
      case 'writeRecord':
        this.records.set(action.record.key, action.record)
        return
      case 'deleteClaim':
        this.trashed.push(action.key)
        this.records.delete(action.key)
        return
      case 'deleteRecord':
        this.records.delete(action.key)
        return
      case 'createPod':
      case 'updatePod':
      case 'mendPod':
      case 'deletePod':
      case 'startContainers':
      case 'runPostStart':
      case 'stopContainers':
      case 'updateVolumes':
      case 'resizePod':
      case 'releasePod':
      case 'removePod':
        this.#applyToPod(action, outcome)
        return
      default:
        action satisfies never
    }
  }

  #applyToPod(action: PodAction, outcome: Outcome): void {
    const node = this.nodes.find(({ name }) => name === action.node)
    if (node?.reachable !== true) return
    const pod = node.pods.get(action.uid)
    if (action.kind === 'createPod') {
      create(node, action.record, outcome)
      return
    }
    if (pod === undefined) return
    switch (action.kind) {
      case 'updatePod':
      case 'mendPod':
      case 'deletePod':
      case 'runPostStart':
        pod.record = newer(pod.record, action.record)
        return
      case 'startContainers':
        if (outcome === 'whole') this.#start(pod, action.containers[0]?.attempt ?? 0)
        return
      case 'stopContainers':
        pod.record = newer(pod.record, action.record)
        if (outcome === 'whole') this.#stop(pod)
        return
      case 'resizePod':
        pod.record = newer(pod.record, action.record)
        if (outcome === 'whole') pod.record = resizedRecord(action.record, this.#observePod(action.uid, pod))
        return
      case 'updateVolumes':
        if (outcome === 'whole') pod.volumes = { ...pod.volumes, ...action.volumes }
        return
      case 'releasePod':
        pod.record = newer(pod.record, action.record)
        pod.sandbox = outcome === 'whole' ? 'released' : 'broken'
        return
      case 'removePod':
        if (outcome === 'whole') node.pods.delete(action.uid)
        else pod.sandbox = 'broken'
        return
      default:
        action satisfies never
    }
  }

  #start(pod: ModelPod, attempt: number): void {
    const image = pod.record.pod.spec.containers[0]?.image ?? ''
    const [owner] = pod.record.pod.metadata.ownerReferences ?? []
    if (image.endsWith(':bad') && !(this.setsAreMended && owner?.kind === 'StatefulSet')) {
      pod.failures.set(MAIN, {
        reason: 'ErrImagePull',
        message: `${image}: manifest unknown`,
        count: (pod.failures.get(MAIN)?.count ?? 0) + 1,
        lastAt: this.now.toString(),
        certain: true,
      })
      return
    }
    pod.failures.delete(MAIN)
    const state: ContainerState = { kind: 'running', startedAt: this.now.toString() }
    pod.containers.set(MAIN, { name: MAIN, attempt, state, image: IMAGE })
  }

  #stop(pod: ModelPod): void {
    const container = pod.containers.get(MAIN)
    if (container?.state.kind !== 'running') return
    const exit = exitOf(container.attempt, 143, container.state.startedAt, this.now.toString())
    pod.containers.set(MAIN, { ...container, state: { kind: 'exited', exit } })
  }
}

function create(node: ModelNode, record: PodRecord, outcome: Outcome): void {
  const uid = podUid(record.pod.metadata.uid ?? '')
  const before = node.pods.get(uid)
  const sandbox = outcome === 'whole' ? 'ready' : 'absent'
  if (before === undefined) {
    node.pods.set(uid, { record, sandbox, containers: new Map(), failures: new Map() })
    return
  }
  before.record = newer(before.record, record)
  before.sandbox = sandbox
}

function newer(a: PodRecord, b: PodRecord): PodRecord {
  return b.generation > a.generation ? b : a
}

function exitOf(
  attempt: number,
  exitCode: number,
  startedAt: string,
  finishedAt: string,
): NonNullable<ObservedContainer['previous']> {
  return { attempt, exitCode, oomKilled: false, startedAt, finishedAt, startFailed: false }
}

function hasProbe(record: PodRecord): boolean {
  return record.pod.spec.containers[0]?.readinessProbe !== undefined
}
