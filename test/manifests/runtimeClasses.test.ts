import { expect, test } from 'vitest'
import { linesOf, podText } from './reading.ts'

function runtimeClass(rest: string): string {
  return `apiVersion: node.k8s.io/v1\nkind: RuntimeClass\nmetadata: {name: fast}\n${rest}---\n`
}

function errorsOf(spec: string, rest = 'handler: crun\n'): readonly string[] {
  const text = runtimeClass(rest) + podText({ spec })
  return linesOf(text).map((line) => line.replace(/^a\.yaml:\d+:\d+: error: /, ''))
}

const WITH_OVERHEAD = 'handler: crun\noverhead: {podFixed: {cpu: 250m}}\n'

test('a pod may name a RuntimeClass of the commit', () => {
  expect(errorsOf('  runtimeClassName: fast\n')).toEqual([])
  expect(errorsOf('  runtimeClassName: fats\n')).toEqual([
    'Pod default/web: spec.runtimeClassName: there is no RuntimeClass fats (did you mean fast?)',
  ])
})

test('the overhead is the one of its class, whoever writes it', () => {
  expect(errorsOf('  runtimeClassName: fast\n  overhead: {cpu: 0.25}\n', WITH_OVERHEAD)).toEqual([])
  expect(errorsOf('  runtimeClassName: fast\n  overhead: {cpu: 1}\n', WITH_OVERHEAD)).toEqual([
    "Pod default/web: spec.overhead: pod rejected: Pod's Overhead doesn't match RuntimeClass's defined Overhead",
  ])
  expect(errorsOf('  overhead: {cpu: 1}\n', WITH_OVERHEAD)).toEqual([
    'Pod default/web: spec.overhead: pod rejected: Pod Overhead set without corresponding RuntimeClass defined Overhead',
  ])
})

test('a pod cannot ask for other nodes than its class has', () => {
  const placed = 'handler: crun\nscheduling: {nodeSelector: {disk: ssd}}\n'
  expect(errorsOf('  runtimeClassName: fast\n  nodeSelector: {disk: ssd, a: b}\n', placed)).toEqual([])
  expect(errorsOf('  runtimeClassName: fast\n  nodeSelector: {disk: hdd}\n', placed)).toEqual([
    'Pod default/web: spec.nodeSelector: conflict: runtimeClass.scheduling.nodeSelector[disk] = ssd; pod.spec.nodeSelector[disk] = hdd',
  ])
})

test.each([
  ['handler: /usr/bin/crun\n', 'handler: "/usr/bin/crun" '],
  ['handler: crun\noverhead: {podFixed: {cpu: x}}\n', 'overhead.podFixed.cpu: "x" is no quantity'],
  [
    'handler: crun\nscheduling: {tolerations: [{key: a, effect: NoSchedule, tolerationSeconds: 1}]}\n',
    'scheduling.tolerations[0].effect: effect must be NoExecute when tolerationSeconds is set',
  ],
])('a RuntimeClass is checked as the API server does: %#', (rest, message) => {
  expect(errorsOf('', rest)[0]).toContain(`RuntimeClass fast: ${message}`)
})
