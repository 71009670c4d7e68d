import { expect, test } from 'vitest'
import { pullFailure, pullProblem } from '../../../../engine/runtimes/oci/images/failures.ts'
import { parseReference } from '../../../../engine/runtimes/oci/images/reference.ts'

/** As skopeo 1.9.3 said it. */
function said(message: string): string {
  return `time="2026-01-01T00:00:00Z" level=fatal msg=${JSON.stringify(message)}\n`
}

function failure(stderr: string, timedOut = false) {
  const reference = parseReference('registry.example/app:1')
  if (typeof reference === 'string') throw new Error(reference)
  const result = { exitCode: 1, stdout: '', stderr, timedOut }
  return pullFailure(reference, pullProblem(result), '/var/lib/reconcile/images/blobs')
}

const PARSING = 'Error parsing image name "docker://registry.example/app:1": '

test.each([
  [
    'ErrImagePull',
    true,
    'image does not exist in registry registry.example',
    'reading manifest 1 in registry.example/app: manifest unknown: manifest unknown',
  ],
  [
    'ErrImagePull',
    true,
    'image does not exist',
    'reading manifest 1 in registry.example/app: name unknown: repository name not known to registry',
  ],
  [
    'ErrImagePull',
    true,
    'check imagePullSecrets',
    'reading manifest 1 in registry.example/app: unauthorized: authentication required',
  ],
  [
    'ErrImagePull',
    true,
    'check imagePullSecrets',
    'reading manifest 1 in registry.example/app: denied: requested access to the resource is denied',
  ],
  [
    'RegistryUnavailable',
    false,
    'could not be asked',
    'pinging container registry registry.example: Get "http://registry.example/v2/": dial tcp 127.0.0.1:5056: connect: connection refused',
  ],
  [
    'RegistryUnavailable',
    false,
    'could not be asked',
    'pinging container registry registry.example: Get "https://registry.example/v2/": dial tcp: lookup registry.example on 10.0.0.1:53: no such host',
  ],
  [
    'RegistryUnavailable',
    false,
    'could not be asked',
    'reading manifest 1 in registry.example/app: received unexpected HTTP status: 503 Service Unavailable',
  ],
  [
    'RegistryUnavailable',
    false,
    'could not be asked',
    'reading manifest 1 in registry.example/app: toomanyrequests: You have reached your pull rate limit',
  ],
  [
    'RegistryUnavailable',
    true,
    'registries.mirrors as http://registry.example',
    'pinging container registry registry.example: Get "https://registry.example/v2/": http: server gave HTTP response to HTTPS client',
  ],
])('%s, certain: %s, %s', (reason, certain, sentence, message) => {
  const found = failure(said(PARSING + message))
  expect(found.reason).toBe(reason)
  expect(found.certain).toBe(certain)
  expect(found.message).toContain(sentence)
  expect(found.message).toContain(message)
  expect(found.message).toMatch(/^pulling registry\.example\/app:1: /)
})

test('the word of a mirror that does not have the image is enough while its registry cannot be asked', () => {
  const message =
    '(Mirrors also failed: [127.0.0.1:5055/app:1: reading manifest 1 in 127.0.0.1:5055/app: manifest unknown: manifest unknown]): registry.example/app:1: pinging container registry registry.example: Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host'
  expect(failure(said(PARSING + message))).toMatchObject({ reason: 'ErrImagePull', certain: true })
})

test.each([
  [
    false,
    'data that is not what the manifest names',
    'writing blob: happened during read: Digest did not match, expected sha256:f9, got sha256:c1',
  ],
  [
    false,
    'data that is not what the manifest names',
    'reading blob sha256:f9: Error fetching blob: invalid status code from registry 404 (Not Found)',
  ],
  [
    false,
    'is full; free some space',
    'writing blob: write small/o2/oci-put-blob1285277967: no space left on device',
  ],
])('a copy that broke may go well the next time (certain: %s): %s', (certain, sentence, message) => {
  const found = failure(said(message))
  expect(found).toMatchObject({ reason: 'ErrImagePull', certain })
  expect(found.message).toContain(sentence)
})

test("docker's own limit of layers is certain: trying again does not help", () => {
  const found = failure(said('failed to register layer: max depth exceeded'))
  expect(found).toMatchObject({ reason: 'ErrImagePull', certain: true })
  expect(found.message).toContain('more layers than')
})

test('a registry that never answers is unavailable', () => {
  expect(failure('', true)).toMatchObject({ reason: 'RegistryUnavailable', certain: false })
  expect(failure('', true).message).toContain('no answer in time')
})

test('words that are not understood are passed on', () => {
  expect(failure('something odd').message).toBe(
    'pulling registry.example/app:1: registry registry.example: something odd',
  )
  expect(failure('').message).toContain('skopeo ended with 1')
})

test('the summary of a failed pull leaves the registry’s words and the advice to the message', () => {
  const { message, summary } = failure(said(`${PARSING}reading manifest 1: manifest unknown`))
  expect(summary).toBe('pulling registry.example/app:1: image does not exist in registry registry.example')
  expect(message).toBe(`${summary}; check its name and tag: reading manifest 1: manifest unknown`)
})
