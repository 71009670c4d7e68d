import type {
  ClusterSpec,
  ClusterSync,
  CronJob,
  Deployment,
  KubernetesObject,
  Node,
  Pod,
  PodSpec,
} from '../../engine/api/generated/types.ts'
import { type NodeName, nodeName, objectKey } from '../../engine/api/names.ts'
import { type NodeWord, recordOfWord } from '../../engine/api/nodeWords.ts'
import type { Plan, PodVerdict, StatusReport } from '../../engine/api/plan.ts'
import type { Desired, ObservedNode, Snapshot } from '../../engine/api/snapshot.ts'
import { SYNC_KEY, type SyncMemory, syncMemory, syncRecord } from '../../engine/api/sync.ts'
import { plan } from '../../engine/planner/plan.ts'
import { ModelWorld } from '../simulation/model.ts'
import { desiredObject } from '../simulation/wanted.ts'

/** A model world with a commit, for tests that tell a short story. */
export class Scene {
  readonly world: ModelWorld
  #objects: readonly KubernetesObject[] = []
  #nodes: readonly Node[] = []
  #formerNodes: readonly NodeName[] = []
  #sync: ClusterSync = {}
  #podEvictionTimeoutSeconds: number | undefined
  #systemReserved: ClusterSpec['systemReserved']
  #commit = 'c'.repeat(40)
  readonly #unread = new Set<string>()
  readonly #unreadable = new Map<string, string>()

  constructor(nodes = 1) {
    this.world = new ModelWorld(nodes)
  }

