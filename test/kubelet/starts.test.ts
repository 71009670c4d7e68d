import { describe, expect, it } from 'vitest'
import { podStep } from '../../engine/kubelet/step.ts'
import {
  at,
  attempt,
  container,
  context,
  desired,
  exit,
  exited,
  now,
  observed,
  record,
  running,
  tallies,
  tally,
  failure,
} from './world.ts'
import { recorded, startsOf } from './steps.ts'

const SIDECAR = container('proxy', { restartPolicy: 'Always' })
const SETUP = container('setup')
const HOOKED = container('app', { lifecycle: { postStart: { exec: { command: ['true'] } } } })
const NEEDS_CONFIG = container('app', { envFrom: [{ configMapRef: { name: 'settings' } }] })
const SETTINGS = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data: { A: '1' },
} as const

describe('a pod without its sandbox', () => {
  it('gets it made, and no container is said to be of an earlier one', () => {
    const { action } = podStep(observed(record(), {}, { sandbox: 'absent' }), context(10))
    expect(action).toMatchObject({
      kind: 'createPod',
      pod: 'default/web',
      object: 'Pod/default/web',
      node: 'local',
    })
    expect(action?.kind === 'createPod' && action.record.formerAttempts).toBe(undefined)
  })

  it('gets it made again after a reboot, and the record says what ended in the one before', () => {
    const { action } = podStep(observed(record(), { app: exited(137) }, { sandbox: 'broken' }), context(10))
    expect(action).toMatchObject({ kind: 'createPod', record: { formerAttempts: { app: 0 }, generation: 2 } })
  })

  it('has what still runs in it ended first', () => {
    const pod = observed(record(), { app: running() }, { sandbox: 'broken' })
    expect(podStep(pod, context(10)).action).toMatchObject({ kind: 'stopContainers', disarm: false })
  })

  it('is not made again once it has failed for good', () => {
    const pod = observed(record({ restartPolicy: 'Never' }), { app: exited(137) }, { sandbox: 'broken' })
    expect(podStep(pod, context(10)).action?.kind).toBe('releasePod')
  })

  it('is not made again when all its containers have succeeded before the reboot', () => {
    const pod = observed(record({ restartPolicy: 'OnFailure' }), { app: exited(0) }, { sandbox: 'broken' })
    expect(podStep(pod, context(10)).action?.kind).toBe('releasePod')
  })

  it('waits out the back-off when the sandbox could not be made', () => {
    const failures = new Map([['', failure('FailedCreatePodSandBox', 2)]])
    const pod = observed(record(), {}, { sandbox: 'absent', failures })
    const early = podStep(pod, context(119.9))
    expect(early.action?.kind).not.toBe('createPod')
    expect(podStep(pod, context(122.1)).action?.kind).toBe('createPod')
  })

  it('waits for the ConfigMap that a volume needs', () => {
    const volumes = [{ name: 'v', configMap: { name: 'settings' } }]
    const conditions = recorded(observed(record({ volumes }), {}, { sandbox: 'absent' }))
    expect(podStep(conditions, context(10))).toEqual({
      waiting: 'FailedMount: MountVolume.SetUp failed for volume "v" : configmap "settings" not found',
    })
    const found = podStep(conditions, context(10, { desired: desired(SETTINGS) }))
    expect(found.action?.kind).toBe('createPod')
  })
})

