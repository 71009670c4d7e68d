import { expect, test } from 'vitest'
import { linesOf } from './reading.ts'

function quota(hard: string, rest = ''): string {
  return `apiVersion: v1\nkind: ResourceQuota\nmetadata: {name: few}\nspec: {hard: {${hard}}${rest}}\n`
}

function workload(kind: string, spec: string, resources = '{}', pod = ''): string {
  const version = kind.endsWith('Job') ? 'batch/v1' : 'apps/v1'
  const template = `{metadata: {labels: {a: b}}, spec: {${pod}containers: [{name: main, image: a, resources: ${resources}}]}}`
  return `---\napiVersion: ${version}\nkind: ${kind}\nmetadata: {name: w}\nspec: {${spec} template: ${template}}\n`
}

const SELECTOR = 'selector: {matchLabels: {a: b}},'

function errorsOf(text: string): readonly string[] {
  return linesOf(text)
    .filter((line) => line.includes(': error: '))
    .map((line) => line.replace(/^a\.yaml:\d+:\d+: error: (\w+) default\/(\w+): /, '$1 '))
}

const FROM = '(ResourceQuota few, a.yaml:1)'

test('what a commit wants as a whole is counted, object by object', () => {
  const web = workload('Deployment', `replicas: 3, ${SELECTOR}`, '{requests: {cpu: 500m}}')
  expect(errorsOf(quota('requests.cpu: 1500m, pods: 3') + web)).toEqual([])
  const more = web.replace('name: w}', 'name: more}').replaceAll('{a: b}', '{a: c}')
  expect(linesOf(quota('requests.cpu: 2, pods: 9') + web + more)).toEqual([
    `a.yaml:14:64: error: Deployment default/more: spec.template: exceeded quota: few, requested: requests.cpu=1500m, used: requests.cpu=1500m, limited: requests.cpu=2 ${FROM}`,
  ])
})

test('under a quota for cpu or memory every container says what it needs, as Kubernetes asks', () => {
  const web = workload('Deployment', SELECTOR, '{requests: {cpu: 500m}}')
  expect(errorsOf(quota('requests.cpu: 1, limits.memory: 1Gi, requests.memory: 1Gi') + web)).toEqual([
    `Deployment spec.template.spec.containers: failed quota: few: must specify limits.memory for: main; requests.memory for: main ${FROM}`,
  ])
  const defaults = `---\napiVersion: v1\nkind: LimitRange\nmetadata: {name: l}\nspec: {limits: [{type: Container, default: {memory: 1Gi}}]}\n`
  expect(errorsOf(quota('limits.memory: 1Gi, requests.memory: 1Gi') + web + defaults)).toEqual([])
})

test.each([
  ['Deployment', `replicas: 3, ${SELECTOR}`, 3],
  ['DaemonSet', SELECTOR, 1],
  ['Job', 'parallelism: 3, completions: 2,', 2],
  ['Job', 'parallelism: 3, suspend: true,', 0],
])('of a %s with %s the pods count', (kind, spec, pods) => {
  const restarts = kind === 'Job' ? 'restartPolicy: Never, ' : ''
  const text = workload(kind, spec, '{}', restarts)
  expect(errorsOf(quota(`pods: ${pods}`) + text)).toEqual([])
  if (pods > 0) expect(errorsOf(quota(`pods: ${pods - 1}`) + text)).toHaveLength(1)
})

test('an autoscaler counts with its least', () => {
  const scaler = `---\napiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: w}\nspec: {minReplicas: 2, maxReplicas: 9, scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: w}}\n`
  const text = workload('Deployment', SELECTOR) + scaler
  expect(errorsOf(quota('pods: 2') + text)).toEqual([])
  expect(errorsOf(quota('pods: 1') + text)).toEqual([
    `Deployment spec.template: exceeded quota: few, requested: pods=2, used: pods=0, limited: pods=1 ${FROM}`,
  ])
})

