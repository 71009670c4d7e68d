import { isDeepStrictEqual } from 'node:util'
import type { NodeName, ObjectKey, PodUid, Timestamp } from '../api/names.ts'
import type { Health, Plan } from '../api/plan.ts'
import type { Observed, ObservedContainer, ObservedPod, Snapshot } from '../api/snapshot.ts'
import { containerEvents } from './containerChanges.ts'
import type { PodSummary, ProgressEvent } from './progress.ts'

interface ReportedPod {
  readonly node: NodeName
  readonly pod: ObservedPod
  readonly summary: PodSummary
}

/** Remembers what was last told, and tells what has changed since. */
export class Changes {
  readonly #tell: (event: ProgressEvent) => void
  readonly #pods = new Map<PodUid, ReportedPod>()
  readonly #health = new Map<ObjectKey, Health>()
  #violations = new Set<string>()
  /** Those that were listed when something was last told: what is new on them has come to be since. */
  readonly #listed = new Set<NodeName>()
  #records: Snapshot['records'] | undefined

  constructor(tell: (event: ProgressEvent) => void) {
    this.#tell = tell
  }

  report(plan: Plan, { observed, records }: Pick<Snapshot, 'observed' | 'records'>, at: Timestamp): void {
    this.#reportRecords(records, at)
    this.#reportPods(observed, at)
    this.#reportHealth(plan, at)
    this.#reportViolations(plan, at)
  }

  /** The map is another one when something in it is. */
  #reportRecords(records: Snapshot['records'], at: Timestamp): void {
    const before = this.#records
    this.#records = records
    if (before === undefined || before === records) return
    for (const [object, record] of records) {
      const past = before.get(object)
      if (past === record) continue
      this.#tell({
        kind: 'recordChanged',
        at,
        object,
        record,
        ...(past === undefined ? {} : { before: past }),
      })
    }
    for (const [object, past] of before) {
      if (!records.has(object)) this.#tell({ kind: 'recordChanged', at, object, before: past })
    }
  }

  #reportPods({ nodes }: Observed, at: Timestamp): void {
    const gone = new Map(this.#pods)
    for (const { name: node, pods } of nodes.values()) {
      for (const [uid, pod] of pods) {
        gone.delete(uid)
        if (this.#pods.get(uid)?.pod !== pod) this.#reportPod(node, uid, pod, at)
      }
    }
    for (const [uid, { node, pod }] of gone) {
      this.#pods.delete(uid)
      this.#tell({ kind: 'podGone', at, uid, pod: nameOf(pod), node })
    }
    for (const { name, unlisted } of nodes.values()) if (unlisted !== true) this.#listed.add(name)
  }

  #reportPod(node: NodeName, uid: PodUid, pod: ObservedPod, at: Timestamp): void {
    const summary = summaryOf(pod)
    const past = this.#pods.get(uid)
    const before = past?.summary
    this.#pods.set(uid, { node, pod, summary })
    const isFound = past === undefined && !this.#listed.has(node)
    for (const event of containerEvents({ uid, node, pod: nameOf(pod) }, past?.pod, pod)) {
      this.#tell(isFound ? { ...event, found: true } : event)
    }
    if (isDeepStrictEqual(before, summary)) return
    const told = before === undefined ? {} : { before }
    this.#tell({ kind: 'podChanged', at, uid, pod: nameOf(pod), node, summary, ...told })
  }

  #reportHealth({ statuses }: Plan, at: Timestamp): void {
    for (const object of this.#health.keys()) if (!statuses.has(object)) this.#health.delete(object)
    for (const [object, { health }] of statuses) {
      const before = this.#health.get(object)
      if (isDeepStrictEqual(before, health)) continue
      this.#health.set(object, health)
      this.#tell({ kind: 'healthChanged', at, object, health, ...(before === undefined ? {} : { before }) })
    }
  }

  #reportViolations({ violations }: Plan, at: Timestamp): void {
    const now = new Set(violations.map((violation) => JSON.stringify(violation)))
    for (const violation of violations) {
      if (!this.#violations.has(JSON.stringify(violation))) this.#tell({ kind: 'violation', at, violation })
    }
    this.#violations = now
  }
}

export function nameOf({ record }: Pick<ObservedPod, 'record'>): string {
  const { namespace, name } = record.pod.metadata
  return `${namespace ?? 'default'}/${name ?? ''}`
}

export function summaryOf({ record, sandbox, containers }: ObservedPod): PodSummary {
  const all = [...containers.values()]
  const { initContainers = [], containers: mains } = record.pod.spec
  const inits = new Set(
    initContainers.filter((one) => one.restartPolicy !== 'Always').map(({ name }) => name),
  )
  const begun = all.filter(({ name }) => inits.has(name))
  const running = all.filter(({ name, state }) => !inits.has(name) && state.kind === 'running')
  const ready = running.filter(({ name, attempt }) => {
    const recorded = record.containers[name]
    return recorded?.attempt === attempt && recorded.ready
  })
  return {
    sandbox,
    inits: { all: inits.size, begun: begun.length, done: begun.filter(hasSucceeded).length },
    containers: mains.length + initContainers.length - inits.size,
    running: running.length,
    ready: ready.length,
    restarts: all.reduce((sum, { attempt }) => sum + attempt, 0),
    deleting: record.pod.metadata.deletionTimestamp !== undefined,
  }
}

function hasSucceeded({ state }: ObservedContainer): boolean {
  return state.kind === 'exited' && state.exit.exitCode === 0
}
