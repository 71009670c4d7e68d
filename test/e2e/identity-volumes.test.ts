import { createPrivateKey, createPublicKey, verify, X509Certificate } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { startDriver } from '../support/csiDriver.ts'
import type { World } from '../support/engine.ts'
import { sleeperYaml } from '../support/manifests.ts'
import { ownWorld } from '../support/ownWorld.ts'

let world: World

ownWorld((own) => {
  world = own
})

function pod(name: string, volume: string): string {
  const mounting = sleeperYaml(name, { more: ', volumeMounts: [{name: v, mountPath: /v}]' })
  return `${mounting}  volumes: [{name: v, ${volume}}]\n`
}

test('a pod has a token that the printed keys verify, in memory alone', async () => {
  const source = 'serviceAccountToken: {path: token, audience: vault, expirationSeconds: 600}'
  await world.commit({ 'a.yaml': pod('with-token', `projected: {sources: [{${source}}]}`) })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const token = await world.exec('with-token', 'cat', '/v/token')
  const { keys } = JSON.parse((await world.run('openid', 'keys')).stdout)
  const [{ alg: _alg, kid, use: _use, ...jwk }] = keys
  const [header = '', claims = '', signature = ''] = token.split('.')
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const signed = Buffer.from(signature, 'base64url')
  expect(
    verify('sha256', Buffer.from(`${header}.${claims}`), { key, dsaEncoding: 'ieee-p1363' }, signed),
  ).toBe(true)
  expect(JSON.parse(Buffer.from(header, 'base64url').toString())).toEqual({ alg: 'ES256', kid })
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    aud: ['vault'],
    sub: 'system:serviceaccount:default:default',
    'kubernetes.io': { pod: { name: 'with-token' } },
  })
  expect(await world.exec('with-token', 'stat', '-f', '-c', '%T', '/v/token')).toBe('tmpfs')
}, 60_000)

test('a pod has a certificate that the printed root verifies, and that root too, in memory alone', async () => {
  const certificate =
    'podCertificate: {signerName: reconcile.dev/pod, keyType: ED25519, credentialBundlePath: own.pem}'
  const trust = 'clusterTrustBundle: {signerName: reconcile.dev/pod, labelSelector: {}, path: ca.pem}'
  const volume = `projected: {sources: [{${certificate}}, {${trust}}]}`
  await world.commit({ 'a.yaml': pod('with-certificate', volume) })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const bundle = await world.exec('with-certificate', 'cat', '/v/own.pem')
  const ca = (await world.run('certificates', 'ca')).stdout
  const own = new X509Certificate(bundle)
  expect(own.verify(new X509Certificate(ca).publicKey)).toBe(true)
  expect(own.checkPrivateKey(createPrivateKey(bundle))).toBe(true)
  expect(own.subjectAltName).toBe('URI:spiffe://cluster.local/ns/default/sa/default')
  expect(await world.exec('with-certificate', 'cat', '/v/ca.pem')).toBe(ca.trimEnd())
  expect(await world.exec('with-certificate', 'stat', '-f', '-c', '%T', '/v/own.pem')).toBe('tmpfs')
  const { uid } = (await world.pod('with-certificate')).metadata
  expect(readFileSync(`${world.root}/pods/${uid}/pod.json`, 'utf8')).not.toContain('PRIVATE KEY')
  const again = await world.once()
  expect(again).toMatchObject({ exitCode: 0 })
  expect(await world.exec('with-certificate', 'cat', '/v/own.pem')).toBe(bundle)
}, 60_000)

test('a CSI driver mounts a volume for a pod, is told of it, and takes it away with the pod', async () => {
  await using driver = await startDriver('inline.test.reconcile.dev', 'some-folder')
  const csi = `csi: {driver: ${driver.name}, volumeAttributes: {size: small}, nodePublishSecretRef: {name: key}}`
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: key}\nstringData: {password: hush}\n'
  await world.commit({ 'a.yaml': pod('with-csi', csi), 'secret.yaml': secret })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  expect(JSON.parse(await world.exec('with-csi', 'cat', '/v/told.json'))).toMatchObject({
    attributes: {
      size: 'small',
      'csi.storage.k8s.io/ephemeral': 'true',
      'csi.storage.k8s.io/pod.name': 'with-csi',
    },
    secrets: { password: 'hush' },
  })
  const { uid } = (await world.pod('with-csi')).metadata
  expect(readFileSync(`${world.root}/pods/${uid}/csi.json`, 'utf8')).not.toContain('hush')
  driver.refuse('no space left')
  await world.commit({ 'b.yaml': pod('refused', `csi: {driver: ${driver.name}}`) })
  const refused = await world.once('--timeout', '2s')
  expect(refused.stderr).toContain('rpc error: code = Internal desc = Error: no space left')
  expect(driver.calls).toContain('NodeUnpublishVolume')
  expect(existsSync(`/var/lib/kubelet/pods/${uid}`)).toBe(false)
  expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(uid)
  await world.commit({ 'c.yaml': pod('driverless', 'csi: {driver: nobody.example}') })
  expect((await world.once('--timeout', '2s')).stderr).toContain(
    'driver name nobody.example not found in the list of registered CSI drivers',
  )
}, 60_000)
