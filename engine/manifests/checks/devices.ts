import type { Container } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import type { PodFacts } from './container.ts'
import { absolutePath, noBacksteps } from './paths.ts'
import { checkUnique } from './unique.ts'
import { checkVolumeName } from './volumeNames.ts'

/** Kubernetes' ValidateVolumeDevices. */
export function checkDevices(
  context: CheckContext,
  path: Path,
  container: Container,
  { claims, volumes }: Pick<PodFacts, 'claims' | 'volumes'>,
): void {
  const devices = context.items([...path, 'volumeDevices'], container.volumeDevices)
  checkUnique(context, devices, 'devicePath', ({ devicePath }) => devicePath)
  checkUnique(context, devices, 'name', ({ name }) => name)
  const mounted = new Set((container.volumeMounts ?? []).map(({ name }) => name))
  const taken = new Set((container.volumeMounts ?? []).map(({ mountPath }) => mountPath))
  for (const { path: at, value } of devices) {
    const { devicePath, name } = value
    checkVolumeName(context, [...at, 'name'], name, volumes)
    if (volumes?.includes(name) === true && !claims.includes(name))
      context.error([...at, 'name'], 'must be a volume of a PersistentVolumeClaim, or an ephemeral one')
    if (mounted.has(name)) context.error([...at, 'name'], `${JSON.stringify(name)} is in volumeMounts too`)
    const rule =
      devicePath === '' ? 'must not be empty' : (noBacksteps(devicePath) ?? absolutePath(devicePath))
    if (rule !== undefined) context.error([...at, 'devicePath'], rule)
    else if (taken.has(devicePath))
      context.error([...at, 'devicePath'], `${JSON.stringify(devicePath)} is a mountPath too`)
  }
}
