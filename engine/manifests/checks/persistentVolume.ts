import type {
  NFSVolumeSource,
  PersistentVolume,
  PersistentVolumeSpec,
  StorageClass,
} from '../../api/generated/types.ts'
import { parseQuantity } from '../../api/quantity.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { checkNodeSelector } from './affinity.ts'
import { dnsSubdomain } from './names.ts'
import { absolutePath, noBacksteps } from './paths.ts'
import { checkQuantity } from './resources.ts'

/** Kubernetes' ValidatePersistentVolumeSpec. */
export function checkPersistentVolume(context: CheckContext, { spec }: PersistentVolume): void {
  if (!context.sound(['spec'])) return
  const { accessModes = [], storageClassName } = spec
  if (accessModes.length === 0)
    context.error(['spec', 'accessModes'], 'required field is missing', 'such as [ReadWriteOnce]')
  if (accessModes.includes('ReadWriteOncePod') && accessModes.length > 1)
    context.error(['spec', 'accessModes'], 'may not use ReadWriteOncePod with other access modes')
  checkCapacity(context, spec)
  checkSources(context, spec)
  checkReach(context, spec)
  checkOptions(context, spec)
  if (spec.volumeMode === 'Block' && spec.local === undefined)
    context.error(['spec', 'volumeMode'], 'may be Block for local only: the others are folders')
  checkClaimRef(context, spec)
  const rule = storageClassName ? dnsSubdomain(storageClassName) : undefined
  if (rule !== undefined)
    context.error(['spec', 'storageClassName'], `${JSON.stringify(storageClassName)} ${rule}`)
}

function checkCapacity(context: CheckContext, { capacity = {} }: PersistentVolumeSpec): void {
  const path = ['spec', 'capacity']
  const { storage, ...others } = capacity
  if (storage === undefined) context.error([...path, 'storage'], 'required field is missing', 'such as 10Gi')
  else {
    checkQuantity(context, [...path, 'storage'], storage)
    if (parseQuantity(storage) === 0) context.error([...path, 'storage'], 'must be greater than zero')
  }
  for (const name of Object.keys(others))
    context.error([...path, name], `${JSON.stringify(name)} is no capacity of a volume: it must be storage`)
}

const SOURCES = ['hostPath', 'local', 'nfs'] as const

function checkSources(context: CheckContext, spec: PersistentVolumeSpec): void {
  const path = ['spec']
  const sources = SOURCES.filter((source) => spec[source] !== undefined)
  if (sources.length === 0) context.error(path, 'must specify a volume type: hostPath, local or nfs')
  if (sources.length > 1) context.error(path, `may not have more than one of ${sources.join(', ')}`)
  for (const source of ['hostPath', 'local'] as const) {
    const folder = spec[source]?.path
    if (folder === undefined) continue
    const rule = noBacksteps(folder) ?? absolutePath(folder, false)
    if (rule !== undefined) context.error([...path, source, 'path'], rule)
  }
  if (spec.nfs !== undefined) checkNfs(context, [...path, 'nfs'], spec.nfs)
}

/** Of a pod's volume, or of a PersistentVolume. */
export function checkNfs(context: CheckContext, path: Path, { path: folder, server }: NFSVolumeSource): void {
  if (server === '') context.error([...path, 'server'], 'required field is missing')
  else if (/[\s,]|^-/.test(server))
    context.error([...path, 'server'], `${JSON.stringify(server)} is no name or address of a server`)
  if (folder === '') context.error([...path, 'path'], 'required field is missing')
  else if (!folder.startsWith('/')) context.error([...path, 'path'], 'must be an absolute path')
}

/** A folder of one machine is reached from that one only. */
function checkReach(context: CheckContext, { local, nodeAffinity }: PersistentVolumeSpec): void {
  const path = ['spec', 'nodeAffinity', 'required']
  if (nodeAffinity?.required !== undefined) checkNodeSelector(context, path, nodeAffinity.required)
  else if (local !== undefined || nodeAffinity !== undefined) {
    const example =
      'nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/hostname, operator: In, values: [...]}]}]'
    context.error(path, 'required field is missing: a local volume says which machine it is on', example)
  }
}

/** What has a comma in it would be more options than one. */
function checkOptions(context: CheckContext, { mountOptions = [], nfs }: PersistentVolumeSpec): void {
  const path = ['spec', 'mountOptions']
  if (mountOptions.length > 0 && nfs === undefined)
    context.error(path, 'may be given for nfs only: the others are folders that are mounted already')
  for (const [index, option] of mountOptions.entries()) {
    if (option === '' || /[\s]/.test(option)) context.error([...path, index], 'is no mount option')
  }
}

function checkClaimRef(context: CheckContext, { claimRef }: PersistentVolumeSpec): void {
  if (claimRef === undefined) return
  const path = ['spec', 'claimRef']
  if (!claimRef.name) context.error([...path, 'name'], 'required field is missing')
  if (!claimRef.namespace) context.error([...path, 'namespace'], 'required field is missing')
}

/** What makes volumes elsewhere does not here, but for the class that the engine serves itself. */
export function checkStorageClass(context: CheckContext, { metadata, provisioner }: StorageClass): void {
  if (provisioner === 'kubernetes.io/no-provisioner') return
  const instead =
    metadata.name === 'local'
      ? 'claims of the class local are folders on a node'
      : 'claims of the class bind to PersistentVolumes of the commit only'
  context.warn(['provisioner'], `has no effect: no provisioner runs here, and ${instead}`)
}
