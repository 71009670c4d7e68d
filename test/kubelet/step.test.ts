import type { Failure } from '../../engine/api/records.ts'
import { describe, expect, it } from 'vitest'
import { podStep } from '../../engine/kubelet/step.ts'
import {
  at,
  attempt,
  container,
  context,
  deletedRecord,
  desired,
  exit,
  exited,
  node,
  now,
  observed,
  record,
  running,
  tallies,
  tally,
} from './world.ts'

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

function failure(reason: string, count: number, more: Partial<Failure> = {}): Failure {
  return { reason, message: 'no luck', count, lastAt: at(100), certain: false, ...more }
}

function startsOf(pod: Parameters<typeof podStep>[0], seconds = 10) {
  const { action } = podStep(pod, context(seconds))
  return action?.kind === 'startContainers' ? action.containers : action?.kind
}

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
    const conditions = podStepped(observed(record({ volumes }), {}, { sandbox: 'absent' }))
    expect(podStep(conditions, context(10))).toEqual({
      waiting: 'FailedMount: MountVolume.SetUp failed for volume "v" : configmap "settings" not found',
    })
    const found = podStep(conditions, context(10, { desired: desired(SETTINGS) }))
    expect(found.action?.kind).toBe('createPod')
  })
})

/** With its conditions on record. */
function podStepped(pod: Parameters<typeof podStep>[0]): Parameters<typeof podStep>[0] {
  const { action } = podStep(pod, context(10))
  return action?.kind === 'updatePod' ? { ...pod, record: action.record } : pod
}

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
    const pod = podStepped(
      observed(record(), {}, { failures: new Map([['app', failure('ErrImagePull', 1)]]) }),
    )
    const step = podStep(pod, context(101))
    expect(step.waiting).toBe('container app: ErrImagePull: no luck')
    expect(step.requeueAt && Temporal.Instant.compare(step.requeueAt, now(110))).toBe(1)
  })

  it('for want of a ConfigMap is tried as soon as the commit has it', () => {
    const pod = podStepped(observed(record({ containers: [NEEDS_CONFIG] })))
    expect(podStep(pod, context(10))).toEqual({
      waiting: 'container app: CreateContainerConfigError: configmap "settings" not found',
    })
    const { action } = podStep(pod, context(10, { desired: desired(SETTINGS) }))
    expect(action?.kind).toBe('startContainers')
  })
})

describe('a container that ended', () => {
  it('is left to the hook of the node', () => {
    const pod = podStepped(observed(record(), { app: exited(1, 12) }))
    const step = podStep(pod, context(11))
    expect(step.action).toBe(undefined)
    expect(step.requeueAt?.toString()).toBe(at(42))
  })

  it('is started by the engine when the hook is 30 s late', () => {
    expect(startsOf(observed(record(), { app: exited(1, 12) }), 42)).toEqual([{ name: 'app', attempt: 1 }])
  })

  it('is started by the engine after the usual delay when it could not be started at all', () => {
    const failed = exited(128, undefined, { startFailed: true, attempt: 1 })
    const pod = observed(record(), { app: attempt('app', 1, failed) })
    expect(startsOf(pod, 11.9)).toBe('updatePod')
    expect(startsOf(pod, 12)).toEqual([{ name: 'app', attempt: 2 }])
  })

  it.each([
    ['Never', 1],
    ['Never', 0],
    ['OnFailure', 0],
  ] as const)('stays so with the policy %s and exit code %i', (restartPolicy, code) => {
    const pod = observed(record({ restartPolicy }), { app: exited(code) })
    expect(podStep(pod, context(1000)).action?.kind).toBe('releasePod')
  })

  it('is restarted when it is a sidecar, whatever the policy of the pod', () => {
    const spec = { restartPolicy: 'Never', initContainers: [SIDECAR] } as const
    const pod = observed(record(spec), { proxy: exited(1, 12), app: running() })
    expect(startsOf(pod, 42)).toEqual([{ name: 'proxy', attempt: 1 }])
  })

  it('takes the sidecars of a pod that is done with it, the last one first', () => {
    const spec = {
      restartPolicy: 'Never',
      initContainers: [SIDECAR, { ...SIDECAR, name: 'second' }],
    } as const
    const both = observed(record(spec), { proxy: running(), second: running(), app: exited(0) })
    expect(podStep(both, context(10)).action).toMatchObject({
      kind: 'stopContainers',
      disarm: true,
      containers: [{ name: 'second', graceMs: 30_000 }],
    })
    const one = observed(record(spec), { proxy: running(), second: exited(143), app: exited(0) })
    expect(podStep(one, context(10)).action).toMatchObject({ containers: [{ name: 'proxy' }] })
  })
})

