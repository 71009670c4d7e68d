import { createLogger, type Logger } from '../reconciler/logger.ts'
import type { Invocation } from './invocation.ts'
import type { World } from './world.ts'

/** What the engine says of its inner life: warnings always, everything with -v. */
export function openLog(invocation: Invocation, world: World, write: (line: string) => void): Logger {
  return createLogger({
    format: invocation.text('log-format') === 'json' ? 'json' : 'text',
    level: invocation.flag('verbose') ? 'debug' : 'warn',
    clock: world.clock,
    write,
  })
}
