import { expect, test } from 'vitest'
import { linesOf } from './reading.ts'

function object(kind: string, annotations: string, rest = ''): readonly string[] {
  const version = kind === 'Node' || kind === 'Cluster' ? 'reconcile.dev/v1' : 'v1'
  return linesOf(
    `apiVersion: ${version}\nkind: ${kind}\nmetadata:\n  name: a\n  annotations: ${annotations}\n${rest}`,
  )
}

const CONTAINERS = 'spec: {containers: [{name: main, image: "busybox:1"}]}\n'

test.each([
  ['Pod', '{reconcile.dev/prune: "false", reconcile.dev/sync-mode: detect}', CONTAINERS],
  ['ConfigMap', '{reconcile.dev/prune: "false"}', 'data: {}\n'],
  ['Secret', '{reconcile.dev/prune: "true"}', 'data: {}\n'],
])('a %s takes %s', (kind, annotations, rest) => {
  expect(object(kind, annotations, rest)).toEqual([])
})

test.each([
  ['Pod', '{reconcile.dev/prune: "no"}', CONTAINERS, 'error: .*prune.*must be "true" or "false", not "no"'],
  [
    'Pod',
    '{reconcile.dev/sync-mode: observe}',
    CONTAINERS,
    'error: .*sync-mode.*must be heal or detect, not "observe"',
  ],
  ['Pod', '{reconcile.dev/prunes: "false"}', CONTAINERS, 'error: .*prunes.*reconcile.dev/prune'],
  [
    'ConfigMap',
    '{reconcile.dev/sync-mode: detect}',
    '',
    'warning: .*has no effect: nothing runs of a ConfigMap',
  ],
  [
    'Secret',
    '{reconcile.dev/prune: "false"}',
    '',
    'error: .*a Secret cannot be kept.*its data is in no record',
  ],
  ['Node', '{reconcile.dev/prune: "false"}', '', 'warning: .*has no effect: nothing is deleted with a Node'],
])('of a %s with %s people are told', (kind, annotations, rest, says) => {
  expect(object(kind, annotations, rest)).toEqual([expect.stringMatching(new RegExp(says))])
})

test('on a pod template they are told where they belong', () => {
  const lines = linesOf(`apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}, annotations: {reconcile.dev/prune: "false"}}
    spec: {containers: [{name: main, image: "busybox:1"}]}
`)
  expect(lines).toEqual([
    expect.stringMatching(/prune.*belongs to the object: write it into its own metadata/),
  ])
})

test.each([
  ['maxDeletePercent: 101', '<= 100|at most 100'],
  ['mode: watch', 'heal'],
  ['pollIntervalSeconds: 0', '>= 1|at least 1'],
  ['resyncIntervalSeconds: 0', '>= 1|at least 1'],
  ['rollback: often', 'true or false'],
])('a Cluster with %s is refused', (setting, says) => {
  expect(object('Cluster', '{}', `spec: {sync: {${setting}}}\n`)).toEqual([
    expect.stringMatching(new RegExp(`error: .*(${says})`)),
  ])
})