describe('starting', () => {
  it('begins all main containers in one action', () => {
    const pod = observed(record({ containers: [container('a'), container('b')] }))
    expect(startsOf(pod)).toEqual([
      { name: 'a', attempt: 0 },
      { name: 'b', attempt: 0 },
    ])
  })

  it('begins only what is missing', () => {
    const pod = observed(record({ containers: [container('a'), container('b')] }), { a: running() })
    expect(startsOf(pod)).toEqual([{ name: 'b', attempt: 0 }])
  })

  it.each([
    ['the first init container first', {}, [{ name: 'setup', attempt: 0 }]],
    ['nothing while it runs', { setup: running() }, 'updatePod'],
    ['nothing while it is tried again by the node', { setup: exited(1, 12) }, 'updatePod'],
    ['the next one after it', { setup: exited(0) }, [{ name: 'proxy', attempt: 0 }]],
    [
      'the main containers after the last',
      { setup: exited(0), proxy: running() },
      [{ name: 'app', attempt: 0 }],
    ],
  ] as const)('begins %s', (_what, states, expected) => {
    const pod = observed(record({ initContainers: [SETUP, SIDECAR] }), states)
    expect(startsOf(pod)).toEqual(expected)
  })

  it('waits for a sidecar until its startup probe succeeds', () => {
    const slow = { ...SIDECAR, startupProbe: { exec: { command: ['true'] } } }
    const spec = { initContainers: [slow, SETUP] }
    expect(startsOf(observed(record(spec), { proxy: running() }))).toBe('updatePod')
    const probes = tallies({ 'proxy/startup': tally(true, 1) })
    expect(startsOf(observed(record(spec), { proxy: running() }, { probes }))).toEqual([
      { name: 'setup', attempt: 0 },
    ])
  })

  it('stops at the first container that has a postStart hook', () => {
    const pod = observed(record({ containers: [HOOKED, container('b')] }))
    expect(startsOf(pod)).toEqual([{ name: 'app', attempt: 0 }])
  })

  it('finishes a start that was cut off, with the same attempt', () => {
    const pod = observed(record(), { app: attempt('app', 3, { kind: 'created' }, exit(1)) })
    expect(startsOf(pod)).toEqual([{ name: 'app', attempt: 3 }])
  })

  it('runs init and main containers again in a sandbox that was made again', () => {
    const former = { formerAttempts: { setup: 0, app: 0 } }
    const spec = { initContainers: [SETUP] }
    const fresh = observed(record(spec, former), { setup: exited(0), app: exited(137) })
    expect(startsOf(fresh, 51)).toEqual([{ name: 'setup', attempt: 1 }])
    // the clock has been set back meanwhile
    const done = attempt(
      'setup',
      1,
      exited(0, undefined, { attempt: 1, startedAt: at(0), finishedAt: at(1) }),
    )
    expect(startsOf(observed(record(spec, former), { setup: done, app: exited(137) }), 2)).toEqual([
      { name: 'app', attempt: 1 },
    ])
  })

  it('does not repeat what had succeeded before the reboot, where only failures restart', () => {
    const spec = { restartPolicy: 'OnFailure', containers: [container('a'), container('b')] } as const
    const pod = observed(record(spec, { formerAttempts: { a: 0, b: 0 } }), { a: exited(0), b: exited(1) })
    expect(startsOf(pod, 51)).toEqual([{ name: 'b', attempt: 1 }])
  })
})

describe('a start that failed', () => {
  it('is tried again after 10 s, doubling to 5 min, and a little jitter', () => {
    for (const [count, delay] of [
      [1, 10],
      [2, 20],
      [5, 160],
      [6, 300],
      [60, 300],
    ] as const) {
      const pod = observed(record(), {}, { failures: new Map([['app', failure('ErrImagePull', count)]]) })
      expect(startsOf(pod, 100 + delay - 0.1)).toBe('updatePod')
      expect(startsOf(pod, 100 + delay * 1.1)).toEqual([{ name: 'app', attempt: 0 }])
    }
  })

  it('does not keep the other containers from starting', () => {
    const failures = new Map([['a', failure('ErrImagePull', 1)]])
    const pod = observed(record({ containers: [container('a'), container('b')] }), {}, { failures })
    expect(startsOf(pod, 101)).toEqual([{ name: 'b', attempt: 0 }])
  })

  it('is tried at once when the clock has been set back since', () => {
    const pod = observed(record(), {}, { failures: new Map([['app', failure('ErrImagePull', 6)]]) })
    expect(startsOf(pod, 99)).toEqual([{ name: 'app', attempt: 0 }])
  })

  it('is asked for again when it is due', () => {
    const pod = recorded(observed(record(), {}, { failures: new Map([['app', failure('ErrImagePull', 1)]]) }))
    const step = podStep(pod, context(101))
    expect(step.waiting).toBe('container app: ErrImagePull: no luck')
    expect(step.requeueAt && Temporal.Instant.compare(step.requeueAt, now(110))).toBe(1)
  })

  it('for want of a ConfigMap is tried as soon as the commit has it', () => {
    const pod = recorded(observed(record({ containers: [NEEDS_CONFIG] })))
    expect(podStep(pod, context(10))).toEqual({
      waiting: 'container app: CreateContainerConfigError: configmap "settings" not found',
    })
    const { action } = podStep(pod, context(10, { desired: desired(SETTINGS) }))
    expect(action?.kind).toBe('startContainers')
  })
})
