import { parseArgs } from 'node:util'
import { cpus } from 'node:os'
import { pushImage } from '../scripts/images/push.ts'
import { sampleImages } from '../scripts/images/samples.ts'
import { startServer, stopServer } from '../scripts/registry/server.ts'
import { join } from 'node:path'
import { type Measurement, temporaryFolder } from './measure.ts'
import { benchNoop } from './noop.ts'
import { benchPlanning } from './planning.ts'
import { benchPods } from './pods.ts'
import { benchRollout } from './rollout.ts'
import { met, table } from './report.ts'
import { benchScheduling } from './scheduling.ts'

const USAGE = `usage: npm run bench [-- --json] [-- --only planning|noop|pods|rollout]

Measures the engine against the raw loop, against podman, and against parsing alone, in one run on this machine.
Exit status: 0 when every target was met, 1 when one was not.`

const SUITES = ['planning', 'scheduling', 'noop', 'pods', 'rollout'] as const
type Suite = (typeof SUITES)[number]

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: { json: { type: 'boolean' }, only: { type: 'string' }, help: { type: 'boolean' } },
  })
  const suites = SUITES.filter((suite) => values.only === undefined || values.only === suite)
  if (values.help === true || suites.length === 0) {
    console.error(USAGE)
    return values.help === true ? 0 : 3
  }
  using folder = temporaryFolder()
  const directory = join(folder.path, 'registry')
  const registry = await startServer({ directory })
  try {
    for (const [name, image] of sampleImages()) await pushImage(registry, name, image)
    const rows: Measurement[] = []
    for (const suite of suites) {
      console.error(`measuring: ${suite}`)
      rows.push(...(await run(suite, folder.path, registry.url)))
    }
    console.log(
      values.json === true
        ? JSON.stringify({ cores: cpus().length, node: process.version, rows }, null, 2)
        : table(rows),
    )
    return rows.every(met) ? 0 : 1
  } finally {
    await stopServer(directory)
  }
}

async function run(suite: Suite, folder: string, registry: string): Promise<readonly Measurement[]> {
  switch (suite) {
    case 'planning':
      return benchPlanning()
    case 'scheduling':
      return benchScheduling()
    case 'noop':
      return benchNoop(folder, registry)
    case 'pods':
      return benchPods({ folder, registry })
    case 'rollout':
      return benchRollout({ folder, registry })
    default:
      return suite satisfies never
  }
}

process.exitCode = await main()
