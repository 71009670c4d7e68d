import { expect, test } from 'vitest'
import type { ClusterTrustBundle, ClusterTrustBundleProjection } from '../../engine/api/generated/types.ts'
import { isProblem } from '../../engine/kubelet/context.ts'
import { createPodRequest } from '../../engine/kubelet/requests/createPod.ts'
import { desired, node, now, record } from './world.ts'

function pem(base64: string): string {
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`
}

function bundle(
  name: string,
  certificates: readonly string[],
  labels = {},
  signerName?: string,
): ClusterTrustBundle {
  return {
    apiVersion: 'certificates.k8s.io/v1beta1',
    kind: 'ClusterTrustBundle',
    metadata: { name, labels },
    spec: {
      ...(signerName !== undefined && { signerName }),
      trustBundle: certificates.map(pem).join('# a remark\n'),
    },
  }
}

const SIGNER = 'example.com/ca'
const BUNDLES = [
  bundle('own', ['MAI=', 'MAE=', 'MAI=']),
  bundle('example.com:ca:new', ['MAM='], { live: 'yes' }, SIGNER),
  bundle('example.com:ca:old', ['MAQ='], { live: 'no' }, SIGNER),
]

/** The file that a pod gets, or why it gets none. */
function projected(source: Omit<ClusterTrustBundleProjection, 'path'>): string {
  const sources = [{ clusterTrustBundle: { ...source, path: 'ca.pem' } }]
  const own = record({ volumes: [{ name: 'v', projected: { sources } }] })
  const request = createPodRequest(own, desired(...BUNDLES), node(), now(0))
  if (isProblem(request)) return request.message
  const [volume] = request.volumes
  if (volume?.kind !== 'files') throw new Error(`a volume of kind ${volume?.kind}`)
  return volume.files.map(({ content, path }) => `${path}: ${new TextDecoder().decode(content)}`).join()
}

test('a bundle by its name has each of its certificates once, sorted, without remarks', () => {
  expect(projected({ name: 'own' })).toBe(`ca.pem: ${pem('MAE=')}${pem('MAI=')}`)
})

test('of a signer all bundles count whose labels match; without a selector none, with an empty one all', () => {
  const labelSelector = { matchLabels: { live: 'yes' } }
  expect(projected({ signerName: SIGNER, labelSelector })).toBe(`ca.pem: ${pem('MAM=')}`)
  expect(projected({ signerName: SIGNER, labelSelector: {} })).toBe(`ca.pem: ${pem('MAM=')}${pem('MAQ=')}`)
  expect(projected({ signerName: SIGNER })).toContain(`clustertrustbundle "of signer ${SIGNER}" not found`)
})

test('a bundle that is not there keeps the pod waiting, unless it is optional: then the file is empty', () => {
  expect(projected({ name: 'other' })).toContain('clustertrustbundle "other" not found')
  expect(projected({ name: 'other', optional: true })).toBe('ca.pem: ')
})
