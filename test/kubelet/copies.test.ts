import { expect, test } from 'vitest'
import type { KubernetesObject, PodSpec } from '../../engine/api/generated/types.ts'
import { isProblem } from '../../engine/kubelet/context.ts'
import { createPodRequest } from '../../engine/kubelet/requests/createPod.ts'
import { desired, node, now, record } from './world.ts'

const SPEC = {
  accessModes: ['ReadWriteOnce'],
  resources: { requests: { storage: '1Gi' } },
  dataSource: { kind: 'PersistentVolumeClaim', name: 'template' },
} as const

type Volumes = NonNullable<PodSpec['volumes']>

function volumes(own: Volumes, objects: readonly KubernetesObject[], metadata = {}): readonly unknown[] {
  const pod = record({ volumes: own })
  const described = { ...pod, pod: { ...pod.pod, metadata: { ...pod.pod.metadata, ...metadata } } }
  const request = createPodRequest(described, desired(...objects), node(), now(0))
  if (isProblem(request)) throw new Error(request.message)
  return request.volumes
}

test('a claim of the commit, and one of the pod’s own, say what they are copies of', () => {
  const metadata = { name: 'data', namespace: 'default' }
  const written: KubernetesObject = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata, spec: SPEC }
  const own: Volumes = [
    { name: 'a', persistentVolumeClaim: { claimName: 'data' } },
    { name: 'b', ephemeral: { volumeClaimTemplate: { spec: SPEC } } },
    { name: 'c', persistentVolumeClaim: { claimName: 'other' } },
  ]
  expect(volumes(own, [written])).toEqual([
    expect.objectContaining({ name: 'a', claim: 'data', copyOf: 'template' }),
    expect.objectContaining({ name: 'b', copyOf: 'template' }),
    { kind: 'claim', name: 'c', namespace: 'default', claim: 'other' },
  ])
})

test('so does a claim that a StatefulSet makes for its pod', () => {
  const set: KubernetesObject = {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default' },
    spec: {
      selector: { matchLabels: { a: 'b' } },
      template: { metadata: { labels: { a: 'b' } }, spec: { containers: [] } },
      volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: SPEC }],
    },
  }
  const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'db', uid: 'u' }
  const own: Volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data-db-0' } }]
  expect(volumes(own, [set], { name: 'db-0', ownerReferences: [owner] })).toEqual([
    { kind: 'claim', name: 'data', namespace: 'default', claim: 'data-db-0', copyOf: 'template' },
  ])
})
