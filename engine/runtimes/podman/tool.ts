import type { Tool } from '../dockerLike/tool.ts'
import { inspectArgs, removeArgs, stopArgs } from './commands.ts'
import { parseInspected } from './inspected.ts'
import { runArgs } from './runArgs.ts'

export const PODMAN: Tool = {
  name: 'podman',
  inspectArgs,
  parseInspected,
  removeArgs,
  stopArgs,
  runArgs,
  makesFolders: false,
  refusal: (stderr) => stderr.replace(/^Error: /, ''),
  restartDelayMs: () => 0,
}
