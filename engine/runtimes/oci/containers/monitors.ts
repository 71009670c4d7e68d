import type { PodUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import { isStopped, readProcesses } from '../node/processes.ts'
import { SIGKILL } from './signals.ts'

/**
 * Of the monitors whose numbers stand at most two folders below this one, those that somebody has stopped: each ends once its container has,
 * and one that stands still would stay for ever. Asked before what names them is removed or written anew. Killed, not told to go on: it would
 * write into what is being removed. The pod's uid in a process's words tells it from a later one with its number.
 */
export async function endStoppedMonitors(transport: Transport, folder: string, uid: PodUid): Promise<void> {
  const files = await transport.readTree(folder, { names: new Set(['monitor']), depth: 2 })
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
