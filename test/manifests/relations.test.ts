import { expect, test } from 'vitest'
import { allOf, readTexts, type Texts } from './reading.ts'
import { diagnosticText } from '../../engine/manifests/diagnostics.ts'

function said(texts: Texts, mode: 'commit' | 'files' = 'commit'): readonly string[] {
  return allOf(readTexts(texts, mode)).map(diagnosticText)
}

function workload(kind: string, name: string, selector: string, labels: string, more = ''): string {
  return `apiVersion: apps/v1
kind: ${kind}
metadata: {name: ${name}}
spec:
  selector: {matchLabels: {${selector}}}
${more}  template:
    metadata: {labels: {${labels}}}
    spec: {containers: [{name: a, image: a}]}
`
}

function autoscaler(name: string, target: string, metrics = '[]'): string {
  return `apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: ${name}}
spec:
  scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: ${target}}
  maxReplicas: 3
  metrics: ${metrics}
`
}

function pod(name: string, labels: string, spec = ''): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}, labels: {${labels}}}
spec:
  containers: [{name: a, image: a}]
${spec}`
}

const OWN_LABEL = 'give each a label of its own, in its selector and its template'

test('two workloads that match the pods of each other are told once, of the later one', () => {
  const a = workload('Deployment', 'a', 'app: web', 'app: web')
  const b = workload('StatefulSet', 'b', 'app: web', 'app: web, tier: db')
  expect(said({ 'a.yaml': a, 'b.yaml': b })).toEqual([
    `b.yaml:5:13: error: StatefulSet default/b: spec.selector: the selector matches the pods of Deployment default/a too (a.yaml:1) (${OWN_LABEL})`,
  ])
})

test('a selector that is part of a stricter one is told where it stands', () => {
  const a = workload('Deployment', 'a', 'app: web', 'app: web')
  const canary = workload('Deployment', 'canary', 'app: web, track: canary', 'app: web, track: canary')
  expect(said({ 'a.yaml': a, 'b.yaml': canary })).toEqual([
    `a.yaml:5:13: error: Deployment default/a: spec.selector: the selector matches the pods of Deployment default/canary too (b.yaml:1) (${OWN_LABEL})`,
  ])
})

test('a bare Pod that a ReplicaSet would take for its own is told', () => {
  const set = workload('ReplicaSet', 'a', 'app: web', 'app: web')
  expect(said({ 'a.yaml': set, 'b.yaml': pod('one', 'app: web') })).toEqual([
    `a.yaml:5:13: error: ReplicaSet default/a: spec.selector: the selector matches Pod default/one too (b.yaml:1) (${OWN_LABEL})`,
  ])
})

test('a selector that matches the pods of a Job is a warning: these are safe from it', () => {
  const a = workload('Deployment', 'a', 'app: web', 'app: web')
  const job = `apiVersion: batch/v1
