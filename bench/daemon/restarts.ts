import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { type Measurement, median } from '../measure.ts'
import { clusterYaml, commitFiles } from '../repository.ts'
import type { DaemonBench } from './daemon.ts'
import { EngineProcess } from './engineProcess.ts'
import { markedPod, Marks } from './marks.ts'

const PODS = 10

/** A container's process is killed, once in each pod, since only the first restart has no back-off; until the next one's has written a file. */
export async function benchRestarts(bench: DaemonBench): Promise<readonly Measurement[]> {
  const { folder, registry } = bench
  const repo = join(folder, 'restarts')
  const root = join(folder, 'restarts-root')
  using marks = new Marks(join(folder, 'restarts-marks'))
  const names = Array.from({ length: PODS }, (_, index) => `pod-${index}`)
  const pods = names.map((name) => markedPod(name, marks)).join('---\n')
  await commitFiles(repo, { 'cluster.yaml': clusterYaml(registry), 'pods.yaml': pods })
  return await bench.down(root, async () => {
    await using _daemon = await EngineProcess.start(repo, root)
    await Promise.all(names.map((name) => marks.until(name, 1)))
    const times: number[] = []
    for (const [name, pid] of await processes(root)) {
      const began = performance.now()
      process.kill(pid, 'SIGKILL')
      await marks.until(name, 2)
      times.push(performance.now() - began)
    }
    return [
      {
        what: "a container's death to its successor running",
        value: median(times),
        unit: 'ms',
        runs: PODS,
        target: { text: 'under 150 ms', most: 150 },
      },
    ]
  })
}

/** By pod, the process of its container, as the node's records say. */
async function processes(root: string): Promise<readonly (readonly [name: string, pid: number])[]> {
  const all = readdirSync(join(root, 'pods')).map(async (uid) => {
    const folder = join(root, 'pods', uid)
    const { pod } = JSON.parse(readFileSync(join(folder, 'pod.json'), 'utf8')) as {
      readonly pod: { readonly metadata: { readonly name: string } }
    }
    const file = join(folder, 'containers', 'main', '0', 'started')
    // The container's first command may run a moment before the node has written down that it does.
    while (!existsSync(file)) await setTimeout(5)
    return [pod.metadata.name, Number(/^pid=(\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1])] as const
  })
  return await Promise.all(all)
}
