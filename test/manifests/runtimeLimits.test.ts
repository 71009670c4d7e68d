import { expect, test } from 'vitest'
import { linesOf, podText } from './reading.ts'

const PODMAN = 'apiVersion: reconcile.dev/v1\nkind: Node\nmetadata: {name: a}\nspec: {runtime: podman}\n---\n'
const OCI = 'apiVersion: reconcile.dev/v1\nkind: Node\nmetadata: {name: b}\n---\n'

const DOCKER = 'apiVersion: reconcile.dev/v1\nkind: Node\nmetadata: {name: c}\nspec: {runtime: docker}\n---\n'

const USERS = '  hostUsers: false\n'

test('what no node of the repository can do is refused, at its place', () => {
  expect(linesOf(PODMAN + podText({ spec: USERS }))).toEqual([
    "a.yaml:11:14: error: Pod default/web: spec.hostUsers: no node of this repository can do it: podman and docker cannot show a pod's volumes and image to users of its own; run it on an oci node",
  ])
})

test('where one node can do it, the scheduler is not forestalled', () => {
  expect(linesOf(PODMAN + OCI + podText({ spec: USERS }))).toEqual([])
  expect(linesOf(OCI + podText({ spec: USERS }))).toEqual([])
  expect(linesOf(podText({ spec: USERS }))).toEqual([])
})

test('what neither podman nor docker can do is refused where there are nodes of both alone', () => {
  expect(linesOf(PODMAN + DOCKER + podText({ spec: USERS }))).toEqual([
    expect.stringContaining('Pod default/web: spec.hostUsers: no node of this repository can do it'),
  ])
})

test('less memory than docker gives is refused where docker runs every pod', () => {
  const withMemory = (memory: string) => `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers: [{name: main, image: busybox, resources: {limits: {memory: ${memory}}}}]
`
  expect(linesOf(DOCKER + withMemory('4Mi'))).toEqual([
    'a.yaml:10:74: error: Pod default/web: spec.containers[0].resources.limits.memory: no node of this repository can do it: docker gives a container no less than 6Mi of memory',
  ])
  expect(linesOf(DOCKER + withMemory('6Mi'))).toEqual([])
  expect(linesOf(DOCKER + PODMAN + withMemory('4Mi'))).toEqual([])
})

test('limits of disk use are refused where podman runs every pod', () => {
  const pod = `apiVersion: v1
kind: Pod
metadata: {name: web, annotations: {reconcile.dev/blkio-weight: "100"}}
spec:
  containers: [{name: main, image: busybox}]
`
  expect(linesOf(PODMAN + pod)).toEqual([
    expect.stringContaining('Pod default/web: metadata.annotations: no node of this repository can do it'),
  ])
})

const ALICE =
  'apiVersion: reconcile.dev/v1\nkind: Node\nmetadata: {name: d}\nspec: {runtime: podman, address: "ssh://alice@192.0.2.11"}\n---\n'

test('what an account that is not root cannot give is refused where there are such nodes alone', () => {
  const pod = podText({ spec: '  volumes: [{name: data, nfs: {server: 192.0.2.1, path: /data}}]\n' })
  expect(linesOf(ALICE + pod)).toEqual([
    expect.stringMatching(
      /^a\.yaml:11:.*spec\.volumes\[0\]\.nfs: no node of this repository can do it: an account that is not root can mount no file system/,
    ),
  ])
  expect(linesOf(ALICE.replace('alice', 'root') + pod)).toEqual([])
  expect(linesOf(ALICE + PODMAN + pod)).toEqual([])
  expect(linesOf(ALICE + podText({ spec: USERS }))).toHaveLength(1)
})
