import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Measurement } from '../measure.ts'
import { clusterYaml, commitFiles } from '../repository.ts'
import type { DaemonBench } from './daemon.ts'
import { EngineProcess, usageOf } from './engineProcess.ts'
import { markedPod, Marks } from './marks.ts'

const PODS = 100
/** Nothing has been planned for so long: what starting took is over, its probes' first answers and its records. */
const QUIET_MS = 20_000
const QUIET_WITHIN_MS = 120_000
const LOOK_MS = 5_000

/**
 * What the daemon costs while nothing happens: 100 pods, a quarter with http probes, a quarter with tcp probes, every 10 s. The daemon's process
 * and those it keeps; not the containers, nor their monitors.
 */
export async function benchIdle(bench: DaemonBench): Promise<readonly Measurement[]> {
  const { folder, idleSeconds, registry } = bench
  const repo = join(folder, 'idle')
  const root = join(folder, 'idle-root')
  using marks = new Marks(join(folder, 'idle-marks'))
  const names = Array.from({ length: PODS }, (_, index) => `pod-${index}`)
  const pods = names.map((name, index) => podYaml(name, index, marks)).join('---\n')
  await commitFiles(repo, { 'cluster.yaml': clusterYaml(registry), 'pods.yaml': pods })
  return await bench.down(root, async () => {
    await using daemon = await EngineProcess.start(repo, root)
    await Promise.all(names.map((name) => marks.until(name, 1)))
    await untilQuiet(daemon)
    const before = usageOf(daemon.pid)
    await sleep(idleSeconds * 1000)
    const after = usageOf(daemon.pid)
    const what = `idle with ${PODS} pods, half of them probed, ${idleSeconds} s`
    return [
      {
        what: `${what}: of one core`,
        value: ((after.cpuMs - before.cpuMs) / (idleSeconds * 1000)) * 100,
        unit: '%',
        runs: 1,
        target: { text: 'under 1 %', most: 1 },
      },
      {
        what: `${what}: resident`,
        value: after.residentBytes / 1_000_000,
        unit: 'MB',
        runs: 1,
        target: { text: 'under 130 MB', most: 130 },
      },
    ]
  })
}

async function untilQuiet(daemon: EngineProcess): Promise<void> {
  let ticks = await daemon.metric('reconcile_ticks_total')
  let quietMs = 0
  for (let waitedMs = 0; quietMs < QUIET_MS; waitedMs += LOOK_MS) {
    if (waitedMs >= QUIET_WITHIN_MS) throw new Error('the daemon goes on planning though nothing happens')
    await sleep(LOOK_MS)
    const now = await daemon.metric('reconcile_ticks_total')
    quietMs = now === ticks ? quietMs + LOOK_MS : 0
    ticks = now
  }
}

function podYaml(name: string, index: number, marks: Marks): string {
  if (index % 2 === 1) return markedPod(name, marks)
  const handler = index % 4 === 0 ? `httpGet: {path: /marks/${name}, port: 8080}` : 'tcpSocket: {port: 8080}'
  return markedPod(name, marks, 'httpd -f -p 8080 -h /', `{${handler}, periodSeconds: 10}`)
}
