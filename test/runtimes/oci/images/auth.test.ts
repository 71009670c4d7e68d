import { expect, test } from 'vitest'
import type { DockerConfig } from '../../../../engine/api/imageRequests.ts'
import { authAttempts, authKey } from '../../../../engine/runtimes/oci/images/auth.ts'
import { parseReference } from '../../../../engine/runtimes/oci/images/reference.ts'

function secret(...keys: readonly string[]): DockerConfig {
  return { auths: Object.fromEntries(keys.map((key) => [key, { auth: `login-of-${key}` }])) }
}

function attempts(
  image: string,
  secrets: readonly DockerConfig[],
  mirrors: readonly string[] = [],
): unknown[] {
  const reference = parseReference(image)
  if (typeof reference === 'string') throw new Error(reference)
  return authAttempts(reference, mirrors, secrets).map(({ content }) => JSON.parse(content))
}

test.each([
  ['registry.example/app', 'registry.example'],
  ['registry.example/app', 'https://registry.example'],
  ['registry.example/app', 'http://registry.example/v1/'],
  ['registry.example/team/app', 'registry.example/team'],
  ['registry.example/app', '*.example'],
  ['eu.registry.example/app', '*.registry.example'],
  ['registry.example:5000/app', 'registry.example:5000'],
  ['busybox', 'https://index.docker.io/v1/'],
  ['busybox', 'docker.io'],
])('for %s a secret for %s is used', (image, key) => {
  expect(attempts(image, [secret(key)])).toHaveLength(1)
})

test.each([
  ['registry.example/app', 'other.example'],
  ['registry.example/other/app', 'registry.example/team'],
  ['registry.example:5000/app', 'registry.example'],
  ['registry.example/app', 'registry.example:5000'],
  ['a.b.example/app', '*.example'],
  ['registry.example/app', 'registryxexample'],
])('for %s a secret for %s is of no use', (image, key) => {
  expect(attempts(image, [secret(key)])).toEqual([])
})

test('of several entries of a secret the most exact one is used', () => {
  const file = secret('registry.example', 'registry.example/team', '*.example')
  expect(attempts('registry.example/team/app', [file])).toEqual([
    { auths: { 'registry.example': { auth: 'login-of-registry.example/team' } } },
  ])
})

test('each secret is a try of its own, in the order of the pod', () => {
  const secrets = [secret('*.example'), secret('other.test'), secret('registry.example')]
  expect(attempts('registry.example/app', secrets)).toEqual([
    { auths: { 'registry.example': { auth: 'login-of-*.example' } } },
    { auths: { 'registry.example': { auth: 'login-of-registry.example' } } },
  ])
})

test("a mirror's login is taken from the secret too", () => {
  const file = secret('mirror.example:5000', 'docker.io')
  expect(attempts('busybox', [file], ['mirror.example:5000'])).toEqual([
    {
      auths: {
        'docker.io': { auth: 'login-of-docker.io' },
        'mirror.example:5000': { auth: 'login-of-mirror.example:5000' },
      },
    },
  ])
})

test('a user name and a password are joined as skopeo reads them', () => {
  const file = { auths: { 'registry.example': { username: 'robot', password: 'let:me:in' } } }
  expect(attempts('registry.example/app', [file])).toEqual([
    { auths: { 'registry.example': { auth: Buffer.from('robot:let:me:in').toString('base64') } } },
  ])
})

test('the key of a set of credentials does not hold them', () => {
  const key = authKey([{ content: 'secret' }])
  expect(key).toMatch(/^[0-9a-f]{64}$/)
  expect(key).not.toBe(authKey([{ content: 'another' }]))
  expect(authKey([])).toBe('')
})
