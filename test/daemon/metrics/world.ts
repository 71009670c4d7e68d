import { readFileSync } from 'node:fs'
import { nodeName } from '../../../engine/api/names.ts'
import type { Desired } from '../../../engine/api/snapshot.ts'
import { createMetrics, type Metrics, type MetricsOptions } from '../../../engine/daemon/metrics/metrics.ts'
import {
  initialSyncState,
  type SyncEvent,
  type SyncState,
  syncStateAfter,
} from '../../../engine/daemon/syncState.ts'
import { createManifestReader } from '../../../engine/manifests/reader.ts'
import type { Script } from '../../../engine/runtimes/simulated/script.ts'
import { createWorld, type Engine, NODE, startEngine, type World } from '../../simulation/loop/engine.ts'

const FILE = new URL('world.yaml', import.meta.url)

/** A commit with one object of each kind that metrics tell of. */
export function desiredWorld(): Desired {
  const text = readFileSync(FILE, 'utf8')
  const result = createManifestReader().read([{ path: 'world.yaml', content: Buffer.from(text) }], {
    mode: 'commit',
  })
  if (result.kind === 'invalid') throw new Error(JSON.stringify(result.errors, undefined, 2))
  const { cluster, nodes, objects } = result
  return { commit: 'c0ffee', cluster, nodes, objects }
}

/** By the image: what ends well, what ends badly; anything else goes on. */
const script: Script = ({ container, pod }) => {
  const all = [...(pod.spec.initContainers ?? []), ...pod.spec.containers]
  const image = all.find(({ name }) => name === container)?.image ?? ''
  if (/ends|prepare/.test(image)) return { exitAfterMs: 1_000 }
  return image.includes('crashes') ? { exitAfterMs: 2_000, exitCode: 3 } : {}
}

export interface MeasuredWorld {
  readonly world: World
  readonly engine: Engine
  readonly metrics: Metrics
  sync(event: SyncEvent): void
}

/** A loop over a simulated node, and the metrics of both, after `seconds` of it. */
export async function measuredWorld(
  seconds: number,
  more: Partial<Pick<MetricsOptions, 'runtimes' | 'containersTimeoutMs'>> = {},
): Promise<MeasuredWorld> {
  const world = createWorld(script)
  world.node.info = {
    node: nodeName('local'),
    runtime: 'simulated 1',
    bootId: 'boot-1',
    addresses: ['192.0.2.1'],
    cpuMillis: 8_000,
    memoryBytes: 2 ** 34,
    podsMax: 100,
    warnings: [],
  }
  world.node.useOf = () => ({ cpuMillis: 100, memoryBytes: 1_048_576 })
  let state: SyncState = initialSyncState(
    { repository: '/srv/repo', branch: 'main', path: '' },
    '2026-01-01T00:00:00Z',
  )
  const hearing = new Set<Metrics>()
  const engine = startEngine(world, desiredWorld(), {
    onProgress: (event) => {
      for (const metrics of hearing) metrics.event(event)
    },
    onTick: (state) => {
      for (const metrics of hearing) metrics.tick(state)
    },
  })
  const metrics = createMetrics({
    loop: () => engine.loop.state(),
    sync: () => state,
    runtimes: () => new Map([[NODE, engine.connection.runtime]]),
    clock: world.clock,
    ...more,
  })
  hearing.add(metrics)
  await world.clock.runFor(seconds * 1_000)
  return {
    world,
    engine,
    metrics,
    sync: (event) => {
      state = syncStateAfter(state, event)
      metrics.syncEvent(event)
    },
  }
}
