import type { NodeEvent, NodeInfo } from '../../api/cri.ts'
import type { PodUid } from '../../api/names.ts'
import type { ContainerStats, PodListing, Runtime } from '../runtime.ts'
import type { Line } from './line.ts'
import { measured, used } from './measures.ts'
import type { SimulatedNode } from './node.ts'
import type { SimulatedPod } from './pod.ts'

/** Nobody writes any, so once a day is often enough. */
const NO_LOGS_MS = 86_400_000

type Reading = Pick<
  Runtime,
  'check' | 'prepare' | 'list' | 'upkeep' | 'inspect' | 'events' | 'logs' | 'keepLogs' | 'stats' | 'measure'
>

export function readingVerbs(node: SimulatedNode, line: Line, vague = () => false): Reading {
  return {
    check: (signal) => line.call('check', signal, () => nodeInfo(node)),
    prepare: (signal) => line.call('check', signal, () => nodeInfo(node)),
    list: (signal) =>
      line.call('list', signal, () => {
        const pods = [...node.pods.values()].map((pod) => [pod.uid, node.listing(pod)] as const)
        return { pods: new Map<PodUid, PodListing>(pods), unreadable: [] }
      }),
    upkeep: async ({ mend }) => node.lookAfter(mend),
    inspect: (uid, signal) =>
      line.call('inspect', signal, () => {
        const pod = node.pods.get(uid)
        return pod && node.listing(pod)
      }),
    events: (signal) => events(node, line, vague, signal),
    async *logs() {
      yield* []
    },
    keepLogs: async () => NO_LOGS_MS,
    stats: (uid, signal) => line.call('stats', signal, () => stats(node, node.known(uid, 'reading usage'))),
    measure: (pods, signal) =>
      line.call('measure', signal, () => {
        const found = pods.map((pod) => [pod.uid, measured(node, pod)] as const)
        return new Map(found.flatMap(([uid, measures]) => (measures === undefined ? [] : [[uid, measures]])))
      }),
  }
}

function nodeInfo(node: SimulatedNode): NodeInfo {
  if (node.info !== undefined) return node.info
  return {
    node: node.name,
    runtime: 'simulated',
    bootId: `boot-${node.boots}`,
    addresses: ['192.0.2.1'],
    cpuMillis: 1_000_000,
    memoryBytes: 2 ** 50,
    podsMax: 100_000,
    warnings: [],
  }
}

function stats(node: SimulatedNode, pod: SimulatedPod): readonly ContainerStats[] {
  return [...pod.containers.values()].flatMap((container) => {
    if (container.state.kind !== 'running') return []
    const { cpuNanoseconds, memoryBytes } = used(node, pod, container)
    return [{ container: container.name, cpuNanoseconds, memoryBytes }]
  })
}

/** What happened while nobody listened is not told later. */
async function* events(
  node: SimulatedNode,
  line: Line,
  vague: () => boolean,
  signal: AbortSignal,
): AsyncGenerator<NodeEvent> {
  const heard: NodeEvent[] = []
  let wake = (): void => undefined
  using _listening = node.listen((event) => {
    heard.push(event)
    wake()
  })
  signal.addEventListener('abort', () => wake(), { once: true })
  while (!signal.aborted) {
    const event = heard.shift()
    if (event !== undefined) {
      if (!line.dead && node.reachable) yield vague() ? { node: node.name } : event
      continue
    }
    await new Promise<void>((resolve) => {
      wake = resolve
    })
  }
}
