import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { engine, type Measurement, median, timed } from './measure.ts'
import { Podman } from './podman.ts'
import { type Contender, engineContender, imageOf, type PodBench, podmanContender } from './pods.ts'
import { rootPaths } from '../engine/runtimes/oci/paths.ts'
import { localTransport } from '../engine/transport/local.ts'

const COUNT = 20
const RUNS = 3

const NODE_YAML = `apiVersion: reconcile.dev/v1
kind: Node
metadata: {name: bench}
spec: {runtime: podman}
`

/** Twenty pods through podman: by the engine, whose node is a podman node, and by `podman kube play`, by turns. */
export async function benchPodmanNode(bench: PodBench): Promise<readonly Measurement[]> {
  mkdirSync(bench.folder, { recursive: true })
  const root = join(bench.folder, 'root')
  try {
    const reconcile = engineContender(bench, root, NODE_YAML)
    // Once before anything is timed: the image is pulled, the bridge is made.
    await reconcile.up(1)
    const runtime = await chosenRuntime(root)
    await reconcile.down(1)
    await using podman = await Podman.create(join(bench.folder, 'podman'), runtime, imageOf(bench))
    return await byTurns(reconcile, podmanContender(podman, bench.folder))
  } finally {
    await timed(engine('down', '--root', root))
  }
}

/** The OCI runtime that works here: the rival has the same. */
async function chosenRuntime(root: string): Promise<string> {
  const { runDir } = await rootPaths(localTransport(), root)
  const chosen: unknown = JSON.parse(readFileSync(join(runDir, 'runtime.json'), 'utf8'))
  if (typeof chosen === 'object' && chosen !== null && 'path' in chosen) return String(chosen.path)
  throw new Error(`${runDir} tells of no runtime`)
}

async function byTurns(ours: Contender, rival: Contender): Promise<readonly Measurement[]> {
  const times = {
    ours: { up: [] as number[], down: [] as number[] },
    rival: { up: [] as number[], down: [] as number[] },
  }
  for (let run = 0; run < RUNS; run += 1) {
    times.ours.up.push(await ours.up(COUNT))
    times.ours.down.push(await ours.down(COUNT))
    times.rival.up.push(await rival.up(COUNT))
    times.rival.down.push(await rival.down(COUNT))
  }
  const row = (what: string, values: readonly number[], target?: Measurement['target']): Measurement => ({
    what: `${COUNT} pods ${what}`,
    value: median(values),
    unit: 'ms',
    runs: RUNS,
    ...(target && { target }),
  })
  const most = median(times.rival.up)
  return [
    row('started: reconcile on a podman node', times.ours.up, {
      text: 'no slower than podman kube play',
      most,
    }),
    row('started: podman kube play', times.rival.up),
    row('removed: reconcile on a podman node', times.ours.down),
    row('removed: podman kube down', times.rival.down),
  ]
}
