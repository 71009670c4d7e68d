import { describe, expect, it } from 'vitest'
import type { PodCondition, PodStatus } from '../../engine/api/generated/types.ts'
import { podStatus } from '../../engine/kubelet/status.ts'
import {
  at,
  attempt,
  container,
  context,
  deletedRecord,
  exit,
  exited,
  node,
  observed,
  record,
  running,
} from './world.ts'

const SIDECAR = container('proxy', { restartPolicy: 'Always' })
const PROBED = container('app', { readinessProbe: { tcpSocket: { port: 80 }, successThreshold: 2 } })

function conditionsOf(conditions: readonly PodCondition[] | undefined): Record<string, string> {
  return Object.fromEntries(
    (conditions ?? []).map(({ type, status, reason }) => [
      type,
      reason === undefined ? status : `${status} ${reason}`,
    ]),
  )
}

describe('the phase', () => {
  it.each([
    ['Pending', 'nothing has started', {}, {}],
    ['Running', 'all runs', {}, { app: running() }],
    ['Running', 'a container that always restarts has ended', {}, { app: exited(1, 12) }],
    [
      'Running',
      'a container that was restarted waits for its postStart hook',
      { containers: [container('app', { lifecycle: { postStart: { exec: { command: ['true'] } } } })] },
      { app: attempt('app', 1, running(3), exit(1)) },
    ],
    ['Succeeded', 'all ended well', { restartPolicy: 'Never' }, { app: exited(0) }],
    ['Succeeded', 'all ended well', { restartPolicy: 'OnFailure' }, { app: exited(0) }],
    ['Failed', 'one failed for good', { restartPolicy: 'Never' }, { app: exited(3) }],
    ['Running', 'a failed one is tried again', { restartPolicy: 'OnFailure' }, { app: exited(3, 12) }],
    ['Pending', 'an init container runs', { initContainers: [container('setup')] }, { setup: running() }],
    [
      'Pending',
      'an init container is tried again',
      { initContainers: [container('setup')] },
      { setup: exited(1, 30) },
    ],
    [
      'Failed',
      'an init container failed for good',
      { restartPolicy: 'Never', initContainers: [container('setup')] },
      { setup: exited(1) },
    ],
    [
      'Running',
      'init containers are done',
      { initContainers: [container('setup')] },
      { setup: exited(0), app: running() },
    ],
    [
      'Pending',
      'a sidecar runs and no main container yet',
      { initContainers: [SIDECAR] },
      { proxy: running() },
    ],
    [
      'Running',
      'a sidecar restarts after the main containers have begun',
      { initContainers: [SIDECAR] },
      { proxy: exited(1, 40), app: running() },
    ],
    [
      'Running',
      'a sidecar still runs after the main containers have ended',
      { restartPolicy: 'Never', initContainers: [SIDECAR] },
      { proxy: running(), app: exited(0) },
    ],
    [
      'Succeeded',
      'the sidecar was ended after the main containers',
      { restartPolicy: 'Never', initContainers: [SIDECAR] },
      { proxy: exited(143), app: exited(0) },
    ],
  ] as const)('is %s when %s', (phase, _when, spec, states) => {
    const pod = observed(record(spec), states)
    expect(podStatus(pod, context(10)).phase).toBe(phase)
  })

  it('is Failed when the sandbox is lost and the policy is Never, and says why', () => {
    const pod = observed(record({ restartPolicy: 'Never' }), { app: exited(137) }, { sandbox: 'broken' })
    const status = podStatus(pod, context(10))
    expect(status.phase).toBe('Failed')
    expect(status.message).toContain('lost its sandbox')
  })

  it('stays Succeeded when the sandbox is lost after all has ended well', () => {
    const pod = observed(record({ restartPolicy: 'Never' }), { app: exited(0) }, { sandbox: 'broken' })
    const status = podStatus(pod, context(10))
    expect([status.phase, status.message]).toEqual(['Succeeded', undefined])
  })

  it('is Failed when a pod that is deleted was killed', () => {
    const pod = observed(deletedRecord({}, 5), { app: exited(137) })
    expect(podStatus(pod, context(10)).phase).toBe('Failed')
  })
})

