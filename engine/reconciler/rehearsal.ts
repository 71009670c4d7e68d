import type { Pod } from '../api/generated/types.ts'
import type { NodeName, PodUid } from '../api/names.ts'
import type { Plan } from '../api/plan.ts'
import type { ObservedNode, ObservedPod, Snapshot } from '../api/snapshot.ts'
import { restartRule } from '../kubelet/backOff.ts'
import { deadlineOf } from '../kubelet/ends.ts'
import { containerFacts, filledFactsOf } from '../kubelet/facts.ts'
import { recordedUse } from '../controllers/autoscaler/memory.ts'
import { autoscalersOf } from '../planner/autoscale.ts'
import { plan as planFor } from '../planner/plan.ts'
import type { Scenario } from '../planner/scenario.ts'
import { VirtualClock } from '../runtimes/simulated/clock.ts'
import { adoptPod, reboot } from '../runtimes/simulated/lives.ts'
import { SimulatedNode } from '../runtimes/simulated/node.ts'
import type { SimulatedPod, SimulatedUse, Started } from '../runtimes/simulated/pod.ts'
import { connectTo } from '../runtimes/simulated/runtime.ts'
import type { ContainerScript, ContainerStart } from '../runtimes/simulated/script.ts'
import { RuntimeFailure } from '../runtimes/runtime.ts'
import { createLoop, type Loop, type LoopState } from './loop.ts'
import type { ProgressEvent } from './progress.ts'

export interface RehearsalOptions {
  /** The recorded state: what the nodes answered just now. Nothing is done to them. */
  readonly snapshot: Snapshot
  readonly scenario: Scenario
  /** The node that object records are kept on. */
  readonly head: NodeName
  readonly now: Temporal.Instant
  readonly onProgress: (event: ProgressEvent) => void
  readonly signal: AbortSignal
  /** In the rehearsal's own time; it ends then, settled or not. */
  readonly limitMs?: number
}

export interface Rehearsed {
  /** `limit`: things still happened when the time was over. */
  readonly kind: 'settled' | 'limit'
  /** From now to the last thing that happened, in the rehearsal's time. */
  readonly tookMs: number
  readonly end: LoopState
}

/** Nothing happening for so long is the end: longer than taints are tolerated and autoscalers wait. */
const QUIET_MS = 10 * 60_000
/** So long is enough when nothing can happen any more: what runs to its end has ended by then. */
const IDLE_MS = 60_000
const LIMIT_MS = 60 * 60_000
const LOOK_MS = 1000
const LISTING_MS = 10_000
/** How long what runs to its end is taken to need. */
const INIT_MS = 1000
const JOB_MS = 10_000

/**
 * What would happen: the engine's own loop on nodes in memory that begin as the real ones are, by a clock that runs as fast as things are
 * decided. Containers are taken to start and stop at once, to be ready as soon as their probes ask, and to end well if they end at all.
 */
export async function rehearse(options: RehearsalOptions): Promise<Rehearsed> {
  const { head, now, scenario, snapshot } = options
  const clock = new VirtualClock(now)
  const world = worldOf(options, clock)
  const ending = new AbortController()
  let lastMs = 0
  let begun = false
  let isLookedAt = false
  const loop = createLoop({
    runtimes: new Map([...world].map(([name, node]) => [name, connectTo(node).runtime])),
    head,
    clock,
    desired: scenario.desired,
    signal: AbortSignal.any([ending.signal, options.signal]),
    // A node that is lost is noticed by the next listing.
    ...(scenario.down.length > 0 && { limits: { resyncEveryMs: LISTING_MS } }),
    ask: () => Promise.resolve({ succeeded: true, message: 'taken to succeed' }),
    onProgress: (event) => {
      if (!isLookedAt && IS_STATE.has(event.kind)) return
      if (event.kind !== 'healthChanged') lastMs = clock.elapsedMs
      options.onProgress(event)
    },
    onTick: () => {
      isLookedAt = true
    },
    plan: (seen, at) => {
      if (begun) return planFor(seen, at)
      begun = true
      // The engine knew all nodes before it happens: that is another thing than never to have seen one.
      for (const name of scenario.down) setDown(world.get(name))
      return scenario.down.length > 0 ? NOTHING_YET : planFor(seen, at)
    },
  })
  share(world, snapshot, loop)
  const running = loop.run()
  const limitMs = options.limitMs ?? LIMIT_MS
  const isQuiet = (): boolean => {
    const quietMs = clock.elapsedMs - lastMs
    return quietMs >= QUIET_MS || (quietMs >= IDLE_MS && isIdle(loop.state()))
  }
  while (clock.elapsedMs < limitMs && !isQuiet() && !options.signal.aborted) await clock.runFor(LOOK_MS)
  const kind = isQuiet() ? 'settled' : 'limit'
  const end = loop.state()
  ending.abort()
  await clock.runUntil(running)
  return { kind, tookMs: lastMs, end }
}

