import type { ContainerStats, Runtime } from '../../runtimes/runtime.ts'
import type { RunCommand } from '../commands.ts'
import { listOf, printJson } from '../json.ts'
import { listPods, type ListedPod, podFilter } from '../pods.ts'
import { openMachine, openUsedStation } from '../station.ts'
import { table } from '../table.ts'
import { EXIT, type World } from '../world.ts'

/** Cpu is measured over this time, as the difference of two readings. */
const MEASURE_MS = 1000

interface Usage {
  readonly pod: ListedPod
  readonly container: string
  readonly cpuMillis: number
  readonly memoryBytes: number
}

export const run: RunCommand = async (invocation, world) => {
  const station = await openUsedStation(invocation, world)
  const { runtime } = await openMachine(station, undefined, world)
  const pods = (await listPods(runtime, world)).filter(podFilter(invocation))
  const usages = await measure(pods, runtime, world)
  if (invocation.text('output') === 'json')
    printJson(world, listOf(pods.map((pod) => metricsOf(pod, usages, world))))
  else print(usages, station.root, world)
  return EXIT.done
}

async function measure(
  pods: readonly ListedPod[],
  runtime: Runtime,
  world: World,
): Promise<readonly Usage[]> {
  const read = async (): Promise<
    readonly { readonly pod: ListedPod; readonly stats: readonly ContainerStats[] }[]
  > =>
    Promise.all(
      pods.map(async (pod) => ({
        pod,
        // A pod that ended since it was listed uses nothing.
        stats: await runtime.stats(pod.uid, world.signal).catch(() => []),
      })),
    )
  const began = world.clock.now()
  const first = await read()
  await world.clock.sleepUntil(began.add({ milliseconds: MEASURE_MS }), world.signal)
  const second = await read()
  const tookNanoseconds = Number(world.clock.now().epochNanoseconds - began.epochNanoseconds)
  const before = new Map(
    first.flatMap(({ pod, stats }) =>
      stats.map((one) => [`${pod.uid}/${one.container}`, one.cpuNanoseconds] as const),
    ),
  )
  return second.flatMap(({ pod, stats }) =>
    stats.map(({ container, cpuNanoseconds, memoryBytes }) => {
      // Fewer nanoseconds than before: it was restarted between the two readings.
      const used = Math.max(0, cpuNanoseconds - (before.get(`${pod.uid}/${container}`) ?? cpuNanoseconds))
      return { pod, container, cpuMillis: Math.round((used / tookNanoseconds) * 1000), memoryBytes }
    }),
  )
}

function print(usages: readonly Usage[], root: string, world: World): void {
  const rows = usages.map(({ pod, container, cpuMillis, memoryBytes }) => [
    pod.namespace,
    pod.name,
    container,
    `${cpuMillis}m`,
    `${Math.ceil(memoryBytes / 2 ** 20)}Mi`,
  ])
  world.stdout.write(table(['NAMESPACE', 'POD', 'NAME', 'CPU(cores)', 'MEMORY(bytes)'], rows))
  if (rows.length === 0) world.stderr.write(`no containers run on ${root}\n`)
}

/** As the metrics API has it. */
function metricsOf(pod: ListedPod, usages: readonly Usage[], world: World): unknown {
  return {
    apiVersion: 'metrics.k8s.io/v1beta1',
    kind: 'PodMetrics',
    metadata: { name: pod.name, namespace: pod.namespace },
    timestamp: world.clock.now().toString({ smallestUnit: 'second' }),
    window: `${MEASURE_MS / 1000}s`,
    containers: usages
      .filter((usage) => usage.pod === pod)
      .map(({ container, cpuMillis, memoryBytes }) => ({
        name: container,
        usage: { cpu: `${cpuMillis}m`, memory: `${Math.ceil(memoryBytes / 1024)}Ki` },
      })),
  }
}
