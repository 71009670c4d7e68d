import type { PodUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import { SIGKILL } from '../containers/signals.ts'
import { allProcesses, isStopped, readArgvs, readProcesses } from '../node/processes.ts'
import { podPaths, type RootPaths } from '../paths.ts'
import { podUidOf } from './podUidOf.ts'
import type { Looking, Repair } from './repair.ts'

/**
 * Monitors that somebody has stopped, and that nothing names any more: each ends once its container has, and one that stands still stays for
 * ever. What belongs to the root is known by the words that it was started with. One that is its container's monitor still is damage of its pod.
 */
export async function monitorRepairs({ paths, transport }: Looking): Promise<readonly Repair[]> {
  const stray = await strayMonitors(transport, paths)
  return stray.map(({ pid, uid }) => ({
    found: `a monitor of pod ${uid} stands still (process ${pid}), and no record tells of it`,
    mend: async () => {
      await transport.signal(pid, SIGKILL)
      return 'it was ended'
    },
  }))
}

/** For `down`, once no pod is left. */
export async function endStrayMonitors(transport: Transport, paths: RootPaths): Promise<void> {
  for (const { pid } of await strayMonitors(transport, paths)) await transport.signal(pid, SIGKILL)
}

interface Stray {
  readonly pid: number
  readonly uid: PodUid
}

async function strayMonitors(transport: Transport, paths: RootPaths): Promise<readonly Stray[]> {
  const processes = await readProcesses(transport, await allProcesses(transport))
  const stopped = [...processes].filter(([, process]) => isStopped(process)).map(([pid]) => pid)
  const stray: Stray[] = []
  for (const [pid, argv] of await readArgvs(transport, stopped)) {
    const uid = podOf(argv, paths)
    if (uid !== undefined && !(await monitorsOf(transport, paths, uid)).has(pid)) stray.push({ pid, uid })
  }
  return stray
}

/** Of a monitor of this root: the pod's uid stands before the container's name. */
function podOf(argv: readonly string[], paths: RootPaths): PodUid | undefined {
  if (!argv.includes(`--root=${paths.runtimeState}`)) return undefined
  return podUidOf(argv[argv.indexOf('--cid') + 1] ?? '')
}

/** Of the pod's containers, those of their last attempts. */
async function monitorsOf(transport: Transport, paths: RootPaths, uid: PodUid): Promise<ReadonlySet<number>> {
  const { runContainers } = podPaths(paths, uid)
  const files = await transport.readTree(runContainers, { names: new Set(['monitor']), depth: 2 })
  return new Set(files.map(({ content = '' }) => Number(content)))
}