test('objects are counted by kind, under the old names and the new ones', () => {
  const map = '---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\n'
  for (const hard of ['configmaps: 0', 'count/configmaps: 0'])
    expect(errorsOf(quota(hard) + map)[0]).toContain('ConfigMap exceeded quota: few, requested: ')
  const web = workload('Deployment', SELECTOR)
  expect(errorsOf(quota('count/deployments.apps: 0') + web)).toHaveLength(1)
  const service =
    '---\napiVersion: v1\nkind: Service\nmetadata: {name: s}\nspec: {type: NodePort, ports: [{port: 1}]}\n'
  expect(errorsOf(quota('services.nodeports: 0') + service)).toHaveLength(1)
})

test('storage is counted for claims and for the templates of a StatefulSet', () => {
  const claims =
    'replicas: 2, serviceName: s, volumeClaimTemplates: [{metadata: {name: c}, spec: {accessModes: [ReadWriteOnce], storageClassName: gold, resources: {requests: {storage: 1Gi}}}}],'
  const set = workload('StatefulSet', `${claims} ${SELECTOR}`)
  expect(errorsOf(quota('requests.storage: 2Gi, persistentvolumeclaims: 2') + set)).toEqual([])
  expect(errorsOf(quota('gold.storageclass.storage.k8s.io/requests.storage: 1Gi') + set)).toEqual([
    `StatefulSet spec.template: exceeded quota: few, requested: gold.storageclass.storage.k8s.io/requests.storage=2Gi, used: gold.storageclass.storage.k8s.io/requests.storage=0, limited: gold.storageclass.storage.k8s.io/requests.storage=1Gi ${FROM}`,
  ])
})

test.each([
  [', scopes: [BestEffort]', '{}', '{requests: {cpu: 1}}'],
  [', scopes: [NotBestEffort]', '{requests: {cpu: 1}}', '{}'],
])('a quota with %s counts pods of that class alone', (scope, counted, free) => {
  expect(errorsOf(quota('pods: 0', scope) + workload('Deployment', SELECTOR, counted))).toHaveLength(1)
  expect(errorsOf(quota('pods: 0', scope) + workload('Deployment', SELECTOR, free))).toEqual([])
})

test('a scope selector tells pods by their priority class, and a scope those with a deadline', () => {
  const high =
    ', scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In, values: [system-node-critical]}]}'
  const critical = workload('Deployment', SELECTOR, '{}', 'priorityClassName: system-node-critical, ')
  expect(errorsOf(quota('pods: 0', high) + critical)).toHaveLength(1)
  expect(errorsOf(quota('pods: 0', high) + workload('Deployment', SELECTOR))).toEqual([])
  const ends = workload('Job', '', '{}', 'restartPolicy: Never, activeDeadlineSeconds: 9, ')
  expect(errorsOf(quota('pods: 0', ', scopes: [Terminating]') + ends)).toHaveLength(1)
  expect(errorsOf(quota('pods: 0', ', scopes: [NotTerminating]') + ends)).toEqual([])
})

test.each([
  [
    quota('podz: 1'),
    'spec.hard.podz: "podz" is no resource: it must be a standard resource for quota or fully qualified (did you mean pods?)',
  ],
  [quota('pods: x'), 'spec.hard.pods: "x" is no quantity'],
  [quota('pods: 1', ', scopes: [BestEffort, NotBestEffort]'), 'spec.scopes: conflicting scopes'],
  [
    quota('secrets: 1', ', scopes: [Terminating]'),
    'spec.scopes: unsupported scope applied to resource: secrets',
  ],
  [
    quota('pods: 1', ', scopeSelector: {matchExpressions: [{scopeName: PriorityClass, operator: In}]}'),
    "spec.scopeSelector.matchExpressions[0].values: must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
  ],
])('a ResourceQuota is checked as the API server does: %#', (text, message) => {
  expect(errorsOf(text)[0]).toContain(`ResourceQuota ${message}`)
})
