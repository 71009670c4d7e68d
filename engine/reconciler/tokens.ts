import { createECDH, createPrivateKey, createHash, hkdfSync, type KeyObject, sign } from 'node:crypto'
import type { VolumeFile, VolumeRequest } from '../api/volumeRequests.ts'
import type { TokenClaims } from '../api/tokens.ts'

/** The public half of what tokens are signed with, as RFC 7517 writes it. */
export interface PublicKey {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly alg: 'ES256'
  readonly use: 'sig'
  readonly kid: string
  readonly x: string
  readonly y: string
}

export interface TokenKey {
  readonly public: PublicKey
  sign(claims: TokenClaims): string
}

const CURVE = 'prime256v1'
const SCALAR_BYTES = 32

/**
 * The root's key for service account tokens. It follows from the root's random key, which is made once and nowhere but in root.json, so there
 * is nothing more to be kept, and nothing to be lost.
 */
export function tokenKey(hashKey: string): TokenKey {
  const { d, publicKey } = keyPair(Buffer.from(hashKey, 'hex'))
  const x = publicKey.subarray(1, 1 + SCALAR_BYTES).toString('base64url')
  const y = publicKey.subarray(1 + SCALAR_BYTES).toString('base64url')
  // RFC 7638: the members that are needed, in this order.
  const thumbprint = createHash('sha256').update(JSON.stringify({ crv: 'P-256', kty: 'EC', x, y }))
  const kid = thumbprint.digest('base64url')
  const jwk = { kty: 'EC', crv: 'P-256', x, y, d: d.toString('base64url') }
  const key = createPrivateKey({ key: jwk, format: 'jwk' })
  return {
    public: { kty: 'EC', crv: 'P-256', alg: 'ES256', use: 'sig', kid, x, y },
    sign: (claims) => signed(claims, key, kid),
  }
}

/** Of 2^32 keys not one is no number of the curve; then the next one is taken. */
function keyPair(secret: Buffer): { readonly d: Buffer; readonly publicKey: Buffer } {
  for (let attempt = 0; ; attempt += 1) {
    const info = `service account tokens ${attempt}`
    const d = Buffer.from(hkdfSync('sha256', secret, Buffer.alloc(0), info, SCALAR_BYTES))
    const ecdh = createECDH(CURVE)
    try {
      ecdh.setPrivateKey(d)
    } catch (error) {
      if (attempt > 9) throw error
      continue
    }
    return { d, publicKey: ecdh.getPublicKey() }
  }
}

function signed(claims: TokenClaims, key: KeyObject, kid: string): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const text = `${part({ alg: 'ES256', kid })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

const keys = new Map<string, TokenKey>()

/** The volumes with their tokens signed: only whoever carries the request out may have them. */
export function signTokens<T extends VolumeRequest>(
  volumes: readonly T[],
  hashKey: string | undefined,
): readonly T[] {
  return volumes.map((volume) => {
    if (volume.kind !== 'files' || !volume.files.some(({ token }) => token !== undefined)) return volume
    if (hashKey === undefined)
      throw new Error(`signing a token for volume ${volume.name}: the root has no key`)
    const key = keys.getOrInsertComputed(hashKey, tokenKey)
    return { ...volume, files: volume.files.map((file) => withToken(file, key)) }
  })
}

function withToken({ token, ...file }: VolumeFile, key: TokenKey): VolumeFile {
  return token === undefined ? file : { ...file, content: new TextEncoder().encode(key.sign(token)) }
}
