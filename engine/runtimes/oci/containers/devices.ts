import type { Transport } from '../../../transport/transport.ts'
import type { SpecDevice } from '../spec/spec.ts'

/** Folders and files of /dev that a container has of its own. */
const OWN = new Set(['pts', 'shm', 'fd', 'mqueue', 'console', '.lxc', '.lxd-mounts', '.udev'])

/** What a privileged container sees of the node: all its devices. */
export async function nodeDevices(transport: Transport, directory = '/dev'): Promise<readonly SpecDevice[]> {
  const names = (await transport.listDirectory(directory)).filter(
    (name) => directory !== '/dev' || !OWN.has(name),
  )
  const found = await Promise.all(
    names.map(async (name) => await devicesAt(transport, `${directory}/${name}`)),
  )
  return found.flat()
}

async function devicesAt(transport: Transport, path: string): Promise<readonly SpecDevice[]> {
  const real = await transport.realPath(path)
  // A link is seen where it leads to.
  if (real !== path) return []
  const status = await transport.stat(path)
  if (status?.kind === 'directory') return await nodeDevices(transport, path)
  if (status?.device === undefined) return []
  const type = status.kind === 'blockDevice' ? 'b' : 'c'
  return [{ path, type, ...status.device, fileMode: status.mode }]
}