/** Nothing is being done, nothing falls due, and no container is about to be started again by its node. */
function isIdle({ plan, snapshot }: LoopState): boolean {
  if (plan === undefined || snapshot === undefined) return false
  if (plan.actions.length > 0 || plan.requeueAt !== undefined || snapshot.busy.size > 0) return false
  const pods = [...snapshot.observed.nodes.values()].flatMap((node) => [...node.pods.values()])
  return !pods.some(({ containers }) =>
    [...containers.values()].some(({ state }) => state.kind === 'exited' && state.restartAt !== undefined),
  )
}

/** How things are; told of the first look, it is no news. */
const IS_STATE: ReadonlySet<ProgressEvent['kind']> = new Set([
  'podChanged',
  'healthChanged',
  'nodeChanged',
  'containerStarted',
  'containerExited',
  'containerWaits',
])

const NOTHING_YET: Plan = {
  actions: [],
  verdicts: [],
  changes: new Map(),
  statuses: new Map(),
  violations: [],
}

function setDown(node: SimulatedNode | undefined): void {
  if (node !== undefined) node.reachable = false
}

function worldOf(
  { head, scenario, snapshot }: RehearsalOptions,
  clock: VirtualClock,
): ReadonlyMap<NodeName, SimulatedNode> {
  const world = new Map<NodeName, SimulatedNode>()
  for (const observed of snapshot.observed.nodes.values()) world.set(observed.name, nodeLike(observed, clock))
  const like = snapshot.observed.nodes.get(head)?.info
  for (const name of scenario.added) {
    const node = new SimulatedNode(name, clock, lifeOf)
    if (like !== undefined) node.info = { ...like, node: name }
    world.set(name, node)
  }
  for (const [name, node] of world) if (scenario.rebooted.includes(name)) reboot(node)
  for (const record of snapshot.records.values()) world.get(head)?.objectRecords.set(record.key, record)
  return world
}

function nodeLike({ info, name, pods, reachable }: ObservedNode, clock: VirtualClock): SimulatedNode {
  const node = new SimulatedNode(name, clock, lifeOf)
  node.info = info
  node.reachable = reachable
  for (const [uid, pod] of pods) {
    const { failures: _failures, probes: _probes, unmade, usage: _usage, diskBytes: _bytes, ...listing } = pod
    if (unmade !== true) adoptPod(node, uid, listing, (container) => ruleOf(pod, container))
  }
  return node
}

const NO_RESTART: Started['restart'] = { policy: 'Never', delaysSeconds: [], resetAfterSeconds: 0 }

function ruleOf(pod: ObservedPod, container: string): Started['restart'] {
  const facts = filledFactsOf(pod.record.pod.spec)
  const found = containerFacts(facts, container)
  return found === undefined ? NO_RESTART : restartRule(found, deadlineOf(facts, pod))
}

function lifeOf({ container, pod }: ContainerStart): ContainerScript {
  const init = pod.spec.initContainers?.find(({ name }) => name === container)
  if (init !== undefined) return init.restartPolicy === 'Always' ? {} : { exitAfterMs: INIT_MS }
  return endsByItself(pod) ? { exitAfterMs: JOB_MS } : {}
}

function endsByItself({ spec }: Pod): boolean {
  return spec.restartPolicy === 'Never' || spec.restartPolicy === 'OnFailure'
}

/**
 * What the pods of each autoscaled workload used when it was last measured, shared by as many as there are. What was never measured cannot
 * be read here either, so that nothing is concluded from it.
 */
function share(
  world: ReadonlyMap<NodeName, SimulatedNode>,
  { desired, records }: Snapshot,
  loop: Loop,
): void {
  const targets = autoscalersOf(desired.objects)
  const uses = new Map(targets.map((one) => [one.target, recordedUse(records.get(one.desired.key))]))
  const useOf = (pod: SimulatedPod): SimulatedUse => {
    const verdicts = loop.state().plan?.verdicts ?? []
    const object = verdicts.find(({ uid }) => uid === pod.uid)?.object
    const use = object === undefined ? undefined : uses.get(object)
    if (use === undefined) throw new RuntimeFailure('Simulated', 'what it uses was never measured')
    const pods = verdicts.filter((one) => one.object === object && isThere(world, one.uid)).length
    return { cpuMillis: (use.cpuMillis * use.pods) / Math.max(1, pods), memoryBytes: use.memoryBytes }
  }
  for (const node of world.values()) {
    // All of it by the first container, as only the whole is on record.
    node.useOf = (pod, container) =>
      container === pod.record.pod.spec.containers[0]?.name ? useOf(pod) : { cpuMillis: 0, memoryBytes: 0 }
  }
}

function isThere(world: ReadonlyMap<NodeName, SimulatedNode>, uid: PodUid): boolean {
  return [...world.values()].some((node) => node.reachable && node.pods.has(uid))
}