describe('postStart', () => {
  it('is recorded before it runs', () => {
    const { action } = podStep(observed(record({ containers: [HOOKED] }), { app: running() }), context(10))
    expect(action).toMatchObject({
      kind: 'runPostStart',
      container: { name: 'app', attempt: 0 },
      record: { containers: { app: { attempt: 0, postStart: { startedAt: at(10) } } } },
    })
  })

  it.each([
    ['runs again when it was cut off', 0, {}, 'runPostStart'],
    ['runs again for the next attempt', 1, { endedAt: at(3) }, 'runPostStart'],
    ['runs once', 0, { endedAt: at(3) }, 'updatePod'],
    ['kills the container when it fails', 0, { endedAt: at(3), failure: 'exit code 1' }, 'stopContainers'],
  ])('%s', (_what, number, hook, kind) => {
    const entry = { attempt: 0, ready: false, started: false, postStart: { startedAt: at(2), ...hook } }
    const pod = observed(record({ containers: [HOOKED] }, { containers: { app: entry } }), {
      app: attempt('app', number, running()),
    })
    const { action } = podStep(pod, context(10))
    expect(action?.kind).toBe(kind)
    if (kind === 'stopContainers')
      expect(action?.reason).toContain('FailedPostStartHook: container app: exit code 1')
  })
})

describe('probes', () => {
  const spec = {
    terminationGracePeriodSeconds: 40,
    containers: [
      container('app', {
        startupProbe: { exec: { command: ['true'] }, failureThreshold: 30 },
        livenessProbe: { exec: { command: ['true'] }, terminationGracePeriodSeconds: 5 },
        lifecycle: { preStop: { exec: { command: ['true'] } } },
      }),
    ],
  }
  const stepWith = (probes: ReturnType<typeof tallies>) =>
    podStep(observed(record(spec), { app: running() }, { probes }), context(60))

  it('end a container that is not alive, with the grace of the probe, and let the node start it again', () => {
    const probes = tallies({ 'app/startup': tally(true, 1), 'app/liveness': tally(false, 3) })
    expect(stepWith(probes).action).toMatchObject({
      kind: 'stopContainers',
      disarm: false,
      reason: 'Unhealthy: container app failed its liveness probe 3 times: connection refused',
      containers: [{ name: 'app', attempt: 0, graceMs: 5_000, runPreStop: true }],
      record: { containers: { app: { preStop: { startedAt: at(60) } } } },
    })
  })

  it('end a container that does not start up, with the grace of the pod', () => {
    expect(stepWith(tallies({ 'app/startup': tally(false, 30) })).action).toMatchObject({
      kind: 'stopContainers',
      containers: [{ graceMs: 40_000 }],
    })
  })

  it.each([
    [
      'liveness failures below the threshold',
      { 'app/startup': tally(true, 1), 'app/liveness': tally(false, 2) },
    ],
    [
      'liveness failures before the startup',
      { 'app/startup': tally(false, 5), 'app/liveness': tally(false, 9) },
    ],
    [
      'liveness failures of an earlier attempt',
      {
        'app/startup': tally(true, 1),
        'app/liveness': tally(false, 9, { attempt: 7 }),
      },
    ],
  ])('end nothing for %s', (_what, entries) => {
    expect(stepWith(tallies(entries)).action?.kind).not.toBe('stopContainers')
  })
})

describe('the record', () => {
  it('is written when readiness has changed, and then no more', () => {
    const pod = observed(record(), { app: running() })
    const { action } = podStep(pod, context(10))
    expect(action).toMatchObject({
      kind: 'updatePod',
      record: { generation: 2, containers: { app: { attempt: 0, ready: true, started: true } } },
    })
    expect(podStep(podStepped(pod), context(11))).toEqual({})
  })

  it('is not written for a message alone', () => {
    const spec = { containers: [container('app', { readinessProbe: { tcpSocket: { port: 80 } } })] }
    const probes = tallies({ 'app/readiness': tally(false, 1) })
    const pod = podStepped(observed(record(spec), { app: running() }, { probes }))
    const later = { ...pod, probes: tallies({ 'app/readiness': tally(false, 2, { message: 'timeout' }) }) }
    expect(podStep(later, context(20)).action).toBe(undefined)
  })

  it('forgets the hooks of an earlier attempt', () => {
    const old = { attempt: 0, ready: true, started: true, postStart: { startedAt: at(1), endedAt: at(2) } }
    const pod = observed(record({}, { containers: { app: old } }), {
      app: attempt('app', 1, running(5), exit(1)),
    })
    const { action } = podStep(pod, context(10))
    expect(action?.kind === 'updatePod' && action.record.containers['app']).toEqual({
      attempt: 1,
      ready: true,
      started: true,
    })
  })

  it('is looked at again when a readiness that is only remembered runs out', () => {
    const spec = { containers: [container('app', { readinessProbe: { tcpSocket: { port: 80 } } })] }
    const containers = { app: { attempt: 0, ready: true, started: true } }
    const pod = podStepped(observed(record(spec, { containers }), { app: running() }))
    expect(podStep(pod, context(10)).requeueAt?.toString()).toBe(at(31))
  })
})

