import type { Transport } from '../../transport/transport.ts'
import { UserError } from '../userError.ts'
import { EXIT } from '../world.ts'

export const UNIT_FOLDER = '/etc/systemd/system'
/** As sd_booted(3) looks. */
const RUNNING = '/run/systemd/system'

/** A manager may wait for a unit's stop, which takes as long as the unit says. */
const TIMEOUT_MS = 120_000

export async function assertSystemd(transport: Transport): Promise<void> {
  if ((await transport.stat(RUNNING)) !== undefined) return
  throw new UserError(
    'systemd does not run on this machine: reconcile install --print shows the unit; start the engine by whatever starts services here',
    { exitStatus: EXIT.failed },
  )
}

export async function systemctl(
  transport: Transport,
  args: readonly string[],
  signal?: AbortSignal,
): Promise<void> {
  const argv = ['systemctl', '--no-ask-password', ...args] as const
  const result = await transport.run({ argv, timeoutMs: TIMEOUT_MS }, signal)
  if (result.exitCode === 0) return
  throw new UserError(
    `systemctl ${args.join(' ')} ended with ${result.exitCode}: ${result.stderr.trim()}; journalctl --unit ${args.at(-1) ?? ''} says more`,
    { exitStatus: EXIT.failed },
  )
}

/** The hard limit of the process that starts services: only what it has can it give. */
export async function filesMax(transport: Transport): Promise<number | undefined> {
  const limits = await transport.readFile('/proc/1/limits')
  const found = /^Max open files\s+\d+\s+(\d+)/m.exec(new TextDecoder().decode(limits ?? new Uint8Array()))
  return found === null ? undefined : Number(found[1])
}
