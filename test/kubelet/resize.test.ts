import { expect, test } from 'vitest'
import type { ResourceRequirements } from '../../engine/api/generated/types.ts'
import type { PodRecord } from '../../engine/api/records.ts'
import { resizedRecord, resizePodRequest } from '../../engine/kubelet/resize.ts'
import { podStep } from '../../engine/kubelet/step.ts'
import { podStatus } from '../../engine/kubelet/status.ts'
import { attempt, container, context, observed, at, record, running } from './world.ts'

const MI = 1024 ** 2

function sizes(cpu: string, memory: string): ResourceRequirements {
  return { limits: { cpu, memory }, requests: { cpu: '100m', memory: '10Mi' } }
}

function resizing(more: Partial<PodRecord> = {}): PodRecord {
  const containers = [
    container('live', { resources: sizes('200m', '20Mi') }),
    container('anew', { resources: sizes('400m', '40Mi') }),
  ]
  return record(
    { containers },
    {
      resizing: {
        live: { resources: sizes('300m', '10Mi') },
        anew: { resources: sizes('100m', '80Mi'), restart: true },
      },
      ...more,
    },
  )
}

test('while containers change, the pod has the more of what it had and gets; the less comes when all have ended', () => {
  expect(resizePodRequest(resizing())).toMatchObject({
    first: { memoryLimitBytes: 90 * MI },
    containers: [
      { name: 'live', live: true, resources: { cpuQuotaUs: 20_000, memoryLimitBytes: 20 * MI } },
      { name: 'anew', live: false, resources: { cpuQuotaUs: 40_000, memoryLimitBytes: 40 * MI } },
    ],
  })
  expect(resizePodRequest(resizing()).last).toBeUndefined()
  const alone = resizing({ resizing: { live: { resources: sizes('300m', '10Mi') } } })
  expect(resizePodRequest(alone).last).toEqual({
    cpuShares: 204,
    memoryLimitBytes: 60 * MI,
  })
})

test('one that is to start anew is ended once, by its attempt, and starts whatever its restart policy says', () => {
  const states = { live: running(), anew: attempt('anew', 3, running()) }
  const told = resizedRecord(resizing(), observed(resizing(), states))
  expect(told.resizing).toEqual({ anew: { resources: sizes('100m', '80Mi'), restart: true, ended: 3 } })
  expect(podStep(observed(told, states), context(5)).action).toMatchObject({
    kind: 'stopContainers',
    containers: [{ name: 'anew', attempt: 3 }],
    record: { restartedAttempts: { anew: 3 }, resizing: told.resizing },
  })
  const again = { ...states, anew: attempt('anew', 4, running()) }
  const last = podStep(observed(told, again), context(6)).action
  expect(last?.kind).toBe('resizePod')
  expect(resizedRecord(told, observed(told, again)).resizing).toBeUndefined()
  expect(resizePodRequest(told).last).toBeDefined()
})

test('memory that is in use keeps the resize waiting, says so, and is asked for again', () => {
  const message = 'cannot decrease memory limits'
  const failure = { reason: 'ResizePodError', message, count: 1, lastAt: at(4), certain: false }
  const one = resizing({ resizing: { live: { resources: sizes('300m', '80Mi') } } })
  const pod = observed(one, { live: running(), anew: running() }, { failures: new Map([['', failure]]) })
  expect(podStatus(pod, context(5)).conditions).toContainEqual(
    expect.objectContaining({ type: 'PodResizeInProgress', status: 'True', reason: 'Error', message }),
  )
  const step = podStep(pod, context(5))
  expect(step.action?.kind).not.toBe('resizePod')
  expect(step.requeueAt).toBeDefined()
  expect(podStep(pod, context(600)).action?.kind).toBe('resizePod')
})
