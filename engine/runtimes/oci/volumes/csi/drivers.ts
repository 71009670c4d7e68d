import { decode } from '../../../../api/protobuf.ts'
import type { Transport } from '../../../../transport/transport.ts'
import { callDriver } from './call.ts'

/** Where drivers put their sockets for the kubelet, a folder each. */
const PLUGINS = '/var/lib/kubelet/plugins'

/** The socket of the driver of this name: mostly in a folder of the name, else in whichever one answers to it. */
export async function driverSocket(
  transport: Transport,
  driver: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const folders = await transport.listDirectory(PLUGINS, signal)
  for (const folder of folders.toSorted((a, b) => Number(b === driver) - Number(a === driver))) {
    for (const name of await transport.listDirectory(`${PLUGINS}/${folder}`, signal)) {
      const path = `${PLUGINS}/${folder}/${name}`
      if (!name.endsWith('.sock') || (await transport.stat(path, signal))?.kind !== 'socket') continue
      if ((await nameOf(transport, path, signal)) === driver) return path
    }
  }
  return undefined
}

/** Undefined: what it left behind, or no driver. */
async function nameOf(transport: Transport, path: string, signal?: AbortSignal): Promise<string | undefined> {
  try {
    const answer = await callDriver(
      transport,
      path,
      'csi.v1.Identity/GetPluginInfo',
      new Uint8Array(),
      signal,
    )
    const name = decode(answer).get(1)
    return name instanceof Uint8Array ? new TextDecoder().decode(name) : undefined
  } catch {
    signal?.throwIfAborted()
    return undefined
  }
}
