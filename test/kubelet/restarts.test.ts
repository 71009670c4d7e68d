import { describe, expect, it } from 'vitest'
import type { Container, PodSpec } from '../../engine/api/generated/types.ts'
import { engineNeeds } from '../../engine/kubelet/health.ts'
import { startContainerRequest } from '../../engine/kubelet/requests/startContainer.ts'
import { podStatus } from '../../engine/kubelet/status.ts'
import { podStep } from '../../engine/kubelet/step.ts'
import { attempt, container, context, exit, exited, now, observed, record, running } from './world.ts'
import { stepped } from './steps.ts'

describe('a restart policy of one container', () => {
  const MIXED: Partial<PodSpec> = {
    restartPolicy: 'Never',
    containers: [
      container('app'),
      container('retried', { restartPolicy: 'OnFailure' }),
      container('kept', { restartPolicy: 'Always' }),
    ],
  }

  it.each([
    [
      'runs while one of its containers is to come again',
      { app: exited(0), retried: exited(1, 12), kept: exited(0, 12) },
      'Running',
    ],
    [
      'has not ended while the one that always restarts is there',
      { app: exited(0), retried: exited(0), kept: exited(0, 12) },
      'Running',
    ],
  ] as const)('a pod %s', (_name, states, phase) => {
    expect(podStatus(observed(record(MIXED), states), context(10)).phase).toBe(phase)
  })

  it('each is told to the node', () => {
    const policies = ['app', 'retried', 'kept'].map((name) => {
      const image = { id: 'sha256:a', reference: 'r' }
      const request = startContainerRequest(observed(record(MIXED)), { name, attempt: 0 }, image, context(10))
      return 'restart' in request ? request.restart.policy : request.message
    })
    expect(policies).toEqual(['Never', 'OnFailure', 'Always'])
  })

  it('an init container that is never to restart fails the pod, whatever the policy of the pod', () => {
    const spec: Partial<PodSpec> = { initContainers: [container('setup', { restartPolicy: 'Never' })] }
    const pod = observed(record(spec), { setup: exited(1) })
    expect(podStatus(pod, context(10)).phase).toBe('Failed')
    expect(podStep(pod, context(10)).action?.kind).toBe('releasePod')
  })

  it('an init container may be tried again in a pod that never restarts', () => {
    const spec: Partial<PodSpec> = {
      restartPolicy: 'Never',
      initContainers: [container('setup', { restartPolicy: 'OnFailure' })],
    }
    const pod = observed(record(spec), { setup: exited(1, 12) })
    expect(podStatus(pod, context(10)).phase).toBe('Pending')
    expect(podStep(pod, context(10)).action?.kind).toBe('updatePod')
  })
})

function ruled(
  action: 'Restart' | 'RestartAllContainers',
  operator: 'In' | 'NotIn',
  ...values: readonly number[]
): Container {
  const exitCodes = { operator, values: [...values] }
  return container('app', { restartPolicy: 'Never', restartPolicyRules: [{ action, exitCodes }] })
}

describe('restart rules', () => {
  it.each([
    ['In, among them', ruled('Restart', 'In', 42, 43), 42, 'Running'],
    ['In, not among them', ruled('Restart', 'In', 42, 43), 1, 'Failed'],
    ['NotIn, among them', ruled('Restart', 'NotIn', 42), 42, 'Failed'],
    ['NotIn, not among them', ruled('Restart', 'NotIn', 42), 1, 'Running'],
    ['NotIn fits also a good end', ruled('Restart', 'NotIn', 42), 0, 'Running'],
  ] as const)('%s', (_name, app, code, phase) => {
    const pod = observed(record({ restartPolicy: 'Never', containers: [app] }), { app: exited(code) })
    expect(podStatus(pod, context(3)).phase).toBe(phase)
  })

  it('the first that fits counts', () => {
    const app = container('app', {
      restartPolicy: 'Never',
      restartPolicyRules: [
        { action: 'RestartAllContainers', exitCodes: { operator: 'In', values: [7] } },
        { action: 'Restart', exitCodes: { operator: 'In', values: [7] } },
      ],
    })
    const pod = observed(record({ containers: [app] }), { app: exited(7) })
    expect(podStep(pod, context(10)).action?.kind).toBe('createPod')
  })

  it('are told to the node', () => {
    const pod = observed(record({ containers: [ruled('Restart', 'In', 42)] }))
    const image = { id: 'sha256:a', reference: 'r' }
    expect(startContainerRequest(pod, { name: 'app', attempt: 0 }, image, context(10))).toMatchObject({
      restart: { policy: 'Never', exitRules: [{ action: 'Restart', operator: 'In', values: [42] }] },
    })
  })
})

describe('RestartAllContainers', () => {
  const SPEC: Partial<PodSpec> = {
    restartPolicy: 'Never',
    initContainers: [container('setup')],
    containers: [
      ruled('RestartAllContainers', 'In', 88),
      container('other', { lifecycle: { preStop: { exec: { command: ['bye'] } } } }),
      container('done'),
    ],
  }
  const begun = observed(record(SPEC), {
    setup: exited(0),
    app: exited(88),
    other: running(),
    done: exited(0),
  })

  it('ends what runs, without preStop hooks, and keeps the node from restarting it', () => {
    expect(podStep(begun, context(10)).action).toMatchObject({
      kind: 'stopContainers',
      containers: [{ name: 'other', runPreStop: false }],
      disarm: true,
    })
    expect(podStatus(begun, context(10)).phase).toBe('Running')
  })

  const dead = observed(record(SPEC), {
    setup: exited(0),
    app: exited(88),
    other: exited(143),
    done: exited(0),
  })

  it('and what it is about to start again by itself', () => {
    const states = { setup: exited(0), app: exited(88), other: exited(1, 40), done: exited(0) }
    expect(podStep(observed(record(SPEC), states), context(10)).action).toMatchObject({
      kind: 'stopContainers',
      containers: [],
      disarm: true,
    })
  })

  it('then records what is of the time before, in the sandbox that is there', () => {
    expect(podStep(dead, context(10)).action).toMatchObject({
      kind: 'createPod',
      record: { restartedAttempts: { setup: 0, app: 0, other: 0, done: 0 } },
    })
  })

  it('and begins with the init containers again, then all main ones, also those that had done their work', () => {
    const again = stepped(dead, 10)
    expect(podStep(again, context(11)).action).toMatchObject({
      kind: 'startContainers',
      containers: [{ name: 'setup', attempt: 1 }],
    })
    const prepared = {
      ...again,
      containers: new Map(again.containers).set(
        'setup',
        attempt('setup', 1, exited(0, undefined, { attempt: 1 })),
      ),
    }
    expect(podStep(prepared, context(12)).action).toMatchObject({
      kind: 'startContainers',
      containers: [
        { name: 'app', attempt: 1 },
        { name: 'other', attempt: 1 },
        { name: 'done', attempt: 1 },
      ],
    })
  })

  it('backs off as the container that asks for it would', () => {
    const once = attempt('app', 1, { kind: 'exited', exit: exit(88, { attempt: 1 }) })
    const pod = observed(record(SPEC), { setup: exited(0), app: once, other: exited(143), done: exited(0) })
    const step = podStep(stepped(pod, 10), context(10))
    expect(step.action).toBe(undefined)
    expect(step.requeueAt).toEqual(now(12))
    expect(podStep(pod, context(12)).action?.kind).toBe('createPod')
  })

  it('is said to need the engine', () => {
    expect(engineNeeds(record(SPEC).pod.spec).join()).toContain('RestartAllContainers')
  })
})
