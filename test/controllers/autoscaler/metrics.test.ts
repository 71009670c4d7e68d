import { describe, expect, test } from 'vitest'
import { proposal, type Target } from '../../../engine/controllers/autoscaler/metrics.ts'
import type { PodView } from '../../../engine/controllers/view.ts'
import { ago, type Like, NOW_MS, podLike } from './measured.ts'

const CPU = { resource: 'cpu', container: undefined }
const TENTH = { down: 0.1, up: 0.1 }

function replicas(
  pods: readonly PodView[],
  target: Target,
  measured = CPU,
  tolerances = TENTH,
): number | string {
  const found = proposal(pods.length, pods, measured, target, tolerances, NOW_MS)
  return found.kind === 'found' ? found.replicas : found.message
}

function pods(count: number, like: Like): readonly PodView[] {
  return Array.from({ length: count }, () => podLike(like))
}

/** https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details */
describe("the documentation's examples", () => {
  const at100m: Target = { kind: 'average', units: 100 }

  test('200m where 100m are wanted doubles the pods: 200 / 100 = 2', () => {
    expect(replicas(pods(3, { cpuMillis: 200 }), at100m)).toBe(6)
  })

  test('50m where 100m are wanted halves them: 50 / 100 = 0.5', () => {
    expect(replicas(pods(4, { cpuMillis: 50 }), at100m)).toBe(2)
  })

  test('a half pod is a whole one: 5 × 0.5 = 2.5 are 3', () => {
    expect(replicas(pods(5, { cpuMillis: 50 }), at100m)).toBe(3)
  })

  test('within a tenth of the target nothing is done', () => {
    expect(replicas(pods(3, { cpuMillis: 110 }), at100m)).toBe(3)
    expect(replicas(pods(3, { cpuMillis: 90 }), at100m)).toBe(3)
    expect(replicas(pods(3, { cpuMillis: 111 }), at100m)).toBe(4)
    expect(replicas(pods(10, { cpuMillis: 89 }), at100m)).toBe(9)
  })

  test('another tolerance may be asked for, for each direction', () => {
    const tolerances = { down: 0.3, up: 0 }
    expect(replicas(pods(10, { cpuMillis: 75 }), at100m, CPU, tolerances)).toBe(10)
    expect(replicas(pods(10, { cpuMillis: 101 }), at100m, CPU, tolerances)).toBe(11)
  })
})

describe('a share of what is requested', () => {
  const half: Target = { kind: 'utilization', percent: 50 }

  test('is of the sums: 900m of 1500m are 60 %, which is 1.2 of 50 %, so 3 become 4', () => {
    const three = [700, 100, 100].map((cpuMillis) => podLike({ cpuMillis, request: '500m' }))
    expect(proposal(3, three, CPU, half, TENTH, NOW_MS)).toEqual({
      kind: 'found',
      replicas: 4,
      utilization: 60,
      average: 300,
    })
  })

  test('is in whole percents: 167m of 300m are 55.67, taken as 55, which is within a tenth of 50', () => {
    expect(replicas(pods(3, { cpuMillis: 167, request: '300m' }), half)).toBe(3)
    expect(replicas(pods(3, { cpuMillis: 168, request: '300m' }), half)).toBe(4)
  })

  test('cannot be told without requests, and the message names the container', () => {
    const [pod] = pods(1, { cpuMillis: 100 })
    const name = pod?.record.pod.metadata.name ?? ''
    expect(replicas(pod === undefined ? [] : [pod], half)).toBe(
      `missing request for cpu in container app of Pod ${name}`,
    )
    expect(replicas(pods(1, { cpuMillis: 100, request: '0' }), half)).toBe(
      'no metrics returned matched known pods',
    )
  })

  test('of memory is of the working set', () => {
    const memory = { resource: 'memory', container: undefined }
    expect(replicas(pods(2, { memoryBytes: 2 ** 30, request: '1' }), half, memory)).toBe(4)
  })

  test('counts sidecars and limits that stand for requests, and requests of the whole pod before all', () => {
    const usage = {
      at: ago(1),
      windowMs: 15_000,
      containers: new Map([
        ['app', { cpuMillis: 100, memoryBytes: 0 }],
        ['log', { cpuMillis: 200, memoryBytes: 0 }],
      ]),
    }
    const spec = {
      initContainers: [
        { name: 'log', image: 'a', restartPolicy: 'Always', resources: { limits: { cpu: '200m' } } },
        { name: 'once', image: 'a' },
      ],
      containers: [{ name: 'app', image: 'a', resources: { requests: { cpu: '100m' } } }],
    } as const
    expect(proposal(1, [podLike({ spec, usage })], CPU, half, TENTH, NOW_MS)).toMatchObject({
      utilization: 100,
    })
    const whole = { ...spec, resources: { requests: { cpu: '1' } } }
    expect(proposal(1, [podLike({ spec: whole, usage })], CPU, half, TENTH, NOW_MS)).toMatchObject({
      utilization: 30,
    })
    const one = { resource: 'cpu', container: 'log' }
    expect(proposal(1, [podLike({ spec: whole, usage })], one, half, TENTH, NOW_MS)).toMatchObject({
      utilization: 100,
      average: 200,
    })
  })
})

