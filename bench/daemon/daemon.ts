import type { Measurement } from '../measure.ts'
import { engine, timed } from '../measure.ts'
import { benchBurst } from './burst.ts'
import { benchCommits } from './commits.ts'
import { benchGrowth } from './growth.ts'
import { benchIdle } from './idle.ts'
import { benchRestarts } from './restarts.ts'

export const DAEMON_PART_NAMES = ['commits', 'restarts', 'burst', 'idle', 'growth'] as const
export type DaemonPart = (typeof DAEMON_PART_NAMES)[number]

const PARTS: Readonly<Record<DaemonPart, (bench: DaemonBench) => Promise<readonly Measurement[]>>> = {
  commits: benchCommits,
  restarts: benchRestarts,
  burst: benchBurst,
  idle: benchIdle,
  growth: benchGrowth,
}

export interface DaemonOptions {
  readonly folder: string
  /** `http://127.0.0.1:port` of the registry that holds busybox:1.36. */
  readonly registry: string
  readonly commits: number
  readonly idleSeconds: number
  /** All when absent. */
  readonly part?: DaemonPart
}

export interface DaemonBench extends DaemonOptions {
  /** Does the work, and takes all down that was made on the root. */
  down<T>(root: string, work: () => Promise<T>): Promise<T>
}

/** The daemon that is left alone with a repository: how fast it is, and what it costs while it has nothing to do. */
export async function benchDaemon(options: DaemonOptions): Promise<readonly Measurement[]> {
  const bench: DaemonBench = {
    ...options,
    async down(root, work) {
      try {
        return await work()
      } finally {
        await timed(engine('down', '--root', root))
      }
    },
  }
  const rows: Measurement[] = []
  for (const part of DAEMON_PART_NAMES) {
    if (options.part !== undefined && options.part !== part) continue
    console.error(`measuring: ${part}`)
    rows.push(...(await PARTS[part](bench)))
  }
  return rows
}
