import { expect, test } from 'vitest'
import type { FilesVolume } from '../../engine/api/volumeRequests.ts'
import type { PodCertificateProjection, Service, VolumeProjection } from '../../engine/api/generated/types.ts'
import type { CertificateOrder } from '../../engine/api/podCertificates.ts'
import { isProblem } from '../../engine/kubelet/context.ts'
import { createPodRequest } from '../../engine/kubelet/requests/createPod.ts'
import { podStep } from '../../engine/kubelet/step.ts'
import { context, CREATED, desired, node, now, observed, record, running, UID } from './world.ts'

const BORN = Date.parse(CREATED) / 1000
const SOURCE: PodCertificateProjection = {
  signerName: 'reconcile.dev/pod',
  keyType: 'ED25519',
  maxExpirationSeconds: 3600,
  credentialBundlePath: 'bundle.pem',
}

function volumesOf(source: VolumeProjection) {
  return [{ name: 'id', projected: { sources: [source] } }]
}

function volume(source: VolumeProjection, seconds: number, spec = {}, objects = desired()): FilesVolume {
  const own = record({ volumes: volumesOf(source), serviceAccountName: 'web', ...spec })
  const request = createPodRequest(own, objects, node(), now(seconds))
  if (isProblem(request)) throw new Error(request.message)
  const [first] = request.volumes
  if (first?.kind !== 'files') throw new Error('no volume of files')
  return first
}

function order(seconds: number, spec = {}, objects = desired()): CertificateOrder {
  const [file] = volume({ podCertificate: SOURCE }, seconds, spec, objects).files
  if (file?.issued?.kind !== 'certificate') throw new Error('no certificate')
  return file.issued.order
}

test('a certificate is ordered for the pod’s account, and its volume is kept in memory', () => {
  const made = volume({ podCertificate: SOURCE }, 0)
  expect(made).toMatchObject({ secret: true, files: [{ path: 'bundle.pem', mode: 0o644 }] })
  expect(order(5)).toEqual({
    id: expect.any(String),
    keyType: 'ED25519',
    notBefore: BORN,
    notAfter: BORN + 3600,
    commonName: UID,
    uris: ['spiffe://cluster.local/ns/default/sa/web'],
    dnsNames: [],
  })
})

test('key, certificate and both go where the manifest says, from one order', () => {
  const paths = { credentialBundlePath: 'a', keyPath: 'b', certificateChainPath: 'c' }
  const { files } = volume({ podCertificate: { ...SOURCE, ...paths } }, 0)
  const parts = files.map(({ issued, path }) => [
    path,
    issued?.kind === 'certificate' ? issued.part : undefined,
    issued?.kind === 'certificate' ? issued.order.id : undefined,
  ])
  const id = parts[0]?.[2]
  expect(parts).toEqual([
    ['a', 'bundle', id],
    ['b', 'key', id],
    ['c', 'chain', id],
  ])
})

test('where the pod has a group, nobody but that and the owner reads a key', () => {
  const { files } = volume({ podCertificate: SOURCE }, 0, { securityContext: { fsGroup: 7 } })
  expect(files[0]?.mode).toBe(0o640)
})

test('after four fifths of its time another one is due; without a time it is valid for a day', () => {
  expect(order(2879).notBefore).toBe(BORN)
  expect(order(2880)).toMatchObject({ notBefore: BORN + 2880, notAfter: BORN + 2880 + 3600 })
  expect(order(2880).id).not.toBe(order(2879).id)
  const { maxExpirationSeconds: _, ...rest } = SOURCE
  const [file] = volume({ podCertificate: rest }, 0).files
  expect(file?.issued).toMatchObject({ order: { notAfter: BORN + 86_400 } })
})

test('it names what leads to the pod: its own name below a subdomain, and the Services that select it', () => {
  const service = (name: string, selector: Record<string, string>, namespace = 'default'): Service => ({
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace },
    spec: { selector },
  })
  const own = record({ volumes: volumesOf({ podCertificate: SOURCE }), hostname: 'a', subdomain: 'b' })
  const labelled = {
    ...own,
    pod: { ...own.pod, metadata: { ...own.pod.metadata, labels: { app: 'web', tier: 'x' } } },
  }
  const commit = desired(
    service('web', { app: 'web' }),
    service('other', { app: 'other' }),
    service('all', {}),
    service('elsewhere', { app: 'web' }, 'elsewhere'),
    service('also', { app: 'web', tier: 'x' }),
  )
  const request = createPodRequest(labelled, commit, node(), now(0))
  if (isProblem(request)) throw new Error(request.message)
  expect(request.volumes[0]).toMatchObject({
    files: [
      {
        issued: {
          order: {
            dnsNames: [
              'a.b.default.svc.cluster.local',
              'also.default',
              'also.default.svc',
              'also.default.svc.cluster.local',
              'web.default',
              'web.default.svc',
              'web.default.svc.cluster.local',
            ],
          },
        },
      },
    ],
  })
})

test('the pod is looked at again when its certificate falls due, and gets another one then', () => {
  const own = record({ volumes: volumesOf({ podCertificate: SOURCE }), serviceAccountName: 'web' })
  const made = volume({ podCertificate: SOURCE }, 5)
  const pod = observed(own, { app: running() }, { volumes: { id: made.version } })
  const step = podStep(pod, context(5))
  expect(step.action?.kind).not.toBe('updateVolumes')
  expect(step.requeueAt).toEqual(now(2880))
  expect(podStep(pod, context(2880)).action).toMatchObject({
    kind: 'updateVolumes',
    reason: 'volume id follows the time that its certificates have left',
  })
})

test('whom our signer is known by is projected by its name and as a bundle of the signer, beside others', () => {
  const issued = { kind: 'trust' }
  const trust = (source: object) => volume({ clusterTrustBundle: { path: 'ca.pem', ...source } }, 0)
  expect(trust({ name: 'reconcile.dev:pod:ca' }).files[0]).toMatchObject({ issued })
  const all = { signerName: 'reconcile.dev/pod', labelSelector: {} }
  expect(trust(all)).toMatchObject({ secret: false, files: [{ issued }] })
  const some = { signerName: 'reconcile.dev/pod', labelSelector: { matchLabels: { live: 'yes' } } }
  expect(() => trust(some)).toThrow('not found')
  expect(() => trust({ signerName: 'example.com/ca', labelSelector: {} })).toThrow('not found')
})
