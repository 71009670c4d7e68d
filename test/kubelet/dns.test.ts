import { expect, test } from 'vitest'
import type { KubernetesObject, PodSpec, Service } from '../../engine/api/generated/types.ts'
import { isProblem } from '../../engine/kubelet/context.ts'
import { createPodRequest } from '../../engine/kubelet/requests/createPod.ts'
import { desired, now, record } from './world.ts'

const WEB: Service = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web' },
  spec: { ports: [{ port: 80 }] },
}
const OWN = { nameservers: ['192.0.2.53'], searches: ['a.test'], options: [{ name: 'ndots', value: '2' }] }

function created(spec: Partial<PodSpec>, ...objects: readonly KubernetesObject[]) {
  const request = createPodRequest(record(spec), desired(...objects), undefined, now(0))
  if (isProblem(request)) throw new Error(request.message)
  return request
}

test('with a Service in the commit, a pod asks the DNS server of the cluster, and searches its own namespace first', () => {
  expect(created({}, WEB).clusterDns).toEqual({
    nameservers: ['10.96.0.10'],
    searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
    options: [{ name: 'ndots', value: '5' }],
  })
})

test('without one there is no such server, and a pod has the node’s own', () => {
  expect(created({})).not.toHaveProperty('clusterDns')
})

test.each([
  [{ dnsPolicy: 'Default' }, false],
  [{ dnsPolicy: 'None', dnsConfig: OWN }, false],
  [{ dnsPolicy: 'ClusterFirst' }, true],
  [{ dnsPolicy: 'ClusterFirst', hostNetwork: true }, false],
  [{ dnsPolicy: 'ClusterFirstWithHostNet', hostNetwork: true }, true],
  [{ dnsPolicy: 'ClusterFirstWithHostNet' }, true],
] as const)('%j: whether it asks the server of the cluster is %s', (spec, asks) => {
  expect(created(spec, WEB).clusterDns !== undefined).toBe(asks)
})

test('what the pod adds is added to the server of the cluster, too', () => {
  const request = created({ dnsConfig: OWN }, WEB)
  expect(request.dnsAdditions).toEqual(OWN)
  expect(request.clusterDns?.nameservers).toEqual(['10.96.0.10'])
})
