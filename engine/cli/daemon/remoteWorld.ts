import type { SyncLine, SyncRequest } from '../../daemon/controlMessages.ts'
import type { Output, World } from '../world.ts'

/** The world of a command that another process has been given: what is printed here is printed there. */
export function remoteWorld(
  world: World,
  { argv, stdoutIsTerminal, terminal }: SyncRequest,
  tell: (line: SyncLine) => void,
  gone: AbortSignal,
): World {
  const size = terminal ?? { columns: 80, rows: 24 }
  const output = (to: 'stdout' | 'stderr', isTTY: boolean): Output => ({
    write: (text) => tell({ kind: 'write', to, text }),
    isTTY,
    size: () => size,
    closed: gone,
  })
  return {
    ...world,
    argv,
    stdout: output('stdout', stdoutIsTerminal),
    stderr: output('stderr', terminal !== undefined),
    signal: AbortSignal.any([world.signal, gone]),
  }
}
