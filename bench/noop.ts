import { join } from 'node:path'
import { engine, engineWithMemory, type Measurement, median, timed } from './measure.ts'
import { clusterYaml, commitFiles, objectFiles, podYaml } from './repository.ts'

const PARSER = new URL('parse-only.ts', import.meta.url).pathname
const COUNTS = [10, 1000, 10_000]
const MEMORY_RUNS = 3

/** `--once` where nothing is to be done, against a process that only parses the same files with the same library. */
export async function benchNoop(folder: string, registry: string): Promise<readonly Measurement[]> {
  const rows: Measurement[] = []
  for (const count of COUNTS) rows.push(...(await noop(folder, registry, count)))
  rows.push(await memory(folder, registry))
  return rows
}

async function noop(folder: string, registry: string, count: number): Promise<readonly Measurement[]> {
  const repo = join(folder, `noop-${count}`)
  const root = join(folder, `noop-root-${count}`)
  await commitFiles(repo, { 'cluster.yaml': clusterYaml(registry), ...objectFiles(count) })
  const once = engine('--once', '--repo', repo, '--root', root)
  const runs = count >= 10_000 ? 3 : 7
  const engineMs: number[] = []
  const parseMs: number[] = []
  try {
    await timed(once)
    for (let run = 0; run < runs; run += 1) {
      engineMs.push((await timed(once)).ms)
      parseMs.push((await timed([process.execPath, PARSER, join(repo, 'apps')])).ms)
    }
  } finally {
    await timed(engine('down', '--root', root))
  }
  const parsing = median(parseMs)
  const target = count === 1000 ? { target: { text: 'within 2 x parsing', most: 2 * parsing } } : {}
  const name = count.toLocaleString('en')
  return [
    { what: `no-op --once of ${name} objects`, value: median(engineMs), unit: 'ms', runs, ...target },
    { what: `parsing the same ${name} objects`, value: parsing, unit: 'ms', runs },
  ]
}

/** The largest resident set while 1,000 pods are read, checked and planned. */
async function memory(folder: string, registry: string): Promise<Measurement> {
  const repo = join(folder, 'memory')
  const files = Object.fromEntries(
    Array.from({ length: 1000 }, (_, index) => [`pods/pod-${index}.yaml`, podYaml(`pod-${index}`)]),
  )
  await commitFiles(repo, { 'cluster.yaml': clusterYaml(registry), ...files })
  const root = join(folder, 'memory-root')
  // The first run of a clone also strips the types and fills the compile cache; every later one finds it filled.
  const sizes: number[] = []
  for (let run = 0; run <= MEMORY_RUNS; run += 1) {
    const { maxRssBytes } = await engineWithMemory('plan', '--repo', repo, '--root', root)
    if (run > 0) sizes.push(maxRssBytes / 1_000_000)
  }
  return {
    what: 'largest resident set, plan of 1,000 pods',
    value: median(sizes),
    unit: 'MB',
    runs: MEMORY_RUNS,
    target: { text: 'under 150 MB', most: 150 },
  }
}
