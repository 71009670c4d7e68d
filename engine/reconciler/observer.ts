import { isDeepStrictEqual } from 'node:util'
import type { NodeInfo } from '../api/cri.ts'
import type { NodeName, PodUid } from '../api/names.ts'
import type { Failure, PodRecord } from '../api/records.ts'
import type { Observed, ObservedNode, ObservedPod, ProbeKey, ProbeTally, PodUsage } from '../api/snapshot.ts'
import type { TrafficProblem } from '../api/traffic.ts'
import type { NodeListing, PodListing } from '../runtimes/runtime.ts'
import { after, type Clock } from './clock.ts'
import type { Attempted, PodEntry, Stamp } from './podEntry.ts'
import { seen, unmade, withFailure, withSuccess, withTally, withUsage, withDiskBytes } from './podEntry.ts'

interface NodeView {
  readonly name: NodeName
  readonly pods: Map<PodUid, PodEntry>
  /** When the newest merged listing began. */
  listed: Stamp
  reachable: boolean
  since: Temporal.Instant
  /** Looks in a row that it did not answer. */
  failedLooks: number
  info?: NodeInfo
  /** Why it does not answer. */
  message?: string
  unreadable: NodeListing['unreadable']
  serving?: ReadonlySet<string>
  trafficProblems?: readonly TrafficProblem[]
  /** What was last handed out; undefined once something has changed since. */
  handedOut: ObservedNode | undefined
}

export interface Silence {
  readonly message: string
  /** When the node was last heard of. */
  readonly since: Temporal.Instant
  /** In a row. */
  readonly failedLooks: number
}

/**
 * What the nodes last told, merged with what only the engine knows. Looks may come back in any order: each carries the
 * stamp of when it began, and one that began earlier never overwrites one that began later.
 */
export class Observer {
  readonly #nodes: ReadonlyMap<NodeName, NodeView>
  readonly #clock: Clock
  readonly #changed: () => void
  #stamp: Stamp = 0
  /** What the wall clock is ahead of the time that has passed. */
  #aheadMs: number

  constructor(nodes: readonly NodeName[], clock: Clock, changed: () => void) {
    this.#clock = clock
    this.#aheadMs = aheadMs(clock)
    this.#changed = changed
    this.#nodes = new Map(nodes.toSorted().map((name) => [name, unseen(name, clock.now())]))
  }

  /** To be taken before a look begins, and when an action has ended. */
  stamp(): Stamp {
    this.#stamp += 1
    return this.#stamp
  }

  mergeListing(name: NodeName, listing: NodeListing, stamp: Stamp): void {
    const node = this.#node(name)
    if (stamp < node.listed) return
    if (node.listed === 0) this.#touch(node)
    node.listed = stamp
    const kept = new Set(listing.unreadable.map((pod) => pod.uid))
    for (const [uid, entry] of node.pods) {
      if (listing.pods.has(uid) || kept.has(uid) || entry.seen > stamp) continue
      this.#put(node, uid, seen(entry, undefined, stamp))
      if (node.pods.get(uid)?.pod === undefined) node.pods.delete(uid)
    }
    for (const [uid, pod] of listing.pods) this.#merge(node, uid, pod, stamp)
    if (!isDeepStrictEqual(node.unreadable, listing.unreadable)) this.#touch(node)
    node.unreadable = listing.unreadable
  }

  mergeInspection(name: NodeName, uid: PodUid, listing: PodListing | undefined, stamp: Stamp): void {
    const node = this.#node(name)
    if (stamp < node.listed) return
    this.#merge(node, uid, listing, stamp)
  }

