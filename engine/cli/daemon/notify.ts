import type { Logger } from '../../reconciler/logger.ts'
import { messageOf } from '../../reconciler/problems.ts'
import type { Transport } from '../../transport/transport.ts'
import type { World } from '../world.ts'

const TIMEOUT_MS = 2_000

/** Tells systemd how the service stands (sd_notify(3)), where it has started this process and wants to know. */
export async function notifySystemd(
  state: 'ready',
  transport: Transport,
  world: World,
  log: Logger,
): Promise<void> {
  const socket = world.environment['NOTIFY_SOCKET']
  if (socket === undefined) return
  // The helper is another process: it speaks for this one, which only root may.
  const argv = ['systemd-notify', `--pid=${world.processId}`, `--${state}`] as const
  try {
    const result = await transport.run({ argv, env: { NOTIFY_SOCKET: socket }, timeoutMs: TIMEOUT_MS })
    if (result.exitCode === 0) return
    log('warn', `telling systemd that the engine is ${state} failed: ${result.stderr.trim()}`)
  } catch (error) {
    log('warn', `telling systemd that the engine is ${state} failed: ${messageOf(error)}`)
  }
}
