import type { KubernetesObject, Node } from '../../../engine/api/generated/types.ts'
import { nodeName, type PodUid } from '../../../engine/api/names.ts'
import type { Desired } from '../../../engine/api/snapshot.ts'
import type { LogFields, LogLevel } from '../../../engine/reconciler/logger.ts'
import { createLoop, type Loop } from '../../../engine/reconciler/loop.ts'
import type { LoopOptions } from '../../../engine/reconciler/loopOptions.ts'
import { VirtualClock } from '../../../engine/runtimes/simulated/clock.ts'
import { SimulatedNode } from '../../../engine/runtimes/simulated/node.ts'
import type { SimulatedPod } from '../../../engine/runtimes/simulated/pod.ts'
import { connectTo } from '../../../engine/runtimes/simulated/runtime.ts'
import type { Script } from '../../../engine/runtimes/simulated/script.ts'
import type { Weather } from '../../../engine/runtimes/simulated/weather.ts'
import { desired, node } from './objects.ts'

/** What outlives engines: a clock, machines, and the commit that is wanted. */
export class Fleet {
  readonly clock = new VirtualClock()
  readonly nodes: readonly SimulatedNode[]
  readonly manifests: readonly Node[]
  /** Complaints of all engines: a bug of ours each. */
  readonly errors: string[] = []
  readonly trace: Trace
  desired: Desired

  constructor(nodes: number, script: Script, trace: Trace) {
    this.trace = trace
    trace.clock = this.clock
    const names = Array.from({ length: nodes }, (_, index) => `node-${index + 1}`)
    this.nodes = names.map((name) => new SimulatedNode(nodeName(name), this.clock, script))
    this.manifests = names.map(node)
    this.desired = desired('commit-0', [], this.manifests)
  }

  get head(): SimulatedNode {
    const [head] = this.nodes
    if (head === undefined) throw new Error('making a fleet: it has no node')
    return head
  }

  get pods(): readonly SimulatedPod[] {
    return this.nodes.flatMap(({ pods }) => [...pods.values()])
  }

  podOf(uid: PodUid): SimulatedPod | undefined {
    return this.nodes.map(({ pods }) => pods.get(uid)).find((pod) => pod !== undefined)
  }

  commit(name: string, objects: readonly KubernetesObject[], nodes: readonly Node[]): void {
    this.desired = desired(name, objects, nodes)
    this.trace.add(`commit ${name}: ${[...this.desired.objects.keys()].join(' ')}`)
  }

  logged(level: LogLevel, message: string, fields: LogFields): void {
    if (level === 'debug') return
    this.trace.add(`${level}: ${message} ${JSON.stringify(fields)}`)
    if (level === 'error') this.errors.push(`${message} ${JSON.stringify(fields)}`)
  }
}

/** What happened, for people who replay one world. */
export class Trace {
  readonly lines: string[] = []
  readonly #kept: boolean
  clock: VirtualClock | undefined

  constructor(kept: boolean) {
    this.#kept = kept
  }

  add(line: string): void {
    if (!this.#kept) return
    const elapsed = ((this.clock?.elapsedMs ?? 0) / 1_000).toFixed(3).padStart(9)
    this.lines.push(`${elapsed}  ${line}`)
  }
}

export interface Engine {
  readonly loop: Loop
  readonly alive: boolean
  /** As kill -9: from here on nothing of it reaches a node. */
  kill(): void
}

export interface EngineOptions {
  readonly weather: Weather
  readonly vague: () => boolean
  /** It is killed at this step of its talk with the nodes. */
  readonly killAtStep?: number
  /** Nodes are asked whether they are there. */
  readonly pinged?: boolean
  readonly plan?: LoopOptions['plan']
}

export function startEngine(fleet: Fleet, options: EngineOptions): Engine {
  const ending = new AbortController()
  let steps = 0
  let alive = true
  const kill = (): void => {
    if (!alive) return
    alive = false
    fleet.trace.add('the engine is killed')
    for (const { line } of connections) line.kill()
    ending.abort()
  }
  const onStep = (): void => {
    steps += 1
    if (steps === options.killAtStep) kill()
  }
  const { pinged = false, plan, vague, weather } = options
  const connections = fleet.nodes.map((one) => connectTo(one, { weather, vague, onStep, pinged }))
  const loop = createLoop({
    runtimes: new Map(fleet.nodes.map(({ name }, index) => [name, runtimeAt(connections, index)])),
    head: fleet.head.name,
    clock: fleet.clock,
    desired: fleet.desired,
    signal: ending.signal,
    log: (level, message, fields = {}) => alive && fleet.logged(level, message, fields),
    onProgress: (event) => {
      if (alive && event.kind === 'actionStarted' && 'pod' in event.action)
        fleet.trace.add(
          `${event.action.kind} ${event.action.pod} on ${event.action.node}: ${event.action.reason}`,
        )
    },
    onTick: ({ plan: made }) => {
      for (const { invariant, message } of made?.violations ?? [])
        fleet.errors.push(`a broken invariant: ${invariant}: ${message}`)
    },
    ...(plan && { plan }),
  })
  fleet.trace.add('an engine starts')
  void loop.run().catch((error: unknown) => {
    if (alive) fleet.errors.push(`the engine ended: ${String(error)}`)
  })
  return {
    loop,
    get alive() {
      return alive
    },
    kill,
  }
}

function runtimeAt(
  connections: readonly ReturnType<typeof connectTo>[],
  index: number,
): ReturnType<typeof connectTo>['runtime'] {
  const connection = connections[index]
  if (connection === undefined) throw new Error(`no connection to node ${index}`)
  return connection.runtime
}
