import 'reflect-metadata'
import { createHash, generateKeyPair, hkdfSync, randomBytes } from 'node:crypto'
import { promisify } from 'node:util'
import { p256 } from '@noble/curves/nist.js'
import { AsnConvert } from '@peculiar/asn1-schema'
import { Certificate, id_kp_clientAuth, id_kp_serverAuth } from '@peculiar/asn1-x509'
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsageExtension,
  type Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509CertificateGenerator,
} from '@peculiar/x509'
import type { VolumeFile, VolumeRequest } from '../api/volumeRequests.ts'
import type { CertificateOrder, CertificatePart, IssuedContent } from '../api/podCertificates.ts'
import { p256PublicKey } from './p256.ts'

/** The root's authority over the certificates of its pods. */
export interface Authority {
  /** Its own certificate, as PEM: always the same bytes. */
  readonly certificate: string
  issue(order: CertificateOrder): Promise<Issued>
}

/** As PEM. */
export type Issued = Readonly<Record<CertificatePart, string>>

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
/** So many bytes give a number of the curve without one being likelier than another. */
const SEED_BYTES = 48
const KEY_ID_BYTES = 20
/** It is as old as anything that it may have signed, and ends as RFC 5280 (4.1.2.5) writes that there is no end. */
const AUTHORITY_FROM = new Date('2025-01-01T00:00:00Z')
const AUTHORITY_TO = new Date('9999-12-31T23:59:59Z')

/**
 * Key and certificate follow from the root's random key, as the key for tokens does: nothing more is to be kept, or to be lost. Signatures are
 * those of RFC 6979, which need no chance, so whoever compares the certificate with the one of yesterday finds no other.
 */
export async function authority(hashKey: string): Promise<Authority> {
  const secret = Buffer.from(hashKey, 'hex')
  const seed = new Uint8Array(hkdfSync('sha256', secret, Buffer.alloc(0), 'pod certificates', SEED_BYTES))
  const key = p256.utils.randomSecretKey(seed)
  const publicKey = p256PublicKey(p256.getPublicKey(key, false))
  const keyId = keyIdOf(publicKey)
  const name = `CN=reconcile.dev/pod ${keyId.slice(0, 16)}`
  const own = await signed(key, {
    serialNumber: keyId.slice(0, 32),
    subject: name,
    issuer: name,
    notBefore: AUTHORITY_FROM,
    notAfter: AUTHORITY_TO,
    publicKey,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
      new SubjectKeyIdentifierExtension(keyId),
    ],
  })
  return { certificate: own, issue: (order) => issue(order, key, name, keyId) }
}

async function issue(
  order: CertificateOrder,
  signer: Uint8Array,
  issuer: string,
  authorityId: string,
): Promise<Issued> {
  const pair = await newKey(order.keyType)
  const chain = await signed(signer, {
    serialNumber: randomBytes(16).toString('hex'),
    subject: [{ CN: [order.commonName] }],
    issuer,
    notBefore: new Date(order.notBefore * 1000),
    notAfter: new Date(order.notAfter * 1000),
    publicKey: pair.publicKey,
    extensions: extensionsOf(order, pair.publicKey, authorityId),
  })
  return { key: pair.privateKey, chain, bundle: `${pair.privateKey}${chain}` }
}

function extensionsOf(
  { dnsNames, keyType, uris }: CertificateOrder,
  publicKey: Buffer,
  authorityId: string,
): readonly Extension[] {
  const names = [
    ...uris.map((value) => ({ type: 'url', value }) as const),
    ...dnsNames.map((value) => ({ type: 'dns', value }) as const),
  ]
  // By RSA a key may be sent too, as old TLS does.
  const usage = keyType.startsWith('RSA')
    ? KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment
    : KeyUsageFlags.digitalSignature
  return [
    new BasicConstraintsExtension(false, undefined, true),
    new KeyUsagesExtension(usage, true),
    new ExtendedKeyUsageExtension([id_kp_serverAuth, id_kp_clientAuth]),
    new SubjectAlternativeNameExtension(names),
    new SubjectKeyIdentifierExtension(keyIdOf(publicKey)),
    new AuthorityKeyIdentifierExtension(authorityId),
  ]
}

