import { describe, expect, it } from 'vitest'
import { engineNeeds, podHealth } from '../../engine/kubelet/health.ts'
import {
  attempt,
  at,
  container,
  context,
  deletedRecord,
  exited,
  exit,
  node,
  observed,
  record,
  running,
} from './world.ts'

const READINESS = container('app', { readinessProbe: { tcpSocket: { port: 80 } } })
const failure = {
  reason: 'ErrImagePull',
  message: 'manifest unknown',
  count: 1,
  lastAt: at(5),
  certain: false,
}

describe('a pod is', () => {
  it.each([
    ['healthy', 'ready', observed(record(), { app: running() })],
    ['healthy', 'done', observed(record({ restartPolicy: 'Never' }), { app: exited(0) })],
    ['progressing', 'starting', observed(record())],
    ['progressing', 'not ready', observed(record({ containers: [READINESS] }), { app: running() })],
    ['progressing', 'without its sandbox', observed(record(), {}, { sandbox: 'absent' })],
    ['progressing', 'going', observed(deletedRecord({}, 5), { app: running() })],
    ['progressing', 'crashed for the first time', observed(record(), { app: exited(1, 2) })],
    [
      'progressing',
      'failing in a way that may pass',
      observed(record(), {}, { failures: new Map([['app', failure]]) }),
    ],
    [
      'failed',
      'failing for good',
      observed(record(), {}, { failures: new Map([['app', { ...failure, certain: true }]]) }),
    ],
    ['failed', 'failed', observed(record({ restartPolicy: 'Never' }), { app: exited(1) })],
  ] as const)('%s when it is %s', (kind, _when, pod) => {
    expect(podHealth(pod, context(10)).kind).toBe(kind)
  })

  it('failed for certain with the reason, the container and what was said', () => {
    const failures = new Map([['app', { ...failure, certain: true }]])
    expect(podHealth(observed(record(), {}, { failures }), context(10))).toEqual({
      kind: 'failed',
      reason: 'ErrImagePull',
      message: 'container app: ErrImagePull: manifest unknown',
    })
  })

  it('failed when its configuration is not to be had', () => {
    const app = container('app', { envFrom: [{ secretRef: { name: 'gone' } }] })
    expect(podHealth(observed(record({ containers: [app] })), context(10))).toEqual({
      kind: 'failed',
      reason: 'CreateContainerConfigError',
      message: 'container app: secret "gone" not found',
    })
    const volumes = [{ name: 'v', secret: { secretName: 'gone' } }]
    expect(podHealth(observed(record({ volumes }), {}, { sandbox: 'absent' }), context(10))).toMatchObject({
      kind: 'failed',
      reason: 'FailedMount',
    })
  })

  it('failed with the exit code, its reason and the last words of the container', () => {
    const ended = exited(137, undefined, { oomKilled: true, message: 'too much' })
    expect(podHealth(observed(record({ restartPolicy: 'Never' }), { app: ended }), context(10))).toEqual({
      kind: 'failed',
      reason: 'OOMKilled',
      message: 'container app ended with exit code 137 (OOMKilled): too much',
    })
  })

  it('in a crash loop from the fifth end in a row on, however often it crashed before', () => {
    const crashed = (number: number, delay: number) =>
      observed(record(), { app: attempt('app', number, exited(1, 2 + delay, { attempt: number })) })
    expect(podHealth(crashed(3, 40), context(10)).kind).toBe('progressing')
    expect(podHealth(crashed(40, 10), context(10)).kind).toBe('progressing')
    expect(podHealth(crashed(4, 80), context(10))).toEqual({
      kind: 'failed',
      reason: 'CrashLoopBackOff',
      message: 'container app ended with exit code 1 (Error), again and again; its restart waits 1m20s',
    })
  })

  it('progressing, not failed, while its node is silent', () => {
    const pod = observed(record(), { app: running() })
    expect(podHealth(pod, context(10, { node: node({ reachable: false }) }))).toEqual({
      kind: 'progressing',
      message: 'node local does not answer',
    })
  })

  it.each([
    ['container app runs and is not ready yet', { app: running() }],
    ['container app waits: ContainerCreating', {}],
    ['container app ended with exit code 3 (Error)', { app: exited(3, 2) }],
    ['container app runs and is not ready yet', { app: attempt('app', 1, running(5), exit(3)) }],
  ] as const)('said to be on its way: %s', (message, states) => {
    const pod = observed(record({ containers: [READINESS] }), states)
    expect(podHealth(pod, context(10))).toEqual({ kind: 'progressing', message })
  })
})

describe('what needs a running engine', () => {
  const all = engineNeeds(
    record({
      containers: [
        {
          ...READINESS,
          livenessProbe: { exec: { command: ['a'] } },
          lifecycle: { postStart: { sleep: { seconds: 1 } } },
        },
      ],
    }).pod.spec,
  )

  it('is said for probes, hooks and the restart of the machine', () => {
    expect(all.join('\n')).toMatch(/liveness.*\n.*readiness.*\n.*postStart.*\n.*machine/)
  })

  it('is only the restart of the machine for a plain pod', () => {
    expect(engineNeeds(record().pod.spec)).toEqual(all.slice(-1))
  })
})
