import { existsSync } from 'node:fs'
import type { ControlClient } from '../daemon/controlClient.ts'
import { socketPath } from '../daemon/controlMessages.ts'
import { rootPaths } from '../runtimes/oci/paths.ts'
import type { Station } from './station.ts'

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

export async function daemonSocket({
  root,
  transport,
}: Pick<Station, 'root' | 'transport'>): Promise<string> {
  return socketPath((await rootPaths(transport, root)).runDir)
}
