import { describe, expect, it } from 'vitest'
import type { Container, PodSpec } from '../../../engine/api/generated/types.ts'
import type { PodRecord } from '../../../engine/api/records.ts'
import { expand } from '../../../engine/kubelet/requests/expansion.ts'
import { container, record, UID } from '.././world.ts'
import { start, started } from './support.ts'

describe('the expansion of variables', () => {
  const variables = new Map([
    ['A', 'one'],
    ['EMPTY', ''],
    ['DOLLAR', '$(A)'],
  ])
  it.each([
    ['plain', 'plain'],
    ['$(A)', 'one'],
    ['x$(A)$(A)y', 'xoneoney'],
    ['$(EMPTY)|', '|'],
    ['$(MISSING)', '$(MISSING)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$one'],
    ['$$$$(A)', '$$(A)'],
    ['$A $ ${A}', '$A $ ${A}'],
    ['$(A', '$(A'],
    ['$', '$'],
    ['a$', 'a$'],
    ['$(DOLLAR)', '$(A)'],
    ['$()', '$()'],
    ['$(A$(A))', '$(A$(A))'],
  ])('makes of %s: %s', (text, expected) => {
    expect(expand(text, variables)).toBe(expected)
  })
})

describe('the environment of a container', () => {
  const envOf = (own: Partial<Container>, spec?: Partial<PodSpec>, podRecord?: PodRecord) =>
    Object.fromEntries(started(own, spec, podRecord).env)

  it('takes whole ConfigMaps and Secrets, text only, with their prefix', () => {
    const envFrom = [
      { configMapRef: { name: 'settings' } },
      { prefix: 'LOGIN_', secretRef: { name: 'login' } },
    ]
    expect(started({ envFrom }).env).toEqual([
      ['a', 'one'],
      ['b', 'two'],
      ['with.dot', 'three'],
      ['LOGIN_password', 'grün'],
      ['LOGIN_user', 'root'],
    ])
  })

  it('has env win over envFrom, and the later win over the earlier', () => {
    const envFrom = [{ configMapRef: { name: 'settings' } }]
    const env = [
      { name: 'a', value: 'mine' },
      { name: 'a', value: 'again' },
    ]
    expect(envOf({ env, envFrom })['a']).toBe('again')
  })

  it('expands what was set before, and nothing that comes later', () => {
    const env = [
      { name: 'EARLY', value: '$(LATE)' },
      { name: 'LATE', value: 'late' },
      { name: 'AFTER', value: '$(LATE)-$(a)' },
    ]
    expect(envOf({ env, envFrom: [{ configMapRef: { name: 'settings' } }] })).toMatchObject({
      EARLY: '$(LATE)',
      AFTER: 'late-one',
    })
  })

  it('takes single keys', () => {
    const env = [
      { name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } },
      { name: 'P', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
      { name: 'O', valueFrom: { configMapKeyRef: { name: 'settings', key: 'gone', optional: true } } },
      { name: 'Q', valueFrom: { secretKeyRef: { name: 'gone', key: 'gone', optional: true } } },
    ]
    expect(envOf({ env })).toEqual({ A: 'one', P: 'grün' })
  })

  it.each([
    ['configmap "gone" not found', { envFrom: [{ configMapRef: { name: 'gone' } }] }],
    ['secret "gone" not found', { envFrom: [{ secretRef: { name: 'gone' } }] }],
    [
      "couldn't find key x in ConfigMap default/settings",
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'x' } } }] },
    ],
    [
      "couldn't find key x in Secret default/login",
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'login', key: 'x' } } }] },
    ],
  ])('is a problem of the configuration: %s', (message, own) => {
    expect(start(own)).toEqual({
      kind: 'problem',
      reason: 'CreateContainerConfigError',
      message,
      certain: true,
    })
  })

  it('leaves out whole sources that may be missing', () => {
    expect(envOf({ envFrom: [{ secretRef: { name: 'gone', optional: true } }] })).toEqual({})
  })

  it('takes fields of the pod', () => {
    const base = record()
    const metadata = { ...base.pod.metadata, labels: { 'a/b': 'label' }, annotations: { n: 'note' } }
    const fields = {
      NAME: 'metadata.name',
      NS: 'metadata.namespace',
      ID: 'metadata.uid',
      LABEL: "metadata.labels['a/b']",
      NONE: "metadata.labels['none']",
      NOTE: "metadata.annotations['n']",
      NODE: 'spec.nodeName',
      ACCOUNT: 'spec.serviceAccountName',
      IP: 'status.podIP',
      IPS: 'status.podIPs',
      HOST: 'status.hostIP',
      HOSTS: 'status.hostIPs',
    }
    const env = Object.entries(fields).map(([name, fieldPath]) => ({
      name,
      valueFrom: { fieldRef: { fieldPath } },
    }))
    expect(envOf({ env }, {}, { ...base, pod: { ...base.pod, metadata } })).toEqual({
      NAME: 'web',
      NS: 'default',
      ID: UID,
      LABEL: 'label',
      NONE: '',
      NOTE: 'note',
      NODE: 'local',
      ACCOUNT: 'default',
      IP: '10.244.0.7',
      IPS: '10.244.0.7',
      HOST: '192.0.2.1',
      HOSTS: '192.0.2.1,fd00::1',
    })
  })

  it.each([
    ['limits.memory', '1Mi', '64'],
    ['limits.memory', undefined, '67108864'],
    ['limits.memory', '1G', '1'],
    ['limits.cpu', undefined, '1'],
    ['limits.cpu', '1m', '300'],
    ['limits.cpu', '100m', '3'],
    ['requests.cpu', '1m', '250'],
    ['requests.memory', '1Mi', '64'],
    ['requests.ephemeral-storage', '1', '0'],
  ])('takes %s in units of %s: %s', (resource, divisor, expected) => {
    const resourceFieldRef = { resource, ...(divisor !== undefined && { divisor }) }
    const env = [{ name: 'R', valueFrom: { resourceFieldRef } }]
    const resources = { limits: { cpu: '300m', memory: '64Mi' }, requests: { cpu: '250m' } }
    expect(envOf({ env, resources })).toEqual({ R: expected })
  })

  it('takes what the node has for a limit that is not set, and nothing for a request', () => {
    const of = (name: string, resource: string, containerName?: string) => ({
      name,
      valueFrom: { resourceFieldRef: { resource, ...(containerName !== undefined && { containerName }) } },
    })
    const env = [
      of('CPU', 'limits.cpu'),
      of('MEM', 'limits.memory'),
      of('REQ', 'requests.cpu'),
      of('B', 'limits.cpu', 'b'),
    ]
    const b = container('b', { resources: { limits: { cpu: '2' } } })
    expect(envOf({ env }, { containers: [b] })).toEqual({
      CPU: '4',
      MEM: String(8 * 1024 ** 3),
      REQ: '0',
      B: '2',
    })
  })
})
