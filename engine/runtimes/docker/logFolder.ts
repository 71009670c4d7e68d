import { basename } from 'node:path'
import type { Transport } from '../../transport/transport.ts'
import { runOrFail } from '../oci/commands.ts'
import {
  type AttemptLog,
  CURRENT,
  type LogFile,
  type LogFolder,
  numberedName,
  written,
} from '../oci/logs/files.ts'
import { copyCommand } from './commands.ts'

/** docker's own folder of a container, which is called as its id: `ID-json.log` is written to, and `ID-json.log.1` was before. */
export function dockerLogFolder(directory: string): LogFolder {
  const current = `${basename(directory)}-json.log`
  return {
    directory,
    current,
    look: async (transport) => {
      const names = (await transport.listDirectory(directory)).filter((name) => name.startsWith(current))
      const states = await transport.fileStates(names.map((name) => `${directory}/${name}`))
      const files = names.flatMap((name): readonly LogFile[] => {
        const state = states.get(`${directory}/${name}`)
        if (state === undefined) return []
        return [{ name, id: state.id, bytes: state.sizeBytes, modifiedMs: state.modifiedMs }]
      })
      return sorted(files, current)
    },
  }
}

function sorted(files: readonly LogFile[], current: string): AttemptLog {
  const age = ({ name }: LogFile): number => Number(name.slice(current.length + 1))
  const last = files.find(({ name }) => name === current)
  const older = files.filter((file) => age(file) > 0).toSorted((a, b) => age(b) - age(a))
  return { older, ...(last !== undefined && { current: last }) }
}

/** Where an attempt's log is found when docker has removed the container. */
export async function copyLog(transport: Transport, from: string, to: string): Promise<void> {
  if ((await transport.stat(`${to}/${CURRENT}`)) !== undefined) return
  const folder = dockerLogFolder(from)
  const log = await folder.look(transport)
  const files = written(log)
  const failing = { reason: 'KillContainerError', doing: `keeping the log of ${basename(from)}` }
  for (const [index, { name }] of files.entries()) {
    const own = index === files.length - 1 ? CURRENT : numberedName(index + 1)
    await runOrFail(transport, copyCommand(`${from}/${name}`, `${to}/${own}`), failing)
  }
}
