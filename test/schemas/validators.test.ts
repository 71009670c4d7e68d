import { describe, expect, test } from 'vitest'
import * as validators from '../../engine/manifests/generated/validators.js'
import type { Validate } from '../../engine/manifests/generated/validators.js'

const container = { name: 'web', image: 'nginx:1.29' }

function pod(spec: object): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec }
}

function violations(validate: Validate, object: unknown): readonly string[] {
  if (validate(object)) return []
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.keyword}`)
}

describe('the validators', () => {
  test('accept a plain pod', () => {
    expect(violations(validators.Pod, pod({ containers: [container] }))).toEqual([])
  })

  test('report every violation of an object at once, each with its place', () => {
    const bad = pod({
      containers: [{ ...container, imagePulPolicy: 'Always', stdin: 'yes' }],
      restartPolicy: 'always',
    })
    expect(violations(validators.Pod, bad)).toEqual([
      '/spec/containers/0 additionalProperties',
      '/spec/containers/0/stdin type',
      '/spec/restartPolicy enum',
    ])
  })

  test('name the misspelt field and the allowed values', () => {
    validators.Pod(pod({ containers: [container], restartPolicy: 'always', nodName: 'a' }))
    const params = validators.Pod.errors?.map((error) => error.params)
    expect(params).toEqual([
      { additionalProperty: 'nodName' },
      { allowedValues: ['Always', 'OnFailure', 'Never'] },
    ])
  })

  test('check the pod in a Deployment and in a CronJob just as a bare one', () => {
    const template = { spec: { containers: [{ ...container, ports: [{ containerPort: 70_000 }] }] } }
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web' },
      spec: { selector: { matchLabels: { app: 'web' } }, template },
    }
    const cronJob = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      metadata: { name: 'web' },
      spec: { schedule: '* * * * *', jobTemplate: { spec: { template } } },
    }
    const place = 'template/spec/containers/0/ports/0/containerPort maximum'
    expect(violations(validators.Deployment, deployment)).toEqual([`/spec/${place}`])
    expect(violations(validators.CronJob, cronJob)).toEqual([`/spec/jobTemplate/spec/${place}`])
  })

  test('take quantities as texts and numbers, and nothing else', () => {
    const limits = { cpu: 0.5, memory: '64Mi', 'ephemeral-storage': true }
    expect(
      violations(validators.Pod, pod({ containers: [{ ...container, resources: { limits } }] })),
    ).toEqual(['/spec/containers/0/resources/limits/ephemeral-storage type'])
  })

  test('refuse a number that does not fit into 32 bits', () => {
    const replicas = 3_000_000_000
    const spec = { replicas, selector: {}, template: { spec: { containers: [container] } } }
    const object = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' }, spec }
    expect(violations(validators.Deployment, object)).toEqual(['/spec/replicas maximum'])
  })

  test('accept what an exported object carries', () => {
    const exported = {
      ...pod({ containers: [container] }),
      metadata: {
        name: 'web',
        uid: 'u',
        resourceVersion: '7',
        generation: 1,
        managedFields: [{ manager: 'kubectl' }],
      },
      status: { phase: 'Running', aFieldOfTheFuture: 1 },
    }
    expect(violations(validators.Pod, exported)).toEqual([])
  })

  test('want a name, a kind and a version', () => {
    expect(violations(validators.ConfigMap, { kind: 'ConfigMaps', metadata: {} })).toEqual([
      ' required',
      '/kind const',
      '/metadata required',
    ])
  })
})
