import { claimOfVolume } from '../../api/claims.ts'
import type { DeviceRequest } from '../../api/cri.ts'
import type { Container, PodSpec } from '../../api/generated/types.ts'
import type { PodRecord } from '../../api/records.ts'
import type { ConfigProblem } from '../context.ts'
import { configError } from './environment.ts'

/** A volume is a device for all containers or a folder for all, as its claim says: the kubelet's words where they are mixed up. */
export function devicesOf(
  { volumeDevices = [], volumeMounts = [] }: Container,
  spec: PodSpec,
  record: PodRecord,
): readonly DeviceRequest[] | ConfigProblem {
  const blocks = blockVolumes(spec, record)
  for (const { name } of volumeMounts) {
    if (blocks.has(name))
      return configError(`volume ${name} has volumeMode Block, but is specified in volumeMounts`)
  }
  const devices: DeviceRequest[] = []
  for (const { devicePath, name } of volumeDevices) {
    const readOnly = blocks.get(name)
    if (readOnly === undefined)
      return configError(`volume ${name} has volumeMode Filesystem, but is specified in volumeDevices`)
    devices.push({ volume: name, devicePath, readOnly })
  }
  return devices
}

/** By name: whether it is only to be read. */
function blockVolumes({ volumes = [] }: PodSpec, { claims, pod }: PodRecord): ReadonlyMap<string, boolean> {
  const found = new Map<string, boolean>()
  if (claims === undefined) return found
  for (const volume of volumes) {
    const claim = claimOfVolume(pod.metadata.name ?? '', volume)
    if (claim === undefined || claims[claim]?.volumeMode !== 'Block') continue
    found.set(volume.name, volume.persistentVolumeClaim?.readOnly === true)
  }
  return found
}