describe('the conditions', () => {
  it('are all true once everything runs', () => {
    const status = podStatus(observed(record(), { app: running() }), context(10))
    expect(conditionsOf(status.conditions)).toEqual({
      PodReadyToStartContainers: 'True',
      Initialized: 'True',
      Ready: 'True',
      ContainersReady: 'True',
      PodScheduled: 'True',
    })
  })

  it('name the containers that are not ready', () => {
    const pod = observed(record({ containers: [PROBED, container('b')] }), {
      app: running(),
      b: exited(1, 30),
    })
    const ready = podStatus(pod, context(10)).conditions?.find(({ type }) => type === 'Ready')
    expect(ready).toEqual({
      type: 'Ready',
      status: 'False',
      reason: 'ContainersNotReady',
      message: 'containers with unready status: [app b]',
      lastTransitionTime: at(10),
    })
  })

  it('name the init containers that are not done', () => {
    const pod = observed(record({ initContainers: [container('one'), SIDECAR] }), {
      one: exited(0),
      proxy: exited(1, 99),
    })
    const status = podStatus(pod, context(10))
    const initialized = status.conditions?.find(({ type }) => type === 'Initialized')
    expect(initialized?.reason).toBe('ContainersNotInitialized')
    expect(initialized?.message).toBe('containers with incomplete status: [proxy]')
  })

  it('say that the pod has completed', () => {
    const pod = observed(record({ restartPolicy: 'Never' }), { app: exited(0) })
    expect(conditionsOf(podStatus(pod, context(10)).conditions)).toMatchObject({
      Initialized: 'True PodCompleted',
      Ready: 'False PodCompleted',
      ContainersReady: 'False PodCompleted',
    })
  })

  it('keep the recorded transition time while their status is the same', () => {
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: at(3) }] as const
    const pod = observed(record({}, { conditions }), { app: running() })
    const found = podStatus(pod, context(10)).conditions
    expect(found?.find(({ type }) => type === 'Ready')?.lastTransitionTime).toBe(at(3))
    expect(found?.find(({ type }) => type === 'ContainersReady')?.lastTransitionTime).toBe(at(10))
  })

  it('are not Ready as soon as the pod is to be deleted', () => {
    const status = podStatus(observed(deletedRecord({}, 5), { app: running() }), context(10))
    expect(conditionsOf(status.conditions)).toMatchObject({
      Ready: 'False Terminating',
      ContainersReady: 'True',
    })
  })

  it('stay as they were while the node is silent, and are not Ready from when it counts as unreachable', () => {
    const silent = node({ reachable: false, since: at(7) })
    const lost = { ...silent, lostSince: at(27) }
    const conditions = [{ type: 'Ready', status: 'True', lastTransitionTime: at(3) }] as const
    const pod = observed(record({}, { conditions }), { app: running() })
    const readyOf = (status: PodStatus) => status.conditions?.find(({ type }) => type === 'Ready')
    expect(readyOf(podStatus(pod, context(20, { node: silent })))).toMatchObject({ status: 'True' })
    const status = podStatus(pod, context(60, { node: lost }))
    expect(readyOf(status)).toEqual({
      type: 'Ready',
      status: 'False',
      reason: 'NodeNotReady',
      message: `node local has not answered since ${at(7)}`,
      lastTransitionTime: at(27),
    })
    expect(status.phase).toBe('Running')
  })

  it('of a pod that has not changed are looked at again when its node is lost, or answers again', () => {
    const conditions = podStatus(observed(record(), { app: running() }), context(10)).conditions ?? []
    const containers = { app: { attempt: 0, ready: true, started: true } }
    const pod = observed(record({}, { conditions, containers }), { app: running() })
    const readyOn = (seconds: number, reachable: boolean) =>
      conditionsOf(
        podStatus(
          pod,
          context(seconds, { node: node({ reachable, ...(!reachable && { lostSince: at(25) }) }) }),
        ).conditions,
      )['Ready']
    expect([readyOn(20, true), readyOn(30, false), readyOn(40, true)]).toEqual([
      'True',
      'False NodeNotReady',
      'True',
    ])
    const again = [podStatus(pod, context(50)), podStatus(pod, context(60))]
    expect(again[0]).toBe(again[1])
  })

  it('tell why the sandbox could not be made', () => {
    const failure = {
      reason: 'FailedCreatePodSandBox',
      message: 'no free address',
      count: 1,
      lastAt: at(4),
      certain: false,
    }
    const pod = observed(record(), {}, { sandbox: 'absent', failures: new Map([['', failure]]) })
    expect(podStatus(pod, context(10)).conditions?.[0]).toMatchObject({
      status: 'False',
      reason: 'FailedCreatePodSandBox',
      message: 'no free address',
    })
  })
})

describe('the pod status', () => {
  it('has the addresses of pod and node', () => {
    expect(podStatus(observed(record(), { app: running() }), context(10))).toMatchObject({
      podIP: '10.244.0.7',
      podIPs: [{ ip: '10.244.0.7' }],
      hostIP: '192.0.2.1',
      hostIPs: [{ ip: '192.0.2.1' }, { ip: 'fd00::1' }],
      startTime: at(0),
    })
  })

  it('has the node address for a pod in the host network', () => {
    const { ip: _, ...pod } = observed(record({ hostNetwork: true }), { app: running() })
    expect(podStatus(pod, context(10)).podIP).toBe('192.0.2.1')
  })

  it.each([
    ['BestEffort', {}],
    ['Burstable', { requests: { cpu: '100m' } }],
    ['Burstable', { limits: { cpu: '1' } }],
    ['Burstable', { requests: { cpu: '1', memory: '1Gi' }, limits: { cpu: '2', memory: '1Gi' } }],
    ['Guaranteed', { limits: { cpu: '1', memory: '1Gi' } }],
    ['Guaranteed', { requests: { cpu: '1000m', memory: '1024Mi' }, limits: { cpu: '1', memory: '1Gi' } }],
  ])('has the quality of service %s for %o', (qosClass, resources) => {
    const pod = observed(record({ containers: [container('app', { resources })] }))
    expect(podStatus(pod, context(10)).qosClass).toBe(qosClass)
  })
})
