import { describe, expect, it } from 'vitest'
import { podStep } from '../../engine/kubelet/step.ts'
import {
  at,
  attempt,
  container,
  context,
  exit,
  exited,
  node,
  observed,
  record,
  running,
  tallies,
  tally,
} from './world.ts'
import { recorded, startsOf } from './steps.ts'

const SIDECAR = container('proxy', { restartPolicy: 'Always' })
const HOOKED = container('app', { lifecycle: { postStart: { exec: { command: ['true'] } } } })

describe('a container that ended', () => {
  it('is left to the hook of the node', () => {
    const pod = recorded(observed(record(), { app: exited(1, 12) }))
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
    expect(podStep(recorded(pod), context(11))).toEqual({})
  })

  it('is not written for a message alone', () => {
    const spec = { containers: [container('app', { readinessProbe: { tcpSocket: { port: 80 } } })] }
    const probes = tallies({ 'app/readiness': tally(false, 1) })
    const pod = recorded(observed(record(spec), { app: running() }, { probes }))
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
    const pod = recorded(observed(record(spec, { containers }), { app: running() }))
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
