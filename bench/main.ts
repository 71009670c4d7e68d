import { parseArgs } from 'node:util'
import { cpus } from 'node:os'
import { pushImage } from '../scripts/images/push.ts'
import { sampleImages } from '../scripts/images/samples.ts'
import { startServer, stopServer } from '../scripts/registry/server.ts'
import { join } from 'node:path'
import { type Measurement, temporaryFolder } from './measure.ts'
import { benchDaemon, DAEMON_PART_NAMES, type DaemonOptions, type DaemonPart } from './daemon/daemon.ts'
import { benchDns } from './dns.ts'
import { benchNodeLoss } from './nodeLoss.ts'
import { benchNoop } from './noop.ts'
import { benchNodeTraffic } from './nodeTraffic.ts'
import { benchPlanning } from './planning.ts'
import { benchPodmanNode } from './podmanNode.ts'
import { benchPods } from './pods.ts'
import { benchRollout } from './rollout.ts'
import { benchFleet } from './fleet/fleet.ts'
import { met, table } from './report.ts'
import { benchScheduling } from './scheduling.ts'
import { benchServices } from './services.ts'
import { benchServiceTraffic } from './serviceTraffic.ts'

const USAGE = `usage: npm run bench [-- --json] [-- --only planning|scheduling|services|network|dns|noop|pods|podman|rollout|node-loss|fleet|daemon]
                     [-- --part commits|restarts|burst|idle|growth] [-- --commits N] [-- --idle-seconds N]

Measures the engine against the raw loop, against podman, and against parsing alone, in one run on this machine.
Of the daemon: one part of it with --part; N commits are timed (100), and it is watched for N seconds while idle (300).
Exit status: 0 when every target was met, 1 when one was not.`

const SUITES = [
  'planning',
  'scheduling',
  'services',
  'network',
  'dns',
  'noop',
  'pods',
  'podman',
  'rollout',
  'node-loss',
  'fleet',
  'daemon',
] as const
type Suite = (typeof SUITES)[number]

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      json: { type: 'boolean' },
      only: { type: 'string' },
      part: { type: 'string' },
      commits: { type: 'string', default: '100' },
      'idle-seconds': { type: 'string', default: '300' },
      help: { type: 'boolean' },
    },
  })
  const suites = SUITES.filter((suite) => values.only === undefined || values.only === suite)
  const commits = Number(values.commits)
  const idleSeconds = Number(values['idle-seconds'])
  const part = partOf(values.part)
  if (
    values.help === true ||
    suites.length === 0 ||
    (values.part !== undefined && part === undefined) ||
    !(commits > 0) ||
    !(idleSeconds > 0)
  ) {
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
      rows.push(
        ...(await run(suite, {
          folder: folder.path,
          registry: registry.url,
          commits,
          idleSeconds,
          ...(part !== undefined && { part }),
        })),
      )
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

function partOf(name: string | undefined): DaemonPart | undefined {
  return DAEMON_PART_NAMES.find((part) => part === name)
}

async function run(suite: Suite, options: DaemonOptions): Promise<readonly Measurement[]> {
  const { folder, registry } = options
  switch (suite) {
    case 'planning':
      return benchPlanning()
    case 'scheduling':
      return benchScheduling()
    case 'services':
      return [...benchServices(), ...(await benchServiceTraffic({ folder, registry }))]
    case 'network':
      return benchNodeTraffic({ folder, registry })
    case 'dns':
      return benchDns(folder)
    case 'noop':
      return benchNoop(folder, registry)
    case 'podman':
      return benchPodmanNode({ folder: join(folder, 'podman-node'), registry })
    case 'pods':
      return benchPods(options)
    case 'rollout':
      return benchRollout(options)
    case 'node-loss':
      return benchNodeLoss(registry)
    case 'fleet':
      return benchFleet(options)
    case 'daemon':
      return benchDaemon(options)
    default:
      return suite satisfies never
  }
}

process.exitCode = await main()
