import { describe, expect, it } from 'vitest'
import type { PodSpec } from '../../engine/api/generated/types.ts'
import { podHealth } from '../../engine/kubelet/health.ts'
import { hostNames } from '../../engine/kubelet/requests/hostname.ts'
import { podStatus } from '../../engine/kubelet/status.ts'
import { container, context, exited, observed, record, running } from './world.ts'

describe('host names', () => {
  const FULL = 'web.shop.prod.svc.cluster.local'
  it.each([
    ['the name of the pod', {}, 'web', ['web']],
    ['the hostname of its own', { hostname: 'own' }, 'own', ['own']],
    ['the whole name first where it has a subdomain', { subdomain: 'shop' }, 'web', [FULL, 'web']],
    [
      'the whole name for the kernel too',
      { subdomain: 'shop', setHostnameAsFQDN: true },
      FULL,
      [FULL, 'web'],
    ],
    ['the short one where there is no domain to add', { setHostnameAsFQDN: true }, 'web', ['web']],
    [
      'an override before all else',
      { hostnameOverride: 'a.example', hostname: 'b', subdomain: 'c' },
      'a.example',
      ['a.example'],
    ],
  ] as const)('%s', (_name, spec: Partial<PodSpec>, hostname, names) => {
    const found = hostNames({ containers: [container('app')], ...spec }, 'web', 'prod')
    expect(found).toEqual({ hostname, hostsNames: names })
  })

  it('a whole name longer than the kernel takes is told in the words of Kubernetes', () => {
    const spec: PodSpec = { containers: [], subdomain: 's'.repeat(40), setHostnameAsFQDN: true }
    const found = hostNames(spec, 'web', 'prod')
    expect(found).toMatchObject({
      kind: 'problem',
      reason: 'FailedCreatePodSandBox',
      message: expect.stringMatching(/is too long \(64 characters is the max, 67 characters requested\)$/),
    })
  })
})

describe('readiness gates', () => {
  const TYPE = 'example.com/traffic'
  const gated = (annotation: string | undefined) => {
    const base = record({ readinessGates: [{ conditionType: TYPE }] })
    const metadata = {
      ...base.pod.metadata,
      ...(annotation !== undefined && { annotations: { 'reconcile.dev/conditions': annotation } }),
    }
    return observed({ ...base, pod: { ...base.pod, metadata } }, { app: running() })
  }
  const conditionOf = (type: string, annotation?: string) =>
    podStatus(gated(annotation), context(10)).conditions?.find((one) => one.type === type)

  it.each([
    [undefined, `corresponding condition of pod readiness gate "${TYPE}" does not exist.`],
    [`${TYPE}=False`, `the status of pod readiness gate "${TYPE}" is not "True", but False`],
    [`${TYPE}=yes`, `corresponding condition of pod readiness gate "${TYPE}" does not exist.`],
  ] as const)('keep a pod unready with the annotation %s', (annotation, message) => {
    expect(conditionOf('Ready', annotation)).toMatchObject({
      status: 'False',
      reason: 'ReadinessGatesNotReady',
      message,
    })
    expect(conditionOf('ContainersReady', annotation)?.status).toBe('True')
    expect(podHealth(gated(annotation), context(10))).toEqual({ kind: 'progressing', message })
  })

  it('open once the condition is said to be true, and it is among the conditions of the pod', () => {
    const annotation = `other=False, ${TYPE}=True`
    expect(conditionOf('Ready', annotation)?.status).toBe('True')
    expect(conditionOf(TYPE, annotation)?.status).toBe('True')
    expect(conditionOf('other', annotation)).toBe(undefined)
    expect(podHealth(gated(annotation), context(10))).toEqual({ kind: 'healthy' })
  })
})

it('what somebody says of a pod on its node goes before its annotation', () => {
  const TYPE = 'example.com/traffic'
  const base = record({ readinessGates: [{ conditionType: TYPE }] })
  const annotations = { 'reconcile.dev/conditions': `${TYPE}=True` }
  const written = { ...base, pod: { ...base.pod, metadata: { ...base.pod.metadata, annotations } } }
  const statusOf = (saidConditions: string) =>
    podStatus(observed(written, { app: running() }, { saidConditions }), context(10)).conditions?.find(
      ({ type }) => type === 'Ready',
    )?.status
  expect(statusOf(`${TYPE}=False`)).toBe('False')
  expect(statusOf('other=False')).toBe('True')
})

describe('last messages', () => {
  it('of a pod are cut to their part of 12 kB', () => {
    const names = ['a', 'b', 'c', 'd']
    const states = Object.fromEntries(
      names.map((name) => [name, exited(1, undefined, { message: 'ü'.repeat(2048) })]),
    )
    const spec = { restartPolicy: 'Never', containers: names.map((name) => container(name)) } as const
    const { containerStatuses = [] } = podStatus(observed(record(spec), states), context(10))
    expect(containerStatuses.map(({ state }) => state?.terminated?.message)).toEqual(
      names.map(() => 'ü'.repeat(1536)),
    )
  })
})

it('the signal that a container asks to be ended with is in its status', () => {
  const spec = { containers: [container('app', { lifecycle: { stopSignal: 'SIGQUIT' } }), container('b')] }
  const { containerStatuses = [] } = podStatus(observed(record(spec), {}), context(10))
  expect(containerStatuses.map(({ stopSignal }) => stopSignal)).toEqual(['SIGQUIT', undefined])
})
