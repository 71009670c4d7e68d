import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { engine, type Measurement, median, timed } from './measure.ts'
import { Podman } from './podman.ts'
import { type RawLoop, rawDown, rawLoopOf, rawUp } from './raw-loop.ts'
import { clusterYaml, commitFiles, KEEPER_YAML, podsYaml } from './repository.ts'

export interface PodBench {
  readonly folder: string
  /** `http://127.0.0.1:port` of the registry that holds busybox:1.36. */
  readonly registry: string
}

const COUNTS = [1, 20, 100]

/** Runs of each measurement: the fewer, the longer each one takes. */
function runsFor(count: number): number {
  return count >= 100 ? 2 : 5
}

export interface Contender {
  readonly name: string
  up(count: number): Promise<number>
  down(count: number): Promise<number>
}

/** Start and removal of 1, 20 and 100 pods, by turns: the engine, the raw loop, podman. */
export async function benchPods(bench: PodBench): Promise<readonly Measurement[]> {
  const engineRoot = join(bench.folder, 'root')
  try {
    return await benchIn(bench, engineRoot)
  } finally {
    await timed(engine('down', '--root', engineRoot))
  }
}

async function benchIn(bench: PodBench, engineRoot: string): Promise<readonly Measurement[]> {
  const reconcile = engineContender(bench, engineRoot)
  // Once before anything is timed: the image is pulled and extracted, the bridge is made.
  await reconcile.up(1)
  const loop = rawLoopOf(engineRoot, join(bench.folder, 'raw-loop'))
  await reconcile.down(1)
  await using podman = await Podman.create(join(bench.folder, 'podman'), loop.runtime, imageOf(bench))
  const contenders = [reconcile, rawContender(loop), podmanContender(podman, bench.folder)]
  const rows: Measurement[] = []
  try {
    for (const count of COUNTS) rows.push(...(await round(contenders, count)))
  } finally {
    // Of a round that failed; otherwise there is nothing left to take down.
    await rawDown(loop, Math.max(...COUNTS))
  }
  return rows
}

async function round(contenders: readonly Contender[], count: number): Promise<readonly Measurement[]> {
  const runs = runsFor(count)
  const times = new Map(
    contenders.map((contender) => [contender.name, { up: [] as number[], down: [] as number[] }]),
  )
  for (let run = 0; run < runs; run += 1) {
    // By turns, so that a noisy moment of the machine hits all of them.
    for (const contender of contenders) {
      times.get(contender.name)?.up.push(await contender.up(count))
      times.get(contender.name)?.down.push(await contender.down(count))
    }
  }
  const of = (name: string, what: 'up' | 'down') => median(times.get(name)?.[what] ?? [])
  const row = (name: string, what: 'up' | 'down', target?: Measurement['target']): Measurement => ({
    what: `${count} ${count === 1 ? 'pod' : 'pods'} ${what === 'up' ? 'started' : 'removed'}: ${name}`,
    value: of(name, what),
    unit: 'ms',
    runs,
    ...(target && { target }),
  })
  return [
    row('reconcile', 'up', startTarget(count, of('raw loop', 'up'), of('podman', 'up'))),
    row('raw loop', 'up'),
    row('podman', 'up'),
    row('reconcile', 'down'),
    row('raw loop', 'down'),
    row('podman', 'down'),
  ]
}

function startTarget(count: number, rawMs: number, podmanMs: number): Measurement['target'] {
  if (count === 1) return { text: 'under 350 ms', most: 350 }
  if (count === 20) {
    return {
      text: 'within 1.5 x raw loop and a quarter of podman',
      most: Math.min(1.5 * rawMs, podmanMs / 4),
    }
  }
  return undefined
}

/** One commit with the pods, one without; `--once` after each is what is timed, as a process of its own. */
export function engineContender(bench: PodBench, root: string, nodeYaml?: string): Contender {
  const repo = join(bench.folder, 'repo')
  const base = {
    'cluster.yaml': clusterYaml(bench.registry),
    'keeper.yaml': KEEPER_YAML,
    ...(nodeYaml !== undefined && { 'node.yaml': nodeYaml }),
  }
  const once = async (files: Readonly<Record<string, string>>) => {
    await commitFiles(repo, files)
    return (await timed(engine('--once', '--approve', '--repo', repo, '--root', root))).ms
  }
  return {
    name: 'reconcile',
    up: (count) => once({ ...base, 'pods.yaml': podsYaml(count) }),
    down: () => once(base),
  }
}

function rawContender(loop: RawLoop): Contender {
  return { name: 'raw loop', up: (count) => rawUp(loop, count), down: (count) => rawDown(loop, count) }
}

export function podmanContender(podman: Podman, folder: string): Contender {
  const file = join(folder, 'podman-pods.yaml')
  return {
    name: 'podman',
    up: async (count) => {
      writeFileSync(file, podsYaml(count))
      return podman.play(file)
    },
    down: () => podman.down(file),
  }
}

export function imageOf(bench: PodBench): string {
  return `${bench.registry.replace('http://', '')}/library/busybox:1.36`
}
