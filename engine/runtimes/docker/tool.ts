import type { Inspected } from '../dockerLike/inspected.ts'
import type { Tool } from '../dockerLike/tool.ts'
import { hasRemoved, inspectArgs, removeArgs, stopArgs } from './commands.ts'
import { parseInspected } from './inspected.ts'
import { runArgs } from './runArgs.ts'

export const DOCKER: Tool = {
  name: 'docker',
  inspectArgs,
  parseInspected,
  removeArgs,
  hasRemoved,
  stopArgs,
  runArgs,
  makesFolders: true,
  givesAll: true,
  hasHook: false,
  refusal: (stderr) =>
    stderr
      .split('\n')
      .filter((line) => !/^(?:See 'docker|Run 'docker)/.test(line))
      .join('\n')
      .trim()
      .replace(/^docker: /, '')
      .replace(/^Error response from daemon: /, ''),
  restartDelayMs,
}

const FIRST_DELAY_MS = 100
const DELAY_MS_MAX = 60_000
/** Whatever ran so long begins anew with the first delay. */
const RESET_AFTER_MS = 10_000

/** The daemon's restart manager: twice as long each time. How often it has waited since the last reset nobody tells, so at most so long. */
export function restartDelayMs({
  finishedAt,
  restarts,
  startedAt,
}: Pick<Inspected, 'finishedAt' | 'restarts' | 'startedAt'>): number {
  if (startedAt === undefined || finishedAt === undefined) return 0
  const ran = Temporal.Instant.from(startedAt).until(finishedAt).total('milliseconds')
  if (ran >= RESET_AFTER_MS) return FIRST_DELAY_MS
  return Math.min(FIRST_DELAY_MS * 2 ** Math.min(restarts, 20), DELAY_MS_MAX)
}
