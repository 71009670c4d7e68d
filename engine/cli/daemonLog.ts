import { fstatSync } from 'node:fs'
import { createLogger, type Logger } from '../reconciler/logger.ts'
import type { Invocation } from './invocation.ts'
import { plainText } from './table.ts'
import type { World } from './world.ts'

const STANDARD_ERROR = 2

/** The log of an engine that nobody may be watching: all that is worth a line, as JSON unless a person reads it on a terminal. */
export function openDaemonLog(invocation: Invocation, world: World): Logger {
  const journal = isJournal(world.environment['JOURNAL_STREAM'])
  return createLogger({
    format: daemonLogFormat(invocation, world),
    level: invocation.flag('verbose') ? 'debug' : 'info',
    clock: world.clock,
    journal,
    write: (line) => world.stderr.write(`${plainText(line)}\n`),
  })
}

export function daemonLogFormat(invocation: Invocation, world: World): 'text' | 'json' {
  const asked = invocation.text('log-format')
  if (asked === 'text' || asked === 'json') return asked
  return world.stderr.isTTY ? 'text' : 'json'
}

/** systemd names device and inode of what it listens to: whoever was redirected elsewhere since is not heard by it. */
function isJournal(stream: string | undefined): boolean {
  if (stream === undefined) return false
  const { dev, ino } = fstatSync(STANDARD_ERROR)
  return stream === `${dev}:${ino}`
}