describe('pods that say nothing', () => {
  const half: Target = { kind: 'utilization', percent: 50 }
  const missing = (): PodView => podLike({ request: '100m' })
  const using = (cpuMillis: number): PodView => podLike({ cpuMillis, request: '100m' })

  test('count as idle on the way up: 3 of 90 % and 1 unknown are 67 %, so 6 and not 8', () => {
    expect(replicas([using(90), using(90), using(90), missing()], half)).toBe(6)
  })

  test('count as fully used on the way down: 3 of 20 % and 1 unknown are 40 %, so 4 and not 2', () => {
    expect(replicas([using(20), using(20), using(20), missing()], half)).toBe(4)
    expect(replicas([using(0), using(0), using(0), missing()], half)).toBe(2)
  })

  test('never turn the direction round', () => {
    // 49 %, but with the unknown ones at 100 % it would be 75 %
    expect(replicas([using(40), missing()], half)).toBe(2)
    // 130 % and two unknown: 43 %
    expect(replicas([using(130), missing(), missing()], half)).toBe(3)
  })

  test('count as the target where that is an amount', () => {
    const at100m: Target = { kind: 'average', units: 100 }
    // (0 + 0 + 100) / 3 = 33, so 1 of 3
    expect(replicas([using(0), using(0), missing()], at100m)).toBe(1)
    // (40 + 100) / 2 = 70, so 2 of 2
    expect(replicas([using(40), missing()], at100m)).toBe(2)
  })

  test('are also those of a node that does not answer, and those measured long ago', () => {
    const silent = podLike({ cpuMillis: 90, request: '100m', reachable: false })
    const old = {
      at: ago(61),
      windowMs: 15_000,
      containers: new Map([['app', { cpuMillis: 90, memoryBytes: 0 }]]),
    }
    expect(replicas([using(90), using(90), using(90), silent], half)).toBe(6)
    expect(replicas([using(90), using(90), using(90), podLike({ request: '100m', usage: old })], half)).toBe(
      6,
    )
  })

  test('leave nothing to go by when there are no others', () => {
    expect(replicas([missing(), missing()], half)).toBe(
      'unable to get metrics for resource cpu: no metrics returned from resource metrics API',
    )
    expect(replicas([], half)).toBe('no pods returned by selector while calculating replica count')
  })
})

describe('pods that are not ready', () => {
  const half: Target = { kind: 'utilization', percent: 50 }
  const using = (like: Like): PodView => podLike({ cpuMillis: 90, request: '100m', ...like })

  test('count as idle on the way up: 2 of 90 % and 2 that start are 45 %, so it stays at 4', () => {
    const starting = { ready: false, startedAgoSeconds: 20, readyAgoSeconds: 20 }
    expect(replicas([using({}), using({}), using(starting), using(starting)], half)).toBe(4)
    expect(replicas([using({}), using({}), using(starting)], half)).toBe(4)
  })

  test('count for nothing on the way down', () => {
    const idle = using({ cpuMillis: 10 })
    const starting = using({ phase: 'Pending', ready: false })
    expect(replicas([idle, idle, starting], half)).toBe(1)
  })

  test('are for cpu also those whose measure is older than their readiness, in the first five minutes', () => {
    const young = { startedAgoSeconds: 60, readyAgoSeconds: 10 }
    // measured over the 15 s before 1 s ago, ready for 10 s
    expect(replicas([using({}), using(young)], half)).toBe(2)
    expect(replicas([using({}), using({ ...young, readyAgoSeconds: 17 })], half)).toBe(4)
    expect(replicas([using({}), using({ ...young, startedAgoSeconds: 301 })], half)).toBe(4)
    const memory = { resource: 'memory', container: undefined }
    const big = { memoryBytes: 2 ** 30, request: '1' }
    expect(replicas([podLike(big), podLike({ ...big, ...young })], half, memory)).toBe(4)
  })

  test('are not those that became unready later in their life', () => {
    const later = { ready: false, startedAgoSeconds: 3600, readyAgoSeconds: 60 }
    expect(replicas([using({}), using(later)], half)).toBe(4)
    const never = { ready: false, startedAgoSeconds: 3600, readyAgoSeconds: 3595 }
    expect(replicas([using({}), using(never)], half)).toBe(2)
  })

  test('leave nothing to go by when there are no others', () => {
    expect(replicas([using({ ready: false, startedAgoSeconds: 20, readyAgoSeconds: 20 })], half)).toBe(
      'did not receive metrics for targeted pods (pods might be unready)',
    )
  })

  test('are no pods at all when they are going or have failed', () => {
    expect(replicas([using({}), using({ deleting: true }), using({ phase: 'Failed' })], half)).toBe(2)
  })
})
