import type { NodeEvent, NodeInfo } from '../../api/cri.ts'
import type { VolumeRequest } from '../../api/volumeRequests.ts'
import type { NodeName, ObjectKey, PodUid } from '../../api/names.ts'
import type { ObjectRecord, PodRecord } from '../../api/records.ts'
import type { NodeTraffic } from '../../api/traffic.ts'
import { type NodeFinding, type PodListing, RuntimeFailure } from '../runtime.ts'
import type { SimulatedClock } from './clock.ts'
import { newPod, type NodeFact, observed, podName, type SimulatedPod, type SimulatedUse } from './pod.ts'
import type { Script } from './script.ts'

/** A machine in memory: pods, containers (whose lives stand in lives.ts), records. It outlives every engine. */
export class SimulatedNode {
  readonly name: NodeName
  readonly clock: SimulatedClock
  readonly pods = new Map<PodUid, SimulatedPod>()
  readonly objectRecords = new Map<ObjectKey, ObjectRecord>()
  readonly images = new Set<string>()
  /** `namespace/name` of those whose data is here. */
  readonly claims = new Set<string>()
  /** What emptyDirs hold, as a test has it. */
  readonly diskBytes = new Map<PodUid, Readonly<Record<string, number>>>()
  /** What was a claim's, and when it was deleted. */
  readonly trash = new Map<string, string>()
  readonly facts: NodeFact[] = []
  /** Called at every fact, before anything follows from it. */
  onFact: (fact: NodeFact) => void = () => undefined
  /** Called whenever a pod is to be made, also when the weather lets nothing of it arrive. */
  onAsked: (record: PodRecord) => void = () => undefined
  /** Called after every write of a pod's record. */
  onRecord: (pod: SimulatedPod) => void = () => undefined
  /** Called after every write of an object's record; undefined: it was deleted. */
  onObjectRecord: (key: ObjectKey, record: ObjectRecord | undefined) => void = () => undefined
  /** What containers use; may be set at any time. Nothing, unless somebody says otherwise. */
  useOf: (pod: SimulatedPod, container: string) => SimulatedUse = () => NO_USE
  reachable = true
  /** What somebody has taken that all pods stand on, in words. */
  readonly amiss = new Set<string>()
  /** What was last applied here; it outlives engines, as the kernel's tables do. */
  traffic: NodeTraffic | undefined
  /** Called after each of them. */
  onTraffic: (traffic: NodeTraffic) => void = () => undefined
  /** Called before a container is asked to end. */
  onTerminate: (pod: SimulatedPod) => void = () => undefined
  /** What it is and has, if that is to be another than a large machine. */
  info: NodeInfo | undefined
  boots = 1
  readonly script: Script
  readonly #listeners = new Set<(event: NodeEvent) => void>()
  #addresses = 0

  constructor(name: NodeName, clock: SimulatedClock, script: Script) {
    this.name = name
    this.clock = clock
    this.script = script
  }

  /** Rejects, in the words of a runtime, what is asked of a pod that is not here. */
  known(uid: PodUid, doing: string): SimulatedPod {
    const pod = this.pods.get(uid)
    if (pod === undefined)
      throw new RuntimeFailure('NotFound', `${doing} in pod ${uid}: there is no such pod`)
    return pod
  }

  listing(pod: SimulatedPod): PodListing {
    const containers = [...pod.containers.values()].map(
      (container) => [container.name, observed(container, pod.armed)] as const,
    )
    return {
      record: pod.record,
      sandbox: pod.sandbox,
      ...(pod.damage.length > 0 && pod.sandbox === 'ready' && { damage: pod.damage }),
      ...(pod.ip === undefined ? {} : { ip: pod.ip }),
      ...(pod.said === undefined ? {} : { saidConditions: pod.said }),
      ...(pod.frozenSince === undefined ? {} : { frozenSince: pod.frozenSince }),
      volumes: pod.volumes,
      containers: new Map(containers),
    }
  }

  listen(listener: (event: NodeEvent) => void): Disposable {
    this.#listeners.add(listener)
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) }
  }

  tell(uid: PodUid): void {
    for (const listener of this.#listeners) listener({ node: this.name, uid })
  }

  writeRecord(uid: PodUid, record: PodRecord): SimulatedPod {
    const pod = this.pods.get(uid) ?? newPod(uid, record)
    pod.record = record
    this.pods.set(uid, pod)
    this.onRecord(pod)
    return pod
  }

  writeObjectRecord(record: ObjectRecord): void {
    this.objectRecords.set(record.key, record)
    this.onObjectRecord(record.key, record)
  }

  deleteObjectRecord(key: ObjectKey): void {
    if (this.objectRecords.delete(key)) this.onObjectRecord(key, undefined)
  }

  makeSandbox(pod: SimulatedPod): void {
    pod.damage = []
    if (pod.sandbox === 'ready') return
    this.#addresses += 1
    // a range for each node, as far as their names have numbers
    const range = 88 + (Number(/\d+$/.exec(this.name)?.[0] ?? 0) % 100)
    pod.ip = `10.${range}.${this.#addresses >> 8}.${this.#addresses & 255}`
    pod.sandbox = 'ready'
    this.note({ kind: 'created', uid: pod.uid, pod: podName(pod) })
  }

  makeVolumes(pod: SimulatedPod, volumes: readonly VolumeRequest[]): void {
    const versions = { ...pod.volumes }
    for (const volume of volumes) {
      if (volume.kind === 'files') versions[volume.name] = volume.version
      if (volume.kind === 'claim') this.claims.add(`${volume.namespace}/${volume.claim}`)
    }
    pod.volumes = versions
  }

  lookAfter(mend: boolean): readonly NodeFinding[] {
    const findings = [...this.amiss].map((found) => ({ found, ...(mend && { done: 'it was made again' }) }))
    if (mend) this.amiss.clear()
    return findings
  }

  breakSandbox(pod: SimulatedPod): void {
    pod.sandbox = 'broken'
    pod.ip = undefined
  }

  sayConditions(pod: SimulatedPod, said: string): void {
    pod.said = said
    this.tell(pod.uid)
  }

  disarm(pod: SimulatedPod): void {
    pod.armed = false
    pod.frozenSince = undefined
    pod.disarms += 1
  }

  release(pod: SimulatedPod): void {
    pod.sandbox = 'released'
    this.note({ kind: 'released', uid: pod.uid, pod: podName(pod) })
  }

  remove(pod: SimulatedPod): void {
    this.pods.delete(pod.uid)
    this.note({ kind: 'removed', uid: pod.uid, pod: podName(pod) })
  }

  /** It has happened: whoever listens is told. */
  note(fact: NodeFact): void {
    this.facts.push(fact)
    this.onFact(fact)
    this.tell(fact.uid)
  }

  /** The node's own doings follow no engine and no signal. */
  async later(milliseconds: number, work: () => void): Promise<void> {
    const { boots } = this
    await this.clock.sleepFor(milliseconds)
    if (boots === this.boots) work()
  }
}

const NO_USE: SimulatedUse = { cpuMillis: 0, memoryBytes: 0 }