describe('nothing is done', () => {
  it('while the node is silent', () => {
    const silent = node({ reachable: false })
    expect(podStep(observed(record()), context(10, { node: silent }))).toEqual({
      waiting: 'node local does not answer',
    })
  })

  it('while something is under way', () => {
    const { action } = podStep(observed(record()), context(10))
    expect(action?.kind).toBe('startContainers')
    const busy = action === undefined ? {} : { busy: action }
    expect(podStep(observed(record()), context(10, busy))).toEqual({
      waiting: 'startContainers is under way',
    })
  })
})

describe('a deletion', () => {
  const spec = {
    terminationGracePeriodSeconds: 20,
    initContainers: [SIDECAR, { ...SIDECAR, name: 'second' }],
    containers: [container('app', { lifecycle: { preStop: { sleep: { seconds: 3 } } } }), container('b')],
  }

  it('ends the main containers at once, with what is left of the grace', () => {
    const pod = observed(deletedRecord(spec, 10), {
      proxy: running(),
      second: running(),
      app: running(),
      b: running(),
    })
    expect(podStep(pod, context(15)).action).toMatchObject({
      kind: 'stopContainers',
      containers: [
        { name: 'app', graceMs: 15_000, runPreStop: true },
        { name: 'b', graceMs: 15_000, runPreStop: false },
      ],
      record: { containers: { app: { preStop: { startedAt: at(15) } } } },
    })
  })

  it('then ends the sidecars, the last one first, with at least 2 s each', () => {
    const states = { proxy: running(), second: running(), app: exited(0), b: exited(0) }
    expect(podStep(observed(deletedRecord(spec, 10), states), context(29)).action).toMatchObject({
      containers: [{ name: 'second', graceMs: 2_000 }],
    })
    const next = { ...states, second: exited(0) }
    expect(podStep(observed(deletedRecord(spec, 10), next), context(99)).action).toMatchObject({
      containers: [{ name: 'proxy', graceMs: 2_000 }],
    })
  })

  it('gives no more than the whole grace when the clock has been set back since', () => {
    const pod = observed(deletedRecord(spec, 3600), { b: running() })
    expect(podStep(pod, context(10)).action).toMatchObject({ containers: [{ name: 'b', graceMs: 20_000 }] })
  })

  it('kills at once where the grace period is zero, and runs no preStop hook', () => {
    const none = { ...spec, terminationGracePeriodSeconds: 0 }
    const record = deletedRecord(none, 10)
    const metadata = { ...record.pod.metadata, deletionGracePeriodSeconds: 0 }
    const pod = observed({ ...record, pod: { ...record.pod, metadata } }, { app: running() })
    expect(podStep(pod, context(10)).action).toMatchObject({
      containers: [{ name: 'app', graceMs: 0, runPreStop: false }],
    })
  })

  it('removes the pod when nothing runs', () => {
    expect(podStep(observed(deletedRecord(spec, 10), { app: exited(0) }), context(11)).action?.kind).toBe(
      'removePod',
    )
  })

  it.each(['absent', 'broken'] as const)('removes a pod whose sandbox is %s', (sandbox) => {
    const failures = new Map([['', failure('FailedCreatePodSandBox', 6, { lastAt: at(9) })]])
    const pod = observed(deletedRecord({}, 10), {}, { sandbox, failures })
    expect(podStep(pod, context(11)).action?.kind).toBe('removePod')
  })

  it('ends a container whose start was cut off', () => {
    const pod = observed(deletedRecord({}, 10), { app: { kind: 'created' } })
    expect(podStep(pod, context(11)).action).toMatchObject({
      kind: 'stopContainers',
      containers: [{ name: 'app', graceMs: 0, runPreStop: false }],
    })
  })

  it('does not run a preStop hook that has ended, nor one for which no time is left', () => {
    const preStop = { startedAt: at(10), endedAt: at(13) }
    const containers = { app: { attempt: 0, ready: true, started: true, preStop } }
    const states = { app: running() }
    const done = observed(deletedRecord(spec, 10, { containers }), states)
    expect(podStep(done, context(14)).action).toMatchObject({ containers: [{ runPreStop: false }] })
    const late = observed(deletedRecord(spec, 10), states)
    expect(podStep(late, context(31)).action).toMatchObject({
      containers: [{ runPreStop: false, graceMs: 2_000 }],
    })
  })

  it('waits out the back-off when the removal itself failed', () => {
    const failures = new Map([['', failure('FailedKillPod', 1)]])
    const pod = observed(deletedRecord({}, 10), {}, { failures })
    expect(podStep(pod, context(101)).action).toBe(undefined)
    expect(podStep(pod, context(112)).action?.kind).toBe('removePod')
  })
})
