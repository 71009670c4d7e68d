import { expect, test } from 'vitest'
import type { Container, PodSpec } from '../../engine/api/generated/types.ts'
import { podRequests } from '../../engine/api/podResources.ts'

function asks(name: string, cpu: string, memory?: string): Container {
  return { name, image: 'app', resources: { requests: { cpu, ...(memory !== undefined && { memory }) } } }
}

function sidecar(name: string, cpu: string): Container {
  return { ...asks(name, cpu), restartPolicy: 'Always' }
}

const MI = 2 ** 20

test.each<readonly [string, PodSpec, Readonly<Record<string, number>>]>([
  [
    'containers are added up',
    { containers: [asks('a', '250m', '64Mi'), asks('b', '1', '64Mi')] },
    { cpu: 1250, memory: 128 * MI },
  ],
  [
    'a limit without a request is the request',
    {
      containers: [
        { name: 'a', image: 'app', resources: { limits: { cpu: '2' }, requests: { memory: '1Mi' } } },
      ],
    },
    { cpu: 2000, memory: MI },
  ],
  [
    'the largest init container counts when it asks for more than the others together',
    { initContainers: [asks('i', '3'), asks('j', '1')], containers: [asks('a', '1'), asks('b', '1')] },
    { cpu: 3000 },
  ],
  // https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/: sidecars run beside the main containers.
  [
    'sidecars are added to the containers',
    { initContainers: [sidecar('s', '500m'), asks('i', '1')], containers: [asks('a', '1')] },
    // While i runs: 1 + 0.5; afterwards: 1 + 0.5.
    { cpu: 1500 },
  ],
  [
    'an init container runs beside the sidecars that began before it, not beside later ones',
    {
      initContainers: [sidecar('s', '1'), asks('i', '3'), sidecar('t', '500m')],
      containers: [asks('a', '1')],
    },
    // While i runs: 3 + 1; afterwards: 1 + 1 + 0.5.
    { cpu: 4000 },
  ],
  [
    'what the pod as a whole asks for counts, and overhead comes on top',
    {
      containers: [asks('a', '1', '64Mi')],
      resources: { requests: { cpu: '3' } },
      overhead: { cpu: '250m', memory: '16Mi' },
    },
    { cpu: 3250, memory: 80 * MI },
  ],
  [
    'other resources are counted in units',
    {
      containers: [
        {
          name: 'a',
          image: 'app',
          resources: { limits: { 'hugepages-2Mi': '100Mi', 'example.com/gpu': 2 } },
        },
      ],
    },
    { 'hugepages-2Mi': 100 * MI, 'example.com/gpu': 2 },
  ],
])('%s', (_, spec, amounts) => {
  expect(podRequests(spec)).toEqual(amounts)
})