  get desired(): Desired {
    const objects = new Map(this.#objects.map(desiredObject).map((one) => [one.key, one]))
    const cluster = {
      apiVersion: 'reconcile.dev/v1',
      kind: 'Cluster',
      metadata: { name: 'default' },
      spec: {
        sync: this.#sync,
        ...(this.#podEvictionTimeoutSeconds !== undefined && {
          podEvictionTimeoutSeconds: this.#podEvictionTimeoutSeconds,
        }),
        ...(this.#systemReserved !== undefined && { systemReserved: this.#systemReserved }),
      },
    } as const
    const formerNodes = this.#formerNodes
    return { commit: this.#commit, cluster, nodes: this.#nodes, formerNodes, objects }
  }

  /** The Cluster's spec.sync. */
  sync(settings: ClusterSync): this {
    this.#sync = settings
    return this
  }

  /** The Cluster's podEvictionTimeoutSeconds. */
  evictsAfter(seconds: number): this {
    this.#podEvictionTimeoutSeconds = seconds
    return this
  }

  /** The Cluster's systemReserved. */
  reserves(amounts: NonNullable<ClusterSpec['systemReserved']>): this {
    this.#systemReserved = amounts
    return this
  }

  /** Somebody says something of a node, by command. */
  say(word: NodeWord): this {
    const { now, records } = this.world
    const record = recordOfWord({ word, commit: this.#commit, at: now.toString() }, records)
    records.set(record.key, record)
    return this
  }

  /** Commits are told apart by a letter. */
  called(letter: string): this {
    this.#commit = letter.repeat(40)
    return this
  }

  /** Somebody changes what is remembered of the repository. */
  remember(change: (memory: SyncMemory) => SyncMemory): this {
    const { records } = this.world
    records.set(SYNC_KEY, syncRecord(records, change(syncMemory(records)), this.#commit))
    return this
  }

  /** The nodes as the commit has them: labels, taints. */
  nodes(...nodes: readonly Node[]): this {
    this.#nodes = nodes
    return this
  }

  /** Other machines that the commit does not have any more. */
  former(...names: readonly string[]): this {
    this.#formerNodes = names.map(nodeName)
    return this
  }

  commit(...objects: readonly KubernetesObject[]): this {
    this.#objects = objects
    return this
  }

  /** The node has never answered. */
  unread(name: string): void {
    this.#unread.add(name)
  }

  /** It answers after all. */
  read(name: string): void {
    this.#unread.delete(name)
  }

  /** The node has a pod that cannot be read. */
  unreadable(name: string, sentence: string): void {
    this.#unreadable.set(name, sentence)
  }

  snapshot(): Snapshot {
    const snapshot = this.world.snapshot(this.desired)
    const nodes = new Map(
      [...snapshot.observed.nodes].map(([name, node]): [NodeName, ObservedNode] => {
        const sentence = this.#unreadable.get(name)
        if (sentence !== undefined) return [name, { ...node, unreadable: [sentence] }]
        if (!this.#unread.has(name)) return [name, node]
        const { failedLooks = 0, since } = node
        return [name, { name, reachable: false, unlisted: true, failedLooks, since, pods: new Map() }]
      }),
    )
    return { ...snapshot, observed: { nodes } }
  }

  plan(): Plan {
    return this.planOf(this.snapshot())
  }

  planOf(snapshot: Snapshot): Plan {
    const result = plan(snapshot, this.world.now)
    if (result.violations.length > 0) throw new Error(JSON.stringify(result.violations))
    return result
  }

  /** Plans and does what was planned, a second each; the last plan is the one that had nothing to do, or the `most`-th. */
  run(most = 100): Plan {
    let result = this.plan()
    for (let count = 0; count < most && result.actions.length > 0; count++) {
      for (const action of result.actions) this.world.apply(action, 'whole')
      this.world.pass(1)
      result = this.plan()
    }
    return result
  }

  /** As `run`, and the nodes answer for each plan's traffic as if they had applied it. */
  settleTraffic(most = 30): Plan {
    for (let count = 0; count < most; count += 1) {
      const result = this.plan()
      for (const [name, traffic] of result.traffic ?? []) this.world.traffic.set(name, traffic)
      if (result.actions.length === 0 && count > 0) return result
      for (const action of result.actions) this.world.apply(action, 'whole')
      this.world.pass(1)
    }
    throw new Error('it does not come to rest')
  }

  /** Image tags of the pods that are not on their way out, sorted. */
  tags(): readonly string[] {
    return this.world.pods
      .filter(({ record }) => record.pod.metadata.deletionTimestamp === undefined)
      .map(({ record }) => record.pod.spec.containers[0]?.image?.split(':')[1] ?? '')
      .toSorted()
  }

  report(kind: string, name: string, result = this.plan()): StatusReport {
    const report = result.statuses.get(objectKey(kind, 'default', name))
    if (report === undefined) throw new Error(`no report of ${kind} ${name}`)
    return report
  }

  conditions(name: string, result = this.plan()): readonly string[] {
    const { status } = this.report('Deployment', name, result)
    if (typeof status !== 'object' || status === null || !('conditions' in status)) return []
    if (!Array.isArray(status.conditions)) return []
    return status.conditions.map(({ reason, status: value, type }) => `${type}=${value} ${reason}`)
  }
}

export function buckets(verdicts: readonly PodVerdict[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const { bucket } of verdicts) counts[bucket] = (counts[bucket] ?? 0) + 1
  return counts
}

export function kinds({ actions }: Plan): readonly string[] {
  return [...new Set(actions.map(({ kind }) => kind))].toSorted()
}

type Changes = Partial<Omit<Deployment['spec'], 'template' | 'selector'>>

export function deployment(name: string, tag: string, changes: Changes = {}): Deployment {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'default' },
    spec: {
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: spec(tag) },
      ...changes,
    },
  }
}

export function barePod(name: string, tag: string, changes: Partial<Pod['metadata']> = {}): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', ...changes },
    spec: spec(tag),
  }
}

/** A CronJob with one pod a minute. */
export function minutely(name: string): CronJob {
  const template = {
    metadata: { labels: { app: name } },
    spec: { restartPolicy: 'Never' as const, ...spec('1') },
  }
  return {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name, namespace: 'default' },
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template } } },
  }
}

function spec(tag: string): PodSpec {
  return { containers: [{ name: 'app', image: `registry.example/app:${tag}` }] }
}
