import type { Transport } from '../../../transport/transport.ts'
import { isStopped, readProcesses } from '../node/processes.ts'
import type { PodPaths } from '../paths.ts'
import { SIGKILL } from './signals.ts'

/**
 * Monitors of the pod's containers that somebody has stopped: each ends once its container has, and one that stands still would stay for
 * ever. Killed, not told to go on: it would write into what is being removed. Asked before what names them is removed. The pod's uid in a
 * process's words tells it from a later one with its number.
 */
export async function endStoppedMonitors(
  transport: Transport,
  { runContainers, uid }: PodPaths,
): Promise<void> {
  const files = await transport.readTree(runContainers, { names: new Set(['monitor']), depth: 2 })
  const pids = files.map(({ content = '' }) => Number(content)).filter((pid) => pid > 1)
  if (pids.length === 0) return
  const processes = await readProcesses(transport, pids)
  const stopped = [...processes].filter(([, process]) => isStopped(process)).map(([pid]) => pid)
  const words = await transport.readFiles(stopped.map(wordsFile))
  for (const pid of stopped) {
    if (words.get(wordsFile(pid))?.includes(uid) === true) await transport.signal(pid, SIGKILL)
  }
}

function wordsFile(pid: number): string {
  return `/proc/${pid}/cmdline`
}
