import type { NodeName } from '../../../engine/api/names.ts'
import { nodeName } from '../../../engine/api/names.ts'
import type { Desired } from '../../../engine/api/snapshot.ts'
import type { LogFields, LogLevel } from '../../../engine/reconciler/logger.ts'
import type { Loop } from '../../../engine/reconciler/loop.ts'
import type { LoopOptions } from '../../../engine/reconciler/loopOptions.ts'
import { createLoop } from '../../../engine/reconciler/loop.ts'
// Loaded before the first probe asks for it: loading a module takes real time, in which the virtual clock would run on.
import '../../../engine/reconciler/httpGet.ts'
import type { Outcome } from '../../../engine/reconciler/outcome.ts'
import { VirtualClock } from '../../../engine/runtimes/simulated/clock.ts'
import { SimulatedNode } from '../../../engine/runtimes/simulated/node.ts'
import type { Connection, ConnectionOptions } from '../../../engine/runtimes/simulated/runtime.ts'
import { connectTo } from '../../../engine/runtimes/simulated/runtime.ts'
import type { Script } from '../../../engine/runtimes/simulated/script.ts'
import { runsForever } from '../../../engine/runtimes/simulated/script.ts'

export const NODE: NodeName = nodeName('local')

export interface LogEntry {
  readonly level: LogLevel
  readonly message: string
  readonly fields: LogFields
}

/** A clock and a node: what outlives engines. */
export interface World {
  readonly clock: VirtualClock
  readonly node: SimulatedNode
  /** Of all engines; an error among them is a bug of ours. */
  readonly log: LogEntry[]
}

export function createWorld(script: Script = runsForever): World {
  const clock = new VirtualClock()
  return { clock, node: new SimulatedNode(NODE, clock, script), log: [] }
}

export interface Engine {
  readonly loop: Loop
  readonly connection: Connection
  /** As kill -9: from here on nothing of it reaches the node. */
  kill(): void
  /** As the end of `--once`. */
  stop(): Promise<void>
}

export type EngineOptions = ConnectionOptions &
  Pick<Partial<LoopOptions>, 'ask' | 'limits' | 'onProgress' | 'plan' | 'onTick'>

export function startEngine(world: World, desired: Desired, options: EngineOptions = {}): Engine {
  const { clock, node, log } = world
  const connection = connectTo(node, options)
  const ending = new AbortController()
  const { ask, limits, onProgress, onTick, plan } = options
  const loop = createLoop({
    runtimes: new Map([[NODE, connection.runtime]]),
    clock,
    desired,
    signal: ending.signal,
    log: (level, message, fields = {}) => log.push({ level, message, fields }),
    ...(ask && { ask }),
    ...(limits && { limits }),
    ...(onProgress && { onProgress }),
    ...(onTick && { onTick }),
    ...(plan && { plan }),
  })
  const running = loop.run()
  return {
    loop,
    connection,
    kill: () => {
      connection.line.kill()
      ending.abort()
    },
    stop: () => {
      ending.abort()
      return clock.runUntil(running)
    },
  }
}

/** `reconcile --once`. */
export async function once(world: World, desired: Desired, options: EngineOptions = {}): Promise<Outcome> {
  const engine = startEngine(world, desired, options)
  const outcome = await world.clock.runUntil(engine.loop.untilHealthy({ timeoutMs: 3_600_000 }))
  await engine.stop()
  return outcome
}

/** `namespace/name container#attempt` of all that runs, sorted. */
export function runningOn(node: SimulatedNode): readonly string[] {
  return [...node.pods.values()]
    .flatMap(({ record, containers }) =>
      [...containers.values()]
        .filter(({ state }) => state.kind === 'running')
        .map(({ name, attempt }) => `${record.pod.metadata.name} ${name}#${attempt}`),
    )
    .toSorted()
}
