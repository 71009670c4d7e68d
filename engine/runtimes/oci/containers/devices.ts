import type { DeviceRequest } from '../../../api/cri.ts'
import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
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

/** Disks that volumes are; where each volume is, by name. */
export async function volumeDevices(
  transport: Transport,
  wanted: readonly DeviceRequest[],
  volumes: Readonly<Record<string, string>>,
): Promise<readonly SpecDevice[]> {
  const devices: SpecDevice[] = []
  for (const { devicePath, readOnly, volume } of wanted) {
    const path = volumes[volume] ?? ''
    const status = await transport.stat(path)
    if (status?.kind !== 'blockDevice' || status.device === undefined) {
      const message = `volume ${volume}: ${path} is no block device`
      throw new RuntimeFailure('CreateContainerError', message)
    }
    const access = readOnly ? 'rm' : 'rwm'
    devices.push({ path: devicePath, type: 'b', ...status.device, fileMode: 0o660, access })
  }
  return devices
}