/** RFC 7093's first way: what of a hash of the key fits. */
function keyIdOf(publicKey: Buffer): string {
  return createHash('sha256').update(publicKey).digest().subarray(0, KEY_ID_BYTES).toString('hex')
}

type Content = Omit<
  Parameters<typeof X509CertificateGenerator.create>[0],
  'signature' | 'signingKey' | 'signingAlgorithm' | 'extensions'
> & { readonly extensions: readonly Extension[] }

/** The library signs with keys of WebCrypto only, whose signatures hold chance: so it is asked for what is to be signed, then for the whole. */
async function signed(key: Uint8Array, content: Content): Promise<string> {
  const withSignature = async (signature: Uint8Array<ArrayBuffer>) =>
    X509CertificateGenerator.create({
      ...content,
      extensions: [...content.extensions],
      signingAlgorithm: ALGORITHM,
      signature,
    })
  const draft = await withSignature(new Uint8Array(64).fill(1))
  const { tbsCertificate } = AsnConvert.parse(draft.rawData, Certificate)
  const text = new Uint8Array(AsnConvert.serialize(tbsCertificate))
  const whole = await withSignature(new Uint8Array(p256.sign(text, key, { lowS: false })))
  return `${whole.toString('pem').trimEnd()}\n`
}

interface KeyPair {
  /** SubjectPublicKeyInfo. */
  readonly publicKey: Buffer
  /** PKCS #8, as PEM. */
  readonly privateKey: string
}

const encoding = {
  publicKeyEncoding: { type: 'spki', format: 'der' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
} as const

/** Beside the engine's thread: an RSA key of 4096 bits takes a second. */
function newKey(type: CertificateOrder['keyType']): Promise<KeyPair> {
  switch (type) {
    case 'RSA3072':
      return promisify(generateKeyPair)('rsa', { modulusLength: 3072, ...encoding })
    case 'RSA4096':
      return promisify(generateKeyPair)('rsa', { modulusLength: 4096, ...encoding })
    case 'ECDSAP256':
      return promisify(generateKeyPair)('ec', { namedCurve: 'P-256', ...encoding })
    case 'ECDSAP384':
      return promisify(generateKeyPair)('ec', { namedCurve: 'P-384', ...encoding })
    case 'ECDSAP521':
      return promisify(generateKeyPair)('ec', { namedCurve: 'P-521', ...encoding })
    case 'ED25519':
      return promisify(generateKeyPair)('ed25519', encoding)
    default:
      return type satisfies never
  }
}

const authorities = new Map<string, Promise<Authority>>()

/** The volumes with their certificates made: only whoever carries the request out may have the keys. */
export async function issueCertificates<T extends VolumeRequest>(
  volumes: readonly T[],
  hashKey: string | undefined,
): Promise<readonly T[]> {
  return Promise.all(
    volumes.map(async (volume) => {
      if (volume.kind !== 'files' || !volume.files.some(({ issued }) => issued !== undefined)) return volume
      if (hashKey === undefined)
        throw new Error(`making a certificate for volume ${volume.name}: the root has no key`)
      const signer = await authorities.getOrInsertComputed(hashKey, authority)
      const orders = new Map<string, Promise<Issued>>()
      const files = await Promise.all(volume.files.map((file) => withIssued(file, signer, orders)))
      return { ...volume, files }
    }),
  )
}

async function withIssued(
  { issued, ...file }: VolumeFile,
  signer: Authority,
  orders: Map<string, Promise<Issued>>,
): Promise<VolumeFile> {
  if (issued === undefined) return file
  const text = await textOf(issued, file, signer, orders)
  return { ...file, content: new TextEncoder().encode(text) }
}

async function textOf(
  issued: IssuedContent,
  { content }: VolumeFile,
  signer: Authority,
  orders: Map<string, Promise<Issued>>,
): Promise<string> {
  if (issued.kind === 'trust') {
    const others = new TextDecoder().decode(content)
    return others.includes(signer.certificate) ? others : `${others}${signer.certificate}`
  }
  const { order, part } = issued
  const made = await orders.getOrInsertComputed(order.id, () => signer.issue(order))
  return made[part]
}
