import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Measurement, median } from '../measure.ts'
import { clusterYaml, commitFiles, RESOURCES } from '../repository.ts'
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
  const pods = names.map((name) => markedPod(name, marks, RESOURCES)).join('---\n')
  await commitFiles(repo, { 'cluster.yaml': clusterYaml(registry), 'pods.yaml': pods })
  return await bench.down(root, async () => {
    await using _daemon = await EngineProcess.start(repo, root)
    await Promise.all(names.map((name) => marks.until(name, 1)))
    const times: number[] = []
    for (const [name, pid] of processes(root)) {
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
function processes(root: string): readonly (readonly [name: string, pid: number])[] {
  return readdirSync(join(root, 'pods')).map((uid) => {
    const folder = join(root, 'pods', uid)
    const { pod } = JSON.parse(readFileSync(join(folder, 'pod.json'), 'utf8')) as {
      readonly pod: { readonly metadata: { readonly name: string } }
    }
    const started = readFileSync(join(folder, 'containers', 'main', '0', 'started'), 'utf8')
    return [pod.metadata.name, Number(/^pid=(\d+)$/m.exec(started)?.[1])] as const
  })
}
