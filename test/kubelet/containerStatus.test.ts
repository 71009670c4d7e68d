import { describe, expect, it } from 'vitest'
import { podStatus } from '../../engine/kubelet/status.ts'
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

const PROBED = container('app', { readinessProbe: { tcpSocket: { port: 80 }, successThreshold: 2 } })

describe('a container status', () => {
  const stateOf = (pod: Parameters<typeof podStatus>[0], seconds = 10) =>
    podStatus(pod, context(seconds)).containerStatuses?.[0]

  it('is running with its image and identity', () => {
    expect(stateOf(observed(record(), { app: running(2) }))).toEqual({
      name: 'app',
      state: { running: { startedAt: at(2) } },
      ready: true,
      started: true,
      restartCount: 0,
      image: 'busybox:1.36',
      imageID: 'docker.io/library/busybox@sha256:def',
      containerID: 'oci://11111111-2222-8333-a444-555555555555/app/0',
    })
  })

  it('waits for the container to be created', () => {
    expect(stateOf(observed(record()))?.state).toEqual({ waiting: { reason: 'ContainerCreating' } })
  })

  it('waits for the init containers', () => {
    const pod = observed(record({ initContainers: [container('one')] }), { one: running() })
    expect(stateOf(pod)?.state).toEqual({ waiting: { reason: 'PodInitializing' } })
  })

  it('tells the back-off as the node has decided it, also where the node heard of the end a moment later', () => {
    const pod = observed(record(), {
      app: attempt('app', 1, { kind: 'exited', exit: exit(7), restartAt: at(13), backOffMs: 10_000 }),
    })
    expect(stateOf(pod)).toMatchObject({
      state: { waiting: { message: expect.stringMatching(/^back-off 10s restarting/) } },
    })
  })

  it('backs off after a crash and tells how the last attempt ended', () => {
    const pod = observed(record(), {
      app: attempt('app', 1, exited(7, 12, { attempt: 1, message: 'out of luck' })),
    })
    const status = stateOf(pod)
    expect(status?.state).toEqual({
      waiting: {
        reason: 'CrashLoopBackOff',
        message: `back-off 10s restarting failed container=app pod=web_default(${pod.record.pod.metadata.uid})`,
      },
    })
    expect(status?.lastState?.terminated).toMatchObject({
      exitCode: 7,
      reason: 'Error',
      message: 'out of luck',
    })
    expect(status?.restartCount).toBe(1)
  })

  it.each([
    ['Completed', exit(0)],
    ['Error', exit(1)],
    ['OOMKilled', exit(137, { oomKilled: true })],
    ['StartError', exit(128, { startFailed: true })],
  ])('is terminated: %s', (reason, ended) => {
    const pod = observed(record({ restartPolicy: 'Never' }), { app: { kind: 'exited', exit: ended } })
    expect(stateOf(pod)?.state?.terminated).toMatchObject({ reason, exitCode: ended.exitCode })
  })

  it('is terminated, not backing off, while the first restart is at once', () => {
    const pod = observed(record(), { app: exited(1, 2) })
    expect(stateOf(pod)?.state?.terminated?.exitCode).toBe(1)
  })

  it('remembers how the attempt before this one ended', () => {
    const pod = observed(record(), { app: attempt('app', 2, running(5), exit(9, { attempt: 1 })) })
    expect(stateOf(pod)).toMatchObject({ restartCount: 2, lastState: { terminated: { exitCode: 9 } } })
  })

  it('tells the first failed pull as it was, and then that it backs off', () => {
    const failure = { reason: 'ErrImagePull', message: 'manifest unknown', lastAt: at(5), certain: true }
    const first = observed(record(), {}, { failures: new Map([['app', { ...failure, count: 1 }]]) })
    const second = observed(record(), {}, { failures: new Map([['app', { ...failure, count: 2 }]]) })
    expect(stateOf(first)?.state?.waiting).toEqual({ reason: 'ErrImagePull', message: 'manifest unknown' })
    expect(stateOf(second)?.state?.waiting).toEqual({
      reason: 'ImagePullBackOff',
      message: 'Back-off pulling image "busybox:1.36": ErrImagePull: manifest unknown',
    })
  })

  it('names the configuration that is missing', () => {
    const env = [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'gone', key: 'a' } } }]
    const pod = observed(record({ containers: [container('app', { env })] }))
    expect(stateOf(pod)?.state?.waiting).toEqual({
      reason: 'CreateContainerConfigError',
      message: 'configmap "gone" not found',
    })
  })

  it('waits until its postStart hook has run', () => {
    const hooked = container('app', { lifecycle: { postStart: { exec: { command: ['true'] } } } })
    const pod = observed(record({ containers: [hooked] }), { app: running() })
    expect(stateOf(pod)).toMatchObject({
      state: { waiting: { reason: 'ContainerCreating' } },
      ready: false,
      started: false,
    })
  })

  it('counts an init container that ended well as ready and not as started', () => {
    const pod = observed(record({ initContainers: [container('one')] }), { one: exited(0) })
    expect(podStatus(pod, context(10)).initContainerStatuses?.[0]).toMatchObject({
      ready: true,
      started: false,
    })
  })
})

describe('readiness', () => {
  const spec = { containers: [PROBED] }
  const readyAt = (
    seconds: number,
    recorded: boolean,
    more: Parameters<typeof observed>[2] = {},
    since = 0,
  ) => {
    const containers = { app: { attempt: 0, ready: recorded, started: true } }
    const pod = observed(record(spec, { containers }), { app: running() }, more)
    return podStatus(pod, context(seconds, { node: node({ since: at(since) }) })).containerStatuses?.[0]
      ?.ready
  }

  it.each([
    [false, 'one success of two needed', tally(true, 1), false],
    [true, 'two successes', tally(true, 2), false],
    [true, 'two failures of three allowed', tally(false, 2), true],
    [false, 'three failures', tally(false, 3), true],
    [false, 'one failure where it never was ready', tally(false, 1), false],
  ])('is %s after %s', (expected, _after, found, recorded) => {
    expect(readyAt(10, recorded, { probes: tallies({ 'app/readiness': found }) })).toBe(expected)
  })

  it('ignores the results of an earlier attempt', () => {
    const probes = tallies({ 'app/readiness': tally(true, 5) })
    const pod = observed(record(spec), { app: attempt('app', 1, running(8), exit(1)) }, { probes })
    expect(podStatus(pod, context(10)).containerStatuses?.[0]?.ready).toBe(false)
  })

  it('that was recorded holds after a restart of the engine until the probe would have found otherwise', () => {
    expect(readyAt(129.9, true, {}, 100)).toBe(true)
    expect(readyAt(130, true, {}, 100)).toBe(false)
    expect(readyAt(101, false, {}, 100)).toBe(false)
  })

  it('waits for the startup probe', () => {
    const slow = container('app', { startupProbe: { tcpSocket: { port: 80 } } })
    const pending = observed(record({ containers: [slow] }), { app: running() })
    const probes = tallies({ 'app/startup': tally(true, 1) })
    const done = observed(record({ containers: [slow] }), { app: running() }, { probes })
    expect(podStatus(pending, context(10)).containerStatuses?.[0]).toMatchObject({
      ready: false,
      started: false,
    })
    expect(podStatus(done, context(10)).containerStatuses?.[0]).toMatchObject({ ready: true, started: true })
  })
})
