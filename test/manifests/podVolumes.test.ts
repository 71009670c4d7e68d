import { expect, test } from 'vitest'
import { linesOf } from './reading.ts'

/** What is said of a pod with this volume, without the place. */
function said(volume: string): readonly string[] {
  return linesOf(`apiVersion: v1
kind: Pod
metadata: {name: a}
spec:
  containers: [{name: a, image: a}]
  volumes: [{name: v, ${volume}}]
`).map((line) => line.replace(/^.*?(?=volumes\[|Secret)/, ''))
}

const projected = (token: string): string => `projected: {sources: [{serviceAccountToken: {${token}}}]}`

const certified = (fields: string, signer = 'reconcile.dev/pod'): string =>
  `projected: {sources: [{podCertificate: {keyType: ED25519, signerName: ${signer}, ${fields}}}]}`

test.each([
  [certified('credentialBundlePath: a, userAnnotations: {any thing: goes}'), []],
  [certified('keyPath: a, certificateChainPath: b, maxExpirationSeconds: 3600'), []],
  [certified('keyPath: a, certificateChainPath: a'), ['conflicting duplicate paths: a is made twice']],
  [certified('maxExpirationSeconds: 3600'), ['must have at least one of credentialBundlePath']],
  [certified('keyPath: ../a'), ["must not contain '..'"]],
  [certified('keyPath: a, maxExpirationSeconds: 3599'), ['must be at least 3600 seconds (1 hour)']],
  [certified('keyPath: a, maxExpirationSeconds: 7862401'), ['must be at most 7862400 seconds (91 days)']],
  [certified('keyPath: a', 'example.com/ca'), ['"example.com/ca" signs nothing here']],
  ['projected: {sources: [{clusterTrustBundle: {path: a, name: "reconcile.dev:pod:ca"}}]}', []],
  [projected('path: token'), []],
  [projected('path: token, expirationSeconds: 599'), ['may not specify a duration less than 10 minutes']],
  [
    projected('path: token, expirationSeconds: 4294967297'),
    ['may not specify a duration larger than 2^32 seconds'],
  ],
  [projected('path: ../token'), ["must not contain '..'"]],
  [projected('path: ""'), ['must not be empty']],
  [
    'projected: {sources: [{serviceAccountToken: {path: a}}, {downwardAPI: {items: [{path: a, fieldRef: {fieldPath: metadata.name}}]}}]}',
    ['conflicting duplicate paths: a is made twice'],
  ],
  ['csi: {driver: inline.example.com}', []],
  ['csi: {driver: ""}', ['required field is missing']],
  ['csi: {driver: not_a_name}', ['"not_a_name"']],
  [`csi: {driver: ${'a'.repeat(64)}}`, ['may not be more than 63 bytes']],
  ['csi: {driver: inline.example.com, nodePublishSecretRef: {}}', ['required field is missing']],
  ['csi: {driver: inline.example.com, nodePublishSecretRef: {name: key}}', ['Secret']],
])('of a volume with %s: %j', (volume, parts) => {
  const lines = said(volume)
  expect(lines).toHaveLength(parts.length)
  for (const [index, part] of parts.entries()) expect(lines[index]).toContain(part)
})

test.each([
  ['https://tokens.example.org', true],
  ['https://tokens.example.org/cluster', true],
  ['http://tokens.example.org', false],
  ['https://tokens.example.org?x=1', false],
  ['tokens', false],
])('%s is an issuer of tokens: %s', (issuer, isOne) => {
  const lines = linesOf(`apiVersion: reconcile.dev/v1
kind: Cluster
metadata: {name: a}
spec: {serviceAccountIssuer: "${issuer}"}
`)
  expect(lines.filter((line) => line.includes('is no issuer of tokens'))).toHaveLength(isOne ? 0 : 1)
})