  #merge(node: NodeView, uid: PodUid, listing: PodListing | undefined, stamp: Stamp): void {
    const entry = node.pods.get(uid)
    if (entry !== undefined && stamp < entry.seen) return
    this.#put(node, uid, seen(entry, listing, stamp))
  }

  #put(node: NodeView, uid: PodUid, entry: PodEntry): void {
    const before = node.pods.get(uid)
    node.pods.set(uid, entry)
    if (before?.pod !== entry.pod) this.#touch(node)
  }

  #touch(node: NodeView): void {
    node.handedOut = undefined
    this.#changed()
  }

  /** Has a look that began after `stamp` been merged in? */
  lookedSince(name: NodeName, uid: PodUid, stamp: Stamp): boolean {
    const node = this.#node(name)
    return Math.max(node.listed, node.pods.get(uid)?.seen ?? 0) > stamp
  }

  answers(name: NodeName): void {
    const node = this.#node(name)
    delete node.message
    if (node.reachable) return
    // a step before this one is none of its
    this.#followSteps()
    node.reachable = true
    node.failedLooks = 0
    node.since = this.#clock.now()
    this.#touch(node)
  }

  isSilent(name: NodeName, { failedLooks, message, since }: Silence): void {
    const node = this.#node(name)
    node.message = message
    if (!node.reachable && node.failedLooks === failedLooks) return
    if (node.reachable) node.since = since
    node.reachable = false
    node.failedLooks = failedLooks
    this.#touch(node)
  }

  /** Pods are asked how they are from here on: so long what was remembered of them counts, and not while another node was waited for. */
  begin(): void {
    for (const node of this.#nodes.values()) {
      if (!node.reachable) continue
      node.since = this.#clock.now()
      this.#touch(node)
    }
  }

  setInfo(name: NodeName, info: NodeInfo): void {
    const node = this.#node(name)
    node.info = info
    this.#touch(node)
  }

  /** Which pods' addresses the node may lead to. */
  serves(name: NodeName, addresses: ReadonlySet<string>): void {
    const node = this.#node(name)
    node.serving = addresses
    this.#touch(node)
  }

  trafficProblems(name: NodeName, problems: readonly TrafficProblem[]): void {
    const node = this.#node(name)
    node.trafficProblems = problems
    this.#touch(node)
  }

  failed(
    name: NodeName,
    uid: PodUid,
    what: Attempted,
    failure: Omit<Failure, 'count'>,
    wanted?: PodRecord,
  ): void {
    const node = this.#node(name)
    const before = node.pods.get(uid)
    const entry = wanted === undefined ? before : unmade(before, wanted)
    if (entry !== undefined) this.#put(node, uid, withFailure(entry, what, failure))
  }

  succeeded(name: NodeName, uid: PodUid, what: Attempted): void {
    const node = this.#node(name)
    const entry = node.pods.get(uid)
    if (entry !== undefined) this.#put(node, uid, withSuccess(entry, what))
  }

  tally(name: NodeName, uid: PodUid, key: ProbeKey, tally: ProbeTally): void {
    const node = this.#node(name)
    const entry = node.pods.get(uid)
    if (entry === undefined) return
    node.pods.set(uid, withTally(entry, key, tally))
    node.handedOut = undefined
  }

  /** Undefined: nobody measures it any more. */
  measured(name: NodeName, uid: PodUid, usage: PodUsage | undefined): void {
    const node = this.#node(name)
    const entry = node.pods.get(uid)
    if (entry === undefined) return
    node.pods.set(uid, withUsage(entry, usage))
    node.handedOut = undefined
  }

  /** A volume of the pod holds more than it may. */
  oversized(name: NodeName, uid: PodUid, bytes: Readonly<Record<string, number>>): void {
    const node = this.#node(name)
    const entry = node.pods.get(uid)
    if (entry === undefined) return
    node.pods.set(uid, withDiskBytes(entry, bytes))
    node.handedOut = undefined
  }

  pod(name: NodeName, uid: PodUid): ObservedPod | undefined {
    return this.#node(name).pods.get(uid)?.pod
  }

  reachable(name: NodeName): boolean {
    return this.#node(name).reachable
  }

  node(name: NodeName): ObservedNode {
    const node = this.#node(name)
    node.handedOut ??= handOut(node)
    return node.handedOut
  }

  observed(): Observed {
    this.#followSteps()
    return { nodes: new Map([...this.#nodes.keys()].map((name) => [name, this.node(name)])) }
  }

  /** After somebody has set the clock a node has answered for as long as before: so long what was remembered of its pods is trusted. */
  #followSteps(): void {
    const stepMs = aheadMs(this.#clock) - this.#aheadMs
    if (Math.abs(stepMs) < STEP_MS_MIN) return
    this.#aheadMs += stepMs
    for (const node of this.#nodes.values()) {
      // since when another is silent is on record
      if (!node.reachable) continue
      node.since = after(node.since, stepMs)
      this.#touch(node)
    }
  }

  /** Sentences about nodes that do not answer and pods that cannot be read. */
  problems(): readonly string[] {
    return [...this.#nodes.values()].flatMap((node) => [
      ...(node.reachable
        ? []
        : [`node ${node.name} does not answer: ${node.message ?? 'it was not asked yet'}`]),
      ...node.unreadable.map((pod) => unreadableText(pod, node)),
    ])
  }

  #node(name: NodeName): NodeView {
    const node = this.#nodes.get(name)
    if (node === undefined) throw new Error(`looking up node ${name}: there is no runtime for it`)
    return node
  }
}

/** A smaller difference is how a clock is kept right. */
const STEP_MS_MIN = 1_000

function aheadMs(clock: Clock): number {
  return clock.now().epochMilliseconds - clock.elapsedMs
}

function unseen(name: NodeName, now: Temporal.Instant): NodeView {
  return {
    name,
    pods: new Map(),
    listed: 0,
    reachable: false,
    failedLooks: 0,
    since: now,
    unreadable: [],
    handedOut: undefined,
  }
}

function handOut(node: NodeView): ObservedNode {
  const pods = new Map<PodUid, ObservedPod>()
  for (const [uid, entry] of node.pods) if (entry.pod !== undefined) pods.set(uid, entry.pod)
  const unreadable = node.unreadable.filter(({ uid }) => !pods.has(uid))
  return {
    name: node.name,
    reachable: node.reachable,
    ...(node.listed === 0 && { unlisted: true }),
    since: node.since.toString(),
    ...(!node.reachable && { failedLooks: node.failedLooks }),
    ...(node.info === undefined ? {} : { info: node.info }),
    pods,
    ...(node.serving !== undefined && { serving: node.serving }),
    ...(node.trafficProblems !== undefined && { trafficProblems: node.trafficProblems }),
    ...(unreadable.length > 0 && { unreadable: unreadable.map((pod) => unreadableText(pod, node)) }),
  }
}

function unreadableText({ message, uid }: NodeListing['unreadable'][number], { name }: NodeView): string {
  return `pod ${uid} on node ${name} is kept as it is: ${message}`
}