kind: Job
metadata: {name: migrate}
spec: {template: {metadata: {labels: {app: web}}, spec: {restartPolicy: Never, containers: [{name: a, image: a}]}}}
`
  expect(said({ 'a.yaml': a, 'b.yaml': job })).toEqual([
    `a.yaml:5:13: warning: Deployment default/a: spec.selector: the selector matches the pods of Job default/migrate too (b.yaml:1) (${OWN_LABEL})`,
  ])
})

test('an object that is there twice is told that alone', () => {
  const a = workload('Deployment', 'a', 'app: web', 'app: web')
  expect(said({ 'a.yaml': a, 'b.yaml': a })).toEqual([
    'b.yaml:1:1: error: Deployment default/a: is here a second time: it stands in a.yaml:1 too (delete or rename one of them)',
  ])
})

test('equal labels in another namespace are nobody else’s business', () => {
  const a = workload('Deployment', 'a', 'app: web', 'app: web')
  const elsewhere = workload('Deployment', 'b, namespace: prod', 'app: web', 'app: web')
  expect(said({ 'a.yaml': a, 'b.yaml': elsewhere })).toEqual([])
})

test('a Pod that is called as one of a StatefulSet is told, and one behind its last is not', () => {
  const set = workload('StatefulSet', 'db', 'app: db', 'app: db', '  replicas: 2\n  ordinals: {start: 5}\n')
  const texts = { 'a.yaml': set, 'b.yaml': pod('db-6', 'a: b'), 'c.yaml': pod('db-7', 'a: b') }
  expect(said(texts)).toEqual([
    'b.yaml:3:18: error: Pod default/db-6: metadata.name: StatefulSet default/db has a pod of this name (a.yaml:1) (rename one of them)',
  ])
})

test('an autoscaler of nothing is told, with the name that was meant', () => {
  const texts = {
    'a.yaml': workload('Deployment', 'web', 'a: b', 'a: b'),
    'b.yaml': autoscaler('hpa', 'wep'),
  }
  expect(said(texts)).toEqual([
    'b.yaml:5:65: error: HorizontalPodAutoscaler default/hpa: spec.scaleTargetRef.name: there is no Deployment default/wep (did you mean web?)',
  ])
  expect(said({ 'b.yaml': autoscaler('hpa', 'web') }, 'files')).toEqual([
    'b.yaml:5:65: warning: HorizontalPodAutoscaler default/hpa: spec.scaleTargetRef.name: there is no Deployment default/web (add it)',
  ])
})

test('two autoscalers of one workload are told, and so is a container that it has not', () => {
  const metrics =
    '[{type: ContainerResource, containerResource: {container: b, name: cpu, target: {type: Utilization, averageUtilization: 50}}}]'
  const texts = {
    'a.yaml': workload('Deployment', 'web', 'a: b', 'a: b'),
    'b.yaml': autoscaler('one', 'web'),
    'c.yaml': autoscaler('two', 'web', metrics),
  }
  expect(said(texts)).toEqual([
    'c.yaml:5:19: error: HorizontalPodAutoscaler default/two: spec.scaleTargetRef: HorizontalPodAutoscaler default/one scales Deployment web already (b.yaml:1) (keep one of them)',
    'c.yaml:7:70: error: HorizontalPodAutoscaler default/two: spec.metrics[0].containerResource.container: Deployment web has no container "b" (did you mean a?)',
  ])
})

test('the number of pods of an autoscaled workload counts for nothing, unless it is none', () => {
  const web = (replicas: number) => workload('Deployment', 'web', 'a: b', 'a: b', `  replicas: ${replicas}\n`)
  expect(said({ 'a.yaml': web(3), 'b.yaml': autoscaler('one', 'web') })).toEqual([
    'a.yaml:6:13: warning: Deployment default/web: spec.replicas: is ignored: HorizontalPodAutoscaler default/one says how many there are (b.yaml:1) (leave it out)',
  ])
  expect(said({ 'a.yaml': web(0), 'b.yaml': autoscaler('one', 'web') })).toEqual([])
})

const HIGH = `apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
globalDefault: true
`

test('the priority class of a pod must be there; those of the system are', () => {
  const texts = {
    'a.yaml': HIGH,
    'b.yaml': pod('a', 'a: b', '  priorityClassName: hihg\n'),
    'c.yaml': pod('b', 'a: b', '  priorityClassName: system-node-critical\n'),
  }
  expect(said(texts)).toEqual([
    'b.yaml:6:22: error: Pod default/a: spec.priorityClassName: there is no PriorityClass hihg (did you mean high?)',
  ])
})

test('a priority that is not that of the class is told', () => {
  const texts = {
    'a.yaml': HIGH,
    'b.yaml': pod('a', 'a: b', '  priorityClassName: system-cluster-critical\n  priority: 5\n'),
    'c.yaml': pod('b', 'a: b', '  priority: 1000\n'),
  }
  expect(said(texts)).toEqual([
    'b.yaml:7:13: error: Pod default/a: spec.priority: the integer value of priority (5) must not be provided in pod spec: PriorityClass system-cluster-critical says 2000000000 (leave it out)',
  ])
})

test('two defaults of the priority are told', () => {
  expect(said({ 'a.yaml': HIGH, 'b.yaml': HIGH.replace('high', 'higher') })).toEqual([
    'b.yaml:5:16: error: PriorityClass higher: globalDefault: PriorityClass high is the default already (a.yaml:1) (only one may be marked as the default of all pods)',
  ])
})

test('a claim that is not there is told; one cannot mark it as optional', () => {
  const volumes = '  volumes: [{name: data, persistentVolumeClaim: {claimName: data}}]\n'
  expect(said({ 'a.yaml': pod('a', 'a: b', volumes) })).toEqual([
    'a.yaml:6:61: error: Pod default/a: spec.volumes[0].persistentVolumeClaim.claimName: there is no PersistentVolumeClaim default/data (add it)',
  ])
})

test('a projected volume needs what it projects, key by key, unless that is optional', () => {
  const volumes = `  volumes:
  - name: all
    projected:
      sources:
      - configMap: {name: a, items: [{key: b, path: b}]}
      - configMap: {name: b, optional: true}
      - secret: {name: c}
`
  const map = 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: b}\n'
  expect(said({ 'a.yaml': map, 'b.yaml': pod('a', 'a: b', volumes) })).toEqual([
    'b.yaml:10:44: error: Pod default/a: spec.volumes[0].projected.sources[0].configMap.items[0].key: ConfigMap default/a has no key "b" (did you mean a?)',
    'b.yaml:12:24: error: Pod default/a: spec.volumes[0].projected.sources[2].secret.name: there is no Secret default/c (add it, or mark the reference as optional)',
  ])
})

test('a service account that is not there, and its missing pull secret, are warnings', () => {
  const account =
    'apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: a}\nimagePullSecrets: [{name: registry}]\n'
  const texts = {
    'a.yaml': account,
    'b.yaml': pod('a', 'a: b', '  serviceAccountName: b\n'),
    'c.yaml': pod('b', 'a: b', '  serviceAccountName: default\n'),
  }
  expect(said(texts)).toEqual([
    'a.yaml:4:27: warning: ServiceAccount default/a: imagePullSecrets[0].name: there is no Secret default/registry (add it)',
    'b.yaml:6:23: warning: Pod default/a: spec.serviceAccountName: there is no ServiceAccount default/b (did you mean a?)',
  ])
})
