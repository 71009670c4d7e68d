import { createPublicKey, verify } from 'node:crypto'
import { expect, test } from 'vitest'
import type { TokenClaims } from '../../engine/api/tokens.ts'
import { signTokens, tokenKey } from '../../engine/reconciler/tokens.ts'

const HASH_KEY = 'ab'.repeat(32)

const CLAIMS: TokenClaims = {
  aud: ['vault'],
  exp: 2,
  iat: 1,
  iss: 'https://tokens.example',
  jti: 'x',
  nbf: 1,
  sub: 'system:serviceaccount:default:web',
  'kubernetes.io': {
    namespace: 'default',
    node: { name: 'local' },
    pod: { name: 'web', uid: '1' },
    serviceaccount: { name: 'web', uid: '2' },
  },
}

function parts(token: string): readonly [header: unknown, claims: unknown, isValid: boolean] {
  const [header = '', claims = '', signature = ''] = token.split('.')
  const { alg: _alg, use: _use, kid: _kid, ...jwk } = tokenKey(HASH_KEY).public
  const key = createPublicKey({ key: jwk, format: 'jwk' })
  const text = Buffer.from(`${header}.${claims}`)
  const isValid = verify(
    'sha256',
    text,
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  )
  const parse = (part: string): unknown => JSON.parse(Buffer.from(part, 'base64url').toString())
  return [parse(header), parse(claims), isValid]
}

test('a token is a JWT that the printed key verifies', () => {
  const key = tokenKey(HASH_KEY)
  expect(parts(key.sign(CLAIMS))).toEqual([{ alg: 'ES256', kid: key.public.kid }, CLAIMS, true])
})

test('the key follows from the root’s own and shows nothing of it', () => {
  expect(tokenKey(HASH_KEY).public).toEqual(tokenKey(HASH_KEY).public)
  expect(tokenKey('cd'.repeat(32)).public.kid).not.toBe(tokenKey(HASH_KEY).public.kid)
  expect(JSON.stringify(tokenKey(HASH_KEY).public)).not.toContain(HASH_KEY)
})

test('tokens of a volume are signed, its other files and other volumes stay as they are', () => {
  const plain = { path: 'a', mode: 0o644, content: new Uint8Array([1]) }
  const token = { path: 'token', mode: 0o600, content: new Uint8Array(), token: CLAIMS }
  const volume = { kind: 'files', name: 'v', secret: true, version: '1', files: [plain, token] } as const
  const other = { kind: 'hostPath', name: 'h', path: '/', type: '' } as const
  const [signed, same] = signTokens([volume, other], HASH_KEY)
  expect(same).toBe(other)
  if (signed?.kind !== 'files') throw new Error('no files')
  expect(signed.files[0]).toEqual(plain)
  expect(parts(new TextDecoder().decode(signed.files[1]?.content))[2]).toBe(true)
  expect(() => signTokens([volume], undefined)).toThrow('signing a token for volume v: the root has no key')
})
