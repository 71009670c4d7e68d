import { expect, test } from 'vitest'
import { linesOf, podText } from './reading.ts'

function limitRange(...limits: readonly string[]): string {
  return `---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: few}\nspec:\n  limits:\n${limits.map((limit) => `  - {${limit}}\n`).join('')}`
}

function errorsOf(text: string): readonly string[] {
  return linesOf(text)
    .filter((line) => line.includes(': error: '))
    .map((line) => line.replace(/^a\.yaml:(\d+:\d+): error: (?:Pod|LimitRange) default\/\w+: /, '$1 '))
}

function asking(resources: string): string {
  return podText({ container: `    resources: ${resources}\n` })
}

const FROM = '(LimitRange few, a.yaml:11)'

test.each([
  ['{limits: {cpu: 2}}', 'max: {cpu: 1}', 'maximum cpu usage per Container is 1, but limit is 2'],
  [
    '{limits: {memory: 1Ki}}',
    'min: {memory: 1Mi}',
    'minimum memory usage per Container is 1Mi, but request is 1Ki',
  ],
  [
    '{limits: {cpu: 2}, requests: {cpu: 500m}}',
    'maxLimitRequestRatio: {cpu: 3}',
    'cpu max limit to request ratio per Container is 3, but provided ratio is 4.000000',
  ],
  [
    '{requests: {cpu: 1}}',
    'maxLimitRequestRatio: {cpu: 3}',
    'cpu max limit to request ratio per Container is 3, but no limit is specified or limit is 0',
  ],
])('a container that asks for %s is refused under %s', (resources, limit, message) => {
  expect(errorsOf(asking(resources) + limitRange(`type: Container, ${limit}`))).toEqual([
    `9:16 spec.containers[0].resources: ${message} ${FROM}`,
  ])
})

test('a container without resources gets the defaults, and they count', () => {
  expect(errorsOf(podText({}) + limitRange('type: Container, max: {cpu: 1}, min: {cpu: 100m}'))).toEqual([])
  expect(errorsOf(podText({}) + limitRange('type: Pod, max: {cpu: 1}'))).toEqual([
    '6:3 spec: maximum cpu usage per Pod is 1. No limit is specified (LimitRange few, a.yaml:10)',
  ])
  const both = limitRange('type: Pod, max: {cpu: 1}', 'type: Container, default: {cpu: 1500m}')
  expect(errorsOf(podText({}) + both)).toEqual([
    '6:3 spec: maximum cpu usage per Pod is 1, but limit is 1500m (LimitRange few, a.yaml:10)',
  ])
})

test('a request beyond the limit that the container gets by default is refused', () => {
  expect(
    errorsOf(asking('{requests: {cpu: 700m}}') + limitRange('type: Container, default: {cpu: 500m}')),
  ).toEqual([
    `9:33 spec.containers[0].resources.requests.cpu: "700m" must be less than or equal to cpu limit of 500m, which is the default ${FROM}`,
  ])
})

test('of another namespace nothing is asked', () => {
  const other = limitRange('type: Pod, max: {cpu: 1}').replace('name: few', 'name: few, namespace: other')
  expect(errorsOf(podText({}) + other)).toEqual([])
})

test('claims, also those of a StatefulSet, are as large as they may be', () => {
  const claim = (size: string) => `accessModes: [ReadWriteOnce], resources: {requests: {storage: ${size}}}`
  const text = `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: data}
spec: {${claim('2Gi')}}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db}
spec:
  selector: {matchLabels: {a: b}}
  template: {metadata: {labels: {a: b}}, spec: {containers: [{name: a, image: a}]}}
  volumeClaimTemplates: [{metadata: {name: data}, spec: {${claim('1Mi')}}}]
`
  const limits = limitRange('type: PersistentVolumeClaim, min: {storage: 1Gi}, max: {storage: 1Gi}')
  expect(linesOf(text + limits).filter((line) => line.includes('error'))).toEqual([
    'a.yaml:4:70: error: PersistentVolumeClaim default/data: spec.resources.requests.storage: maximum storage usage per PersistentVolumeClaim is 1Gi, but request is 2Gi (LimitRange few, a.yaml:14)',
    'a.yaml:12:120: error: StatefulSet default/db: spec.volumeClaimTemplates[0].spec.resources.requests.storage: minimum storage usage per PersistentVolumeClaim is 1Gi, but request is 1Mi (LimitRange few, a.yaml:14)',
  ])
})

test.each([
  [
    'type: Pot',
    '[0].type: "Pot" must be a standard limit type or fully qualified (such as Container, Pod, PersistentVolumeClaim)',
  ],
  ['type: Pod, default: {cpu: 1}', "[0].default: may not be specified when `type` is 'Pod'"],
  ['type: Container, min: {cpu: 2}, max: {cpu: 1}', '[0].min.cpu: min value 2 is greater than max value 1'],
  ['type: Container, max: {cpu: lots}', '[0].max.cpu: "lots" is no quantity'],
  ['type: Pod, maxLimitRequestRatio: {cpu: 0.5}', '[0].maxLimitRequestRatio.cpu: ratio 0.5 is less than 1'],
  ['type: Container, default: {cpus: 1}', '[0].default.cpus: "cpus" is no resource'],
  [
    'type: PersistentVolumeClaim',
    '[0]: either minimum or maximum storage value is required, but neither was provided',
  ],
])('a LimitRange is checked as the API server does: %s', (limit, message) => {
  expect(errorsOf(limitRange(limit).slice(4))[0]).toContain(`spec.limits${message}`)
})

test('a limit of disk space is compared, and said when it is looked at', () => {
  const range = limitRange('type: Container, default: {ephemeral-storage: 1Gi}')
  expect(linesOf(podText({}) + range)).toEqual([
    'a.yaml:15:52: warning: LimitRange default/few: spec.limits[0].default.ephemeral-storage: is looked at every 10 s, while the engine runs: a pod that has gone beyond it is then evicted',
  ])
})
