import { describe, expect, test } from 'vitest'
import { findSupportIssues, knownFields } from '../../engine/manifests/support.ts'

function pod(spec: object, metadata: object = {}): object {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', ...metadata }, spec }
}

function found(kind: string, object: unknown): readonly string[] {
  return findSupportIssues(kind, object).map((issue) => `${issue.severity} ${issue.path.join('.')}`)
}

describe('findSupportIssues', () => {
  test('finds nothing in a pod that uses only what is honoured', () => {
    const spec = {
      containers: [{ name: 'a', image: 'a', resources: { limits: { cpu: 1 } }, tty: false }],
      initContainers: [{ name: 'b', image: 'b', restartPolicy: 'Always' }],
      volumes: [{ name: 'v', emptyDir: {} }],
      automountServiceAccountToken: false,
    }
    expect(found('Pod', pod(spec))).toEqual([])
  })

  test('names each place where an unsupported field is used, deep in lists too', () => {
    const lifecycle = { preStop: { tcpSocket: { port: 1 } } }
    const spec = { containers: [{ name: 'a' }, { name: 'b', lifecycle }], resourceClaims: [{ name: 'x' }] }
    expect(found('Pod', pod(spec))).toEqual([
      'error spec.containers.1.lifecycle.preStop.tcpSocket',
      'error spec.resourceClaims',
    ])
  })

  test('reports an unsupported field once, not what it holds', () => {
    const container = { name: 'a', securityContext: { windowsOptions: { hostProcess: true } } }
    expect(found('Pod', pod({ containers: [container] }))).toEqual([
      'error spec.containers.0.securityContext.windowsOptions',
    ])
  })

  test('finds single values that are not honoured', () => {
    const spec = { containers: [{ name: 'a' }], os: { name: 'windows' } }
    expect(found('Pod', pod(spec))).toEqual(['error spec.os.name'])
  })

  test('warns of what can have no effect', () => {
    const object = {
      ...pod({ securityContext: { seLinuxChangePolicy: 'Recursive' } }, { uid: 'u' }),
      status: {},
    }
    expect(found('Pod', object)).toEqual([
      'warning metadata.uid',
      'warning spec.securityContext.seLinuxChangePolicy',
      'warning status',
    ])
  })

  test('looks into the template of a Deployment', () => {
    const template = { spec: { automountServiceAccountToken: true, containers: [{ name: 'a' }] } }
    expect(found('Deployment', { spec: { template } })).toEqual([
      'warning spec.template.spec.automountServiceAccountToken',
    ])
  })

  test('takes an empty list and an explicit null for no use', () => {
    expect(found('Pod', pod({ resourceClaims: [], overhead: null }))).toEqual([])
  })

  test('takes a label for a label, whatever its name', () => {
    expect(found('Pod', pod({ nodeSelector: { overhead: 'x' } }, { labels: { status: 'x' } }))).toEqual([])
  })

  test.each(['NetworkPolicy', 'Gateway', 'CustomResourceDefinition'])('refuses the whole kind %s', (kind) => {
    expect(found(kind, { spec: { anything: true } })).toEqual(['error kind'])
  })

  test('says nothing of a kind that nobody knows', () => {
    expect(found('Deploymnet', {})).toEqual([])
    expect(found('constructor', {})).toEqual([])
  })

  test('stands input of any shape', () => {
    for (const odd of [null, 1, 'x', [], { spec: 3 }, { spec: { containers: { name: 'a' } } }]) {
      expect(found('Pod', odd)).toEqual([])
    }
  })
})

describe('knownFields', () => {
  test('lists the fields of the object at a path, sorted', () => {
    expect(knownFields('Deployment', ['spec', 'strategy'])).toEqual(['rollingUpdate', 'type'])
    expect(knownFields('Pod', ['spec', 'containers', 0, 'ports', 3])).toContain('containerPort')
    expect(knownFields('Pod', [])).toEqual(['apiVersion', 'kind', 'metadata', 'spec', 'status'])
  })

  test('lists none where names are free, nor where nothing is', () => {
    expect(knownFields('Pod', ['metadata', 'labels'])).toEqual([])
    expect(knownFields('Pod', ['spec', 'toString'])).toEqual([])
    expect(knownFields('Nothing', [])).toEqual([])
  })
})
