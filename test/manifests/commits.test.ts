import { expect, test } from 'vitest'
import { diagnosticText } from '../../engine/manifests/diagnostics.ts'
import { createManifestReader } from '../../engine/manifests/reader.ts'
import { allOf, filesOf, linesOf, podText, readTexts, validOf } from './reading.ts'

function configMap(name: string, rest = ''): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: ${name}}\n${rest}`
}

const REFERRING = podText({
  spec: `  imagePullSecrets: [{name: pull}]
  volumes:
  - {name: v, secret: {secretName: secret, items: [{key: zz, path: zz}]}}
`,
  container: `    env:
    - {name: A, valueFrom: {configMapKeyRef: {name: config, key: a}}}
    - {name: B, valueFrom: {secretKeyRef: {name: secret, key: b}}}
    - {name: C, valueFrom: {secretKeyRef: {name: none, key: b, optional: true}}}
    envFrom: [{configMapRef: {name: config}}]
`,
})

const ADD = 'add it, or mark the reference as optional'

test('every reference that leads nowhere is an error in a commit, but for pull secrets', () => {
  expect(linesOf(REFERRING)).toEqual([
    `a.yaml:8:36: error: Pod default/web: spec.volumes[0].secret.secretName: there is no Secret default/secret (${ADD})`,
    `a.yaml:13:53: error: Pod default/web: spec.containers[0].env[0].valueFrom.configMapKeyRef.name: there is no ConfigMap default/config (${ADD})`,
    `a.yaml:14:50: error: Pod default/web: spec.containers[0].env[1].valueFrom.secretKeyRef.name: there is no Secret default/secret (${ADD})`,
    `a.yaml:16:37: error: Pod default/web: spec.containers[0].envFrom[0].configMapRef.name: there is no ConfigMap default/config (${ADD})`,
    'a.yaml:6:29: warning: Pod default/web: spec.imagePullSecrets[0].name: there is no Secret default/pull (add it)',
  ])
})

test('for files on their own it is a warning', () => {
  const { warnings } = validOf({ 'a.yaml': REFERRING }, 'files')
  expect(warnings.map(({ severity, line }) => [severity, line])).toEqual(
    [6, 8, 13, 14, 16].map((line) => ['warning', line]),
  )
})

test('a key that is not there, and a name nearly right, come with what was meant', () => {
  const secret = 'apiVersion: v1\nkind: Secret\nmetadata: {name: secret}\nstringData: {bb: "1", z: "1"}\n'
  const result = readTexts({ 'a.yaml': REFERRING, 'b.yaml': configMap('confg'), 'c.yaml': secret })
  expect(allOf(result).map(({ message, suggestion }) => `${message} (${suggestion})`)).toEqual([
    'Secret default/secret has no key "zz" (did you mean z?)',
    'there is no ConfigMap default/config (did you mean confg?)',
    'Secret default/secret has no key "b" (did you mean bb?)',
    'there is no ConfigMap default/config (did you mean confg?)',
    'there is no Secret default/pull (add it)',
  ])
})

test('an object that is itself invalid is there for those that refer to it', () => {
  const text = podText({ container: '    envFrom: [{configMapRef: {name: config}}]\n' })
  expect(readTexts({ 'a.yaml': text, 'b.yaml': configMap('config', 'dat: {}\n') })).toMatchObject({
    kind: 'invalid',
    errors: [{ file: 'b.yaml', message: 'unknown field' }],
    warnings: [],
  })
})

test('two objects of one name are an error that names both places', () => {
  const result = readTexts({
    'b.yaml': configMap('a'),
    'a.yaml': `---\n${configMap('b')}---\n${configMap('a')}`,
  })
  expect(allOf(result).map(diagnosticText)).toEqual([
    'b.yaml:1:1: error: ConfigMap default/a: is here a second time: it stands in a.yaml:6 too (delete or rename one of them)',
  ])
})

test('a second Cluster and a second Node of one name are errors', () => {
  const cluster = (name: string): string =>
    `apiVersion: reconcile.dev/v1\nkind: Cluster\nmetadata: {name: ${name}}\n`
  const node = 'apiVersion: reconcile.dev/v1\nkind: Node\nmetadata: {name: a}\n'
  const texts = { 'a.yaml': cluster('a'), 'b.yaml': cluster('b'), 'c.yaml': node, 'd.yaml': node }
  expect(allOf(readTexts(texts)).map(diagnosticText)).toEqual([
    'b.yaml:1:1: error: Cluster b: there is a Cluster already, in a.yaml:1 (a repository describes one cluster)',
    'd.yaml:1:1: error: Node a: is here a second time: it stands in c.yaml:1 too (delete or rename one of them)',
  ])
})

test('a valid commit gives its objects by key, as written and with defaults, and its cluster', () => {
  const text = `${podText({})}---
apiVersion: reconcile.dev/v1
kind: Node
metadata: {name: rack-2}
---
apiVersion: reconcile.dev/v1
kind: Node
metadata: {name: rack-1}
`
  const { cluster, nodes, objects } = validOf({ 'web/pod.yaml': text, 'config.yaml': configMap('config') })
  expect(cluster).toMatchObject({ metadata: { name: 'default' }, spec: { podCIDR: '10.244.0.0/16' } })
  expect(nodes.map(({ metadata }) => metadata.name)).toEqual(['rack-1', 'rack-2'])
  expect([...objects.keys()]).toEqual(['ConfigMap/default/config', 'Pod/default/web'])
  const pod = [...objects.values()].at(-1)
  expect(pod?.position).toEqual({ file: 'web/pod.yaml', line: 1, column: 1 })
  expect(pod?.written).toEqual({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'web', image: 'web:1' }] },
  })
  expect(pod?.object).toMatchObject({ spec: { restartPolicy: 'Always' } })
})

test('what an API server wrote into a manifest is left out, with a word', () => {
  const text = `apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  uid: 0b8f7a3c
  resourceVersion: "12"
  managedFields: [{manager: kubectl}]
`
  const { objects, warnings } = validOf({ 'a.yaml': text })
  expect(warnings.map(({ field }) => field)).toEqual([
    'metadata.uid',
    'metadata.resourceVersion',
    'metadata.managedFields',
  ])
  expect([...objects.values()][0]?.written.metadata).toEqual({ name: 'a', namespace: 'default' })
})

test('a known blob is not read again, wherever it lies in the next commit', () => {
  const reader = createManifestReader()
  const [first] = filesOf({ 'a.yaml': configMap('a', 'dat: {}\n') })
  if (first === undefined) throw new Error('no file')
  reader.read([{ ...first, blob: '1' }], { mode: 'commit' })
  const moved = reader.read([{ path: 'b.yaml', blob: '1', content: new Uint8Array() }], { mode: 'commit' })
  expect(allOf(moved).map(diagnosticText)).toEqual([
    'b.yaml:4:1: error: ConfigMap default/a: dat: unknown field (did you mean data?)',
  ])
  reader.read([], { mode: 'commit' })
  const forgotten = reader.read([{ path: 'b.yaml', blob: '1', content: new Uint8Array() }], {
    mode: 'commit',
  })
  expect(allOf(forgotten)).toEqual([])
})

test('a place within a List is found for what only the whole commit shows', () => {
  const text = `apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Pod
  metadata: {name: web}
  spec:
    containers: [{name: web, image: web:1, envFrom: [{secretRef: {name: none}}]}]
`
  expect(allOf(readTexts({ 'a.yaml': text }))).toMatchObject([
    { line: 8, column: 73, field: 'spec.containers[0].envFrom[0].secretRef.name' },
  ])
})
