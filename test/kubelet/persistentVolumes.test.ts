import { expect, test } from 'vitest'
import type { Container, PodSpec } from '../../engine/api/generated/types.ts'
import type { BoundVolume } from '../../engine/api/records.ts'
import { isProblem } from '../../engine/kubelet/context.ts'
import { createPodRequest } from '../../engine/kubelet/requests/createPod.ts'
import { devicesOf } from '../../engine/kubelet/requests/devices.ts'
import { mountsOf } from '../../engine/kubelet/requests/mounts.ts'
import { desired, node, now, record } from './world.ts'

type Volumes = NonNullable<PodSpec['volumes']>

function requested(volumes: Volumes, claims: Readonly<Record<string, BoundVolume>> = {}): unknown {
  const request = createPodRequest({ ...record({ volumes }), claims }, desired(), node(), now(0))
  return isProblem(request) ? request.message : request.volumes[0]
}

const CLAIM: Volumes = [{ name: 'v', persistentVolumeClaim: { claimName: 'data' } }]

test.each<[BoundVolume, unknown]>([
  [
    { name: 'a', hostPath: { path: '/data', type: 'Directory' } },
    { kind: 'hostPath', name: 'v', path: '/data', type: 'Directory' },
  ],
  [
    { name: 'a', local: { path: '/disk' } },
    { kind: 'local', name: 'v', path: '/disk' },
  ],
  [
    { name: 'a', nfs: { server: 'nas', path: '/x', readOnly: true }, mountOptions: ['nfsvers=4.1'] },
    { kind: 'nfs', name: 'v', server: 'nas', path: '/x', readOnly: true, options: ['nfsvers=4.1'] },
  ],
])('a claim is mounted as the volume that its pod’s record says it is bound to: %o', (bound, request) => {
  expect(requested(CLAIM, { data: bound })).toEqual(request)
  expect(requested(CLAIM, { other: bound })).toMatchObject({ kind: 'claim', claim: 'data' })
})

test('a pod mounts a folder of a server by itself, for reading only if it says so', () => {
  const nfs = { server: 'nas', path: '/x' }
  expect(requested([{ name: 'v', nfs }])).toEqual({
    kind: 'nfs',
    name: 'v',
    ...nfs,
    readOnly: false,
    options: [],
  })
  const container = { name: 'a', volumeMounts: [{ name: 'v', mountPath: '/v' }] }
  const readOnly = (volumes: Volumes): unknown =>
    mountsOf(container, { containers: [container], volumes }, new Map())
  expect(readOnly([{ name: 'v', nfs }])).toMatchObject([{ readOnly: false }])
  expect(readOnly([{ name: 'v', nfs: { ...nfs, readOnly: true } }])).toMatchObject([{ readOnly: true }])
})

test('a container has a disk as a device or a folder as a mount, never the one as the other', () => {
  const disk = { name: 'v', devicePath: '/dev/xvda' }
  const mount = { name: 'v', mountPath: '/v' }
  const asked = (own: Partial<Container>, bound: BoundVolume): unknown => {
    const container = { name: 'a', ...own }
    const spec = { containers: [container], volumes: CLAIM }
    const found = devicesOf(container, spec, { ...record({ volumes: CLAIM }), claims: { data: bound } })
    return isProblem(found) ? found.message : found
  }
  const block: BoundVolume = { name: 'a', local: { path: '/dev/sdb' }, volumeMode: 'Block' }
  const folder: BoundVolume = { name: 'a', local: { path: '/disk' } }
  expect(asked({ volumeDevices: [disk] }, block)).toEqual([
    { volume: 'v', devicePath: '/dev/xvda', readOnly: false },
  ])
  expect(asked({ volumeMounts: [mount] }, folder)).toEqual([])
  expect(asked({ volumeMounts: [mount] }, block)).toContain('has volumeMode Block, but is specified in')
  expect(asked({ volumeDevices: [disk] }, folder)).toContain('has volumeMode Filesystem, but is specified in')
})
