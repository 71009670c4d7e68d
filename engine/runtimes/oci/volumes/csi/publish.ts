import { createHash } from 'node:crypto'
import type { VolumeRequest } from '../../../../api/volumeRequests.ts'
import type { PodRecord } from '../../../../api/records.ts'
import { encode, mapFields } from '../../../../api/protobuf.ts'
import type { Transport } from '../../../../transport/transport.ts'
import { RuntimeFailure } from '../../../runtime.ts'
import { failure, runOrFail } from '../../commands.ts'
import { mountedBelow, readMountTable } from '../../node/mountTable.ts'
import { readText } from '../../node/node.ts'
import type { PodPaths } from '../../paths.ts'
import { driverSocket } from './drivers.ts'
import { callDriver } from './call.ts'

type CsiVolume = Extract<VolumeRequest, { readonly kind: 'csi' }>

/** What has to be given back: on record before the driver is asked, and without secrets. */
interface Published {
  readonly driver: string
  readonly volumeId: string
  readonly target: string
}

/** Where drivers that run in containers see what they mount for pods, as their manifests have it. */
const PODS = '/var/lib/kubelet/pods'
/** The CSI specification's SINGLE_NODE_WRITER: what the kubelet says of volumes of a pod's own. */
const SINGLE_NODE_WRITER = 1

/**
 * Has the driver mount a volume that is the pod's alone. Asked twice, it answers as once. Source: pkg/volume/csi/csi_mounter.go, and the CSI
 * specification, NodePublishVolume.
 */
export async function publishVolume(
  transport: Transport,
  pod: PodPaths,
  volume: CsiVolume,
  record: PodRecord,
  mounted: ReadonlySet<string>,
  signal?: AbortSignal,
): Promise<string> {
  const uid = record.pod.metadata.uid ?? ''
  const parent = `${PODS}/${uid}/volumes/kubernetes.io~csi/${volume.name}`
  const target = `${parent}/mount`
  if (mounted.has(target)) return target
  const socket = await driverSocket(transport, volume.driver, signal)
  if (socket === undefined) {
    throw new RuntimeFailure(
      'FailedMount',
      `driver name ${volume.driver} not found in the list of registered CSI drivers: no socket below /var/lib/kubelet/plugins answers to it`,
    )
  }
  const volumeId = `csi-${createHash('sha256').update(`${uid}${volume.name}`).digest('hex')}`
  await remember(transport, pod, { driver: volume.driver, volumeId, target })
  await transport.makeDirectory(parent, 0o750, signal)
  const message = publishMessage({ volume, volumeId, target, record })
  await callDriver(transport, socket, 'csi.v1.Node/NodePublishVolume', message, signal)
  return target
}

interface Publishing {
  readonly volume: CsiVolume
  readonly volumeId: string
  readonly target: string
  readonly record: PodRecord
}

/** NodePublishVolumeRequest. The pod is always told of, as for a driver with podInfoOnMount. */
export function publishMessage({ record, target, volume, volumeId }: Publishing): Uint8Array {
  const { name = '', namespace = '', uid = '' } = record.pod.metadata
  const mount = { number: 2, message: [{ number: 1, text: volume.fsType }] }
  const mode = { number: 3, message: [{ number: 1, value: SINGLE_NODE_WRITER }] }
  return encode([
    { number: 1, text: volumeId },
    { number: 4, text: target },
    { number: 5, message: [mount, mode] },
    { number: 6, value: volume.readOnly ? 1 : 0 },
    ...mapFields(7, volume.secrets),
    ...mapFields(8, {
      ...volume.attributes,
      'csi.storage.k8s.io/ephemeral': 'true',
      'csi.storage.k8s.io/pod.name': name,
      'csi.storage.k8s.io/pod.namespace': namespace,
      'csi.storage.k8s.io/pod.uid': uid,
      'csi.storage.k8s.io/serviceAccount.name': record.pod.spec.serviceAccountName ?? 'default',
    }),
  ])
}

async function remember(transport: Transport, pod: PodPaths, published: Published): Promise<void> {
  const others = (await readPublished(transport, pod)).filter(({ target }) => target !== published.target)
  await transport.writeFile(pod.csi, JSON.stringify([...others, published]), 0o600)
}

async function readPublished(
  transport: Transport,
  pod: Pick<PodPaths, 'csi'>,
): Promise<readonly Published[]> {
  const text = await readText(transport, pod.csi)
  if (text === '') return []
  const parsed: unknown = JSON.parse(text)
  return Array.isArray(parsed) ? parsed.filter(isPublished) : []
}

function isPublished(value: unknown): value is Published {
  return (
    typeof value === 'object' &&
    value !== null &&
    'driver' in value &&
    'volumeId' in value &&
    'target' in value
  )
}

/** What drivers have mounted for the pod goes, and their folders with it. Of a driver that has gone for good the mount is taken away here. */
export async function unpublishVolumes(
  transport: Transport,
  pod: PodPaths,
  signal?: AbortSignal,
): Promise<void> {
  for (const published of await readPublished(transport, pod)) {
    try {
      await unpublish(transport, published, signal)
    } catch (error) {
      signal?.throwIfAborted()
      throw failure({ reason: 'KillPodSandboxError', doing: `unmounting ${published.target}` }, error)
    }
  }
  await transport.remove(pod.csi)
}

async function unpublish(
  transport: Transport,
  { driver, target, volumeId }: Published,
  signal?: AbortSignal,
): Promise<void> {
  const socket = await driverSocket(transport, driver, signal)
  const message = encode([
    { number: 1, text: volumeId },
    { number: 2, text: target },
  ])
  if (socket !== undefined)
    await callDriver(transport, socket, 'csi.v1.Node/NodeUnpublishVolume', message, signal)
  await unmount(transport, target, signal)
  const [volume, kind, volumes, uid] = parentsOf(target)
  const left = await transport.removeEmpty([target, volume, kind, volumes, uid], signal)
  if (left.includes(target)) throw new Error(`${target} is not empty, and nothing is mounted there`)
}

async function unmount(transport: Transport, target: string, signal?: AbortSignal): Promise<void> {
  const table = await readMountTable(transport)
  const mounted = mountedBelow(table, target)
  if (mounted.length === 0) return
  const failing = { reason: 'KillPodSandboxError', doing: `unmounting ${target}` }
  await runOrFail(transport, { argv: ['umount', '--lazy', ...mounted] }, failing, signal)
}

function parentsOf(path: string): readonly [string, string, string, string] {
  const up = (from: string): string => from.slice(0, from.lastIndexOf('/'))
  const volume = up(path)
  const kind = up(volume)
  const volumes = up(kind)
  return [volume, kind, volumes, up(volumes)]
}
