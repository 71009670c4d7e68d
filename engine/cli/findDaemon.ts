import { existsSync } from 'node:fs'
import type { ControlClient } from '../daemon/controlClient.ts'
import { rootPaths } from '../runtimes/oci/paths.ts'
import type { Station } from './station.ts'
import type { World } from './world.ts'

/** The daemon that drives this root now; undefined: none does. What it takes to speak with one is loaded only where there may be one. */
export async function findDaemon({
  root,
  transport,
}: Pick<Station, 'root' | 'transport'>): Promise<ControlClient | undefined> {
  const socket = await daemonSocket({ root, transport })
  if (!existsSync(socket)) return undefined
  const { connectDaemon } = await import('../daemon/controlClient.ts')
  return await connectDaemon(socket)
}

/** Its socket is there a moment after its lock. */
const BEGIN_MS_MAX = 5_000
const LOOK_EVERY_MS = 100

/** A daemon that holds the root's lock, and may have begun a moment ago. */
export async function awaitDaemon(
  place: Pick<Station, 'root' | 'transport'>,
  { clock, signal }: World,
): Promise<ControlClient | undefined> {
  for (let waitedMs = 0; waitedMs < BEGIN_MS_MAX && !signal.aborted; waitedMs += LOOK_EVERY_MS) {
    const daemon = await findDaemon(place)
    if (daemon !== undefined) return daemon
    await clock.sleepUntil(clock.now().add({ milliseconds: LOOK_EVERY_MS }), signal)
  }
  return undefined
}

export async function daemonSocket({
  root,
  transport,
}: Pick<Station, 'root' | 'transport'>): Promise<string> {
  return (await rootPaths(transport, root)).socket
}
