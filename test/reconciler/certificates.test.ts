import { execFileSync } from 'node:child_process'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { connect, createServer } from 'node:tls'
import { expect, test } from 'vitest'
import type { VolumeFile } from '../../engine/api/volumeRequests.ts'
import type { CertificateOrder } from '../../engine/api/podCertificates.ts'
import { authority, issueCertificates } from '../../engine/reconciler/certificates.ts'

const HASH_KEY = 'ab'.repeat(32)
const NOW = Math.floor(Date.now() / 1000)

function order(keyType: CertificateOrder['keyType'] = 'ECDSAP256'): CertificateOrder {
  return {
    id: 'one',
    keyType,
    notBefore: NOW - 60,
    notAfter: NOW + 3600,
    commonName: '0d2c8a4e-3b5e-5e0a-8b52-9a1d1e2f3a4b',
    uris: ['spiffe://cluster.local/ns/default/sa/web'],
    dnsNames: ['web.default', 'web.default.svc'],
  }
}

test.each([
  ['RSA3072', 'rsa', 3072],
  ['RSA4096', 'rsa', 4096],
  ['ECDSAP256', 'ec', 'prime256v1'],
  ['ECDSAP384', 'ec', 'secp384r1'],
  ['ECDSAP521', 'ec', 'secp521r1'],
  ['ED25519', 'ed25519', undefined],
] as const)('a key of type %s gets a certificate that the root verifies', async (keyType, type, size) => {
  const signer = await authority(HASH_KEY)
  const { bundle, chain, key } = await signer.issue(order(keyType))
  const secret = createPrivateKey(key)
  expect(secret.asymmetricKeyType).toBe(type)
  const { modulusLength, namedCurve } = secret.asymmetricKeyDetails ?? {}
  expect(modulusLength ?? namedCurve).toBe(size)
  expect(bundle).toBe(`${key}${chain}`)
  const certificate = new X509Certificate(chain)
  const root = new X509Certificate(signer.certificate)
  expect(certificate.verify(root.publicKey)).toBe(true)
  expect(certificate.checkIssued(root)).toBe(true)
  expect(certificate.checkPrivateKey(secret)).toBe(true)
  expect(certificate.ca).toBe(false)
  expect(certificate.subjectAltName).toBe(
    'URI:spiffe://cluster.local/ns/default/sa/web, DNS:web.default, DNS:web.default.svc',
  )
  expect(Date.parse(certificate.validTo) / 1000).toBe(NOW + 3600)
})

test('openssl takes the chain for a server and for a client, and not under the root of another', async () => {
  const folder = mkdtempSync(`${tmpdir()}/certificates-`)
  try {
    const signer = await authority(HASH_KEY)
    writeFileSync(`${folder}/ca.pem`, signer.certificate)
    writeFileSync(`${folder}/other.pem`, (await authority('cd'.repeat(32))).certificate)
    writeFileSync(`${folder}/pod.pem`, (await signer.issue(order())).chain)
    const verify = (ca: string, purpose: string): string =>
      execFileSync(
        'openssl',
        ['verify', '-x509_strict', '-purpose', purpose, '-CAfile', `${folder}/${ca}`, `${folder}/pod.pem`],
        { encoding: 'utf8', stdio: 'pipe' },
      )
    for (const purpose of ['sslserver', 'sslclient'])
      expect(verify('ca.pem', purpose)).toContain('pod.pem: OK')
    expect(() => verify('other.pem', 'sslserver')).toThrow('verification failed')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('two pods talk over TLS, each sure of the other', async () => {
  const signer = await authority(HASH_KEY)
  const [one, other] = await Promise.all([signer.issue(order()), signer.issue(order('ED25519'))])
  const ca = signer.certificate
  const server = createServer({
    key: one.key,
    cert: one.chain,
    ca,
    requestCert: true,
    rejectUnauthorized: true,
  })
  server.on('secureConnection', (socket) => socket.end(`hello ${socket.getPeerCertificate().subjectaltname}`))
  const { promise: listening, resolve } = Promise.withResolvers<number>()
  server.listen(0, '127.0.0.1', () => {
    const address = server.address()
    resolve(typeof address === 'object' && address !== null ? address.port : 0)
  })
  try {
    const identity = { key: other.key, cert: other.chain, ca, servername: 'web.default.svc' }
    const socket = connect({ port: await listening, host: '127.0.0.1', ...identity })
    const chunks = await socket.toArray()
    expect(socket.authorized).toBe(true)
    expect(Buffer.concat(chunks).toString()).toContain('hello URI:spiffe://cluster.local/ns/default/sa/web')
  } finally {
    server.close()
  }
})

test('the root certificate is always the same, and shows nothing of the key that it follows from', async () => {
  const one = await authority(HASH_KEY)
  expect((await authority(HASH_KEY)).certificate).toBe(one.certificate)
  const root = new X509Certificate(one.certificate)
  expect(root.ca).toBe(true)
  expect(root.verify(root.publicKey)).toBe(true)
  expect(root.toString()).not.toContain(HASH_KEY)
  expect((await authority('cd'.repeat(32))).certificate).not.toBe(one.certificate)
})

test('the files of one order are of one key; trust is added once to what is there', async () => {
  const file = (path: string, issued: VolumeFile['issued'], content = ''): VolumeFile => ({
    path,
    mode: 0o600,
    content: new TextEncoder().encode(content),
    ...(issued !== undefined && { issued }),
  })
  const { certificate: ca } = await authority(HASH_KEY)
  const files = [
    file('plain', undefined, 'as it is'),
    file('key', { kind: 'certificate', order: order(), part: 'key' }),
    file('chain', { kind: 'certificate', order: order(), part: 'chain' }),
    file('ca', { kind: 'trust' }, 'others\n'),
    file('known', { kind: 'trust' }, ca),
  ]
  const volume = { kind: 'files', name: 'v', secret: true, version: '1', files } as const
  const other = { kind: 'hostPath', name: 'h', path: '/', type: '' } as const
  const [made, same] = await issueCertificates([volume, other], HASH_KEY)
  expect(same).toBe(other)
  if (made?.kind !== 'files') throw new Error('no files')
  const [plain, key = '', chain = '', trust, known] = made.files.map(({ content }) =>
    new TextDecoder().decode(content),
  )
  expect(plain).toBe('as it is')
  expect(new X509Certificate(chain).checkPrivateKey(createPrivateKey(key))).toBe(true)
  expect(trust).toBe(`others\n${ca}`)
  expect(known).toBe(ca)
  await expect(issueCertificates([volume], undefined)).rejects.toThrow(
    'making a certificate for volume v: the root has no key',
  )
})
