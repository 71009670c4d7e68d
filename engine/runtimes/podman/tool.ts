import type { Tool } from '../dockerLike/tool.ts'
import { inspectArgs, removeArgs, stopArgs } from './commands.ts'
import { parseInspected } from './inspected.ts'
import { runArgs } from './runArgs.ts'

export const PODMAN: Tool = {
  name: 'podman',
  inspectArgs,
  parseInspected,
  removeArgs,
  hasRemoved: ({ exitCode, timedOut }) => exitCode === 0 && !timedOut,
  stopArgs,
  runArgs,
  makesFolders: false,
  givesAll: false,
  hasHook: true,
  refusal: (stderr) => stderr.replace(/^Error: /, ''),
  restartDelayMs: () => 0,
}
