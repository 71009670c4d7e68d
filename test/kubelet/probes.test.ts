import { describe, expect, it } from 'vitest'
import type { Container } from '../../engine/api/generated/types.ts'
import { hookCommand } from '../../engine/kubelet/hooks.ts'
import { countProbe, probesOf } from '../../engine/kubelet/probes.ts'
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
  tallies,
  tally,
} from './world.ts'

const PROBED: Partial<Container> = {
  ports: [{ name: 'web', containerPort: 8080 }],
  startupProbe: { tcpSocket: { port: 'web' }, periodSeconds: 2 },
  livenessProbe: { exec: { command: ['alive'] }, initialDelaySeconds: 20, timeoutSeconds: 4 },
  readinessProbe: { httpGet: { port: 'web', path: '/ready' }, periodSeconds: 5 },
}
const SPEC = { containers: [container('app', PROBED)] }

function due(pod: Parameters<typeof probesOf>[0], seconds = 10) {
  return probesOf(pod, context(seconds)).map(({ dueAt, key }) => [key, dueAt.toString()])
}

describe('the probes that are due', () => {
  it('are the startup probe alone until it succeeds', () => {
    expect(due(observed(record(SPEC), { app: running(1) }))).toEqual([['app/startup', at(1)]])
  })

  it('are then the other two, each after its delay from the start of the container', () => {
    const probes = tallies({ 'app/startup': tally(true, 1) })
    expect(due(observed(record(SPEC), { app: running(1) }, { probes }))).toEqual([
      ['app/liveness', at(21)],
      ['app/readiness', at(1)],
    ])
  })

  it('are due again a period after their last result', () => {
    const probes = tallies({
      'app/startup': tally(true, 1),
      'app/readiness': tally(true, 1, { lastAt: at(30) }),
      'app/liveness': tally(true, 1, { lastAt: at(31) }),
    })
    expect(due(observed(record(SPEC), { app: running(1) }, { probes }), 32)).toEqual([
      ['app/liveness', at(41)],
      ['app/readiness', at(35)],
    ])
  })

  it('begin anew with the next attempt', () => {
    const probes = tallies({ 'app/startup': tally(true, 1), 'app/readiness': tally(true, 9) })
    const pod = observed(record(SPEC), { app: attempt('app', 1, running(8), exit(1)) }, { probes })
    expect(due(pod)).toEqual([['app/startup', at(8)]])
  })

  it('do not repeat a startup that is on record', () => {
    const containers = { app: { attempt: 0, ready: false, started: true } }
    expect(due(observed(record(SPEC, { containers }), { app: running(1) })).map(([key]) => key)).toEqual([
      'app/liveness',
      'app/readiness',
    ])
  })

  it('say what to do, with the port by its name and the address of the pod', () => {
    const containers = { app: { attempt: 0, ready: false, started: true } }
    const [liveness, readiness] = probesOf(
      observed(record(SPEC, { containers }), { app: running(1) }),
      context(10),
    )
    expect(liveness).toMatchObject({
      kind: 'liveness',
      container: 'app',
      attempt: 0,
      timeoutMs: 4000,
      target: { kind: 'exec', command: ['alive'] },
      probe: { failureThreshold: 3, periodSeconds: 10 },
    })
    expect(readiness).toMatchObject({
      timeoutMs: 1000,
      target: {
        kind: 'http',
        scheme: 'HTTP',
        host: '10.244.0.7',
        port: 8080,
        path: '/ready',
        headers: [
          ['User-Agent', 'kube-probe/1.36'],
          ['Accept', '*/*'],
        ],
      },
    })
  })

  it('take host, scheme and headers from the manifest', () => {
    const httpHeaders = [
      { name: 'user-agent', value: 'mine' },
      { name: 'Accept', value: '' },
      { name: 'Host', value: 'a.test' },
    ]
    const httpGet = { port: 443, host: '192.0.2.5', scheme: 'HTTPS', httpHeaders } as const
    const spec = { containers: [container('app', { livenessProbe: { httpGet } })] }
    expect(probesOf(observed(record(spec), { app: running(1) }), context(10))[0]?.target).toEqual({
      kind: 'http',
      scheme: 'HTTPS',
      host: '192.0.2.5',
      port: 443,
      path: '/',
      headers: [
        ['user-agent', 'mine'],
        ['Host', 'a.test'],
      ],
    })
  })

  it('are those of sidecars too', () => {
    const proxy = container('proxy', { restartPolicy: 'Always', startupProbe: { tcpSocket: { port: 1 } } })
    expect(due(observed(record({ initContainers: [proxy] }), { proxy: running(1) }))).toEqual([
      ['proxy/startup', at(1)],
    ])
  })

  it.each([
    ['a container that does not run', observed(record(SPEC), { app: exited(1, 12) })],
    ['a pod that is deleted', observed(deletedRecord(SPEC, 5), { app: running(1) })],
    ['a sandbox that is broken', observed(record(SPEC), { app: running(1) }, { sandbox: 'broken' })],
    [
      'a container whose postStart hook has not run',
      observed(
        record({
          containers: [container('app', { ...PROBED, lifecycle: { postStart: { sleep: { seconds: 1 } } } })],
        }),
        { app: running(1) },
      ),
    ],
  ])('are none for %s', (_what, pod) => {
    expect(due(pod)).toEqual([])
  })

  it('are none on a node that is silent', () => {
    const pod = observed(record(SPEC), { app: running(1) })
    expect(probesOf(pod, context(10, { node: node({ reachable: false }) }))).toEqual([])
  })
})

describe('the count of results', () => {
  const result = (succeeded: boolean, attemptNumber = 0) => ({
    attempt: attemptNumber,
    at: at(9),
    succeeded,
    message: succeeded ? '' : 'refused',
  })

  it('grows while they are alike', () => {
    expect(countProbe(tally(false, 2), result(false))).toEqual({
      attempt: 0,
      lastAt: at(9),
      lastSucceeded: false,
      inARow: 3,
      message: 'refused',
    })
  })

  it.each([
    ['the first one', undefined, result(true)],
    ['another outcome', tally(false, 5), result(true)],
    ['another attempt', tally(true, 5), result(true, 1)],
  ])('is one for %s', (_what, before, next) => {
    expect(countProbe(before, next).inARow).toBe(1)
  })
})

describe('a hook', () => {
  const hooked = (lifecycle: Container['lifecycle']) =>
    observed(
      record({
        containers: [
          container('app', { ports: [{ name: 'web', containerPort: 80 }], lifecycle: lifecycle ?? {} }),
        ],
      }),
    )

  it.each([
    [{ postStart: { exec: { command: ['a', 'b'] } } }, { kind: 'exec', command: ['a', 'b'] }],
    [{ postStart: { sleep: { seconds: 3 } } }, { kind: 'sleep', ms: 3000 }],
    [{ preStop: { sleep: { seconds: 3 } } }, undefined],
  ])('of %o is %o', (lifecycle, expected) => {
    expect(hookCommand(hooked(lifecycle), 'app', 'postStart', context(10))).toEqual(expected)
  })

  it('may be a request to the pod', () => {
    const pod = hooked({ preStop: { httpGet: { port: 'web', path: '/bye' } } })
    expect(hookCommand(pod, 'app', 'preStop', context(10))).toMatchObject({
      kind: 'http',
      host: '10.244.0.7',
      port: 80,
      path: '/bye',
    })
  })
})
