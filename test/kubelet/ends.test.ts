import { describe, expect, it } from 'vitest'
import type { PodSpec } from '../../engine/api/generated/types.ts'
import { engineNeeds, podHealth } from '../../engine/kubelet/health.ts'
import { probesOf } from '../../engine/kubelet/probes.ts'
import { startContainerRequest } from '../../engine/kubelet/requests/startContainer.ts'
import { podStatus } from '../../engine/kubelet/status.ts'
import { podStep } from '../../engine/kubelet/step.ts'
import {
  at,
  container,
  context,
  deletedRecord,
  exited,
  node,
  now,
  observed,
  record,
  running,
  UID,
} from './world.ts'
import { stepped } from './steps.ts'

const LATE = { activeDeadlineSeconds: 60 } as const
const DEADLINE = 'Pod was active on the node longer than the specified deadline'

describe('a pod that has run to its end', () => {
  it.each([
    ['Succeeded', 'Never', 0],
    ['Failed', 'Never', 3],
    ['Succeeded', 'OnFailure', 0],
  ] as const)(
    '%s (%s, exit code %i) gives back what it has, and its record says how it ended',
    (phase, restartPolicy, code) => {
      const pod = observed(record({ restartPolicy }), { app: exited(code) })
      expect(podStep(pod, context(10)).action).toMatchObject({
        kind: 'releasePod',
        record: { ended: { phase, at: at(10) }, generation: 2 },
      })
    },
  )

  it('is told with the address that it had', () => {
    const before = observed(record({ restartPolicy: 'Never' }), { app: exited(0) }, { ip: '10.1.0.7' })
    const { ip: _, ...released } = stepped(before, 10)
    expect(podStatus(released, context(1000))).toMatchObject({
      phase: 'Succeeded',
      podIP: '10.1.0.7',
      podIPs: [{ ip: '10.1.0.7' }],
    })
  })

  it('is at rest after that, and stays what it was', () => {
    const before = observed(record({ restartPolicy: 'Never' }), { app: exited(3) })
    const pod = stepped(before, 10)
    expect(podStep(pod, context(1000))).toEqual({})
    const status = podStatus(pod, context(1000))
    expect(status).toMatchObject({
      phase: 'Failed',
      containerStatuses: [{ state: { terminated: { exitCode: 3 } } }],
    })
    expect(status.message).toBe(undefined)
    expect(status.conditions).toContainEqual(
      expect.objectContaining({ type: 'PodReadyToStartContainers', status: 'False' }),
    )
  })

  it('ends its sidecars first', () => {
    const spec: Partial<PodSpec> = {
      restartPolicy: 'Never',
      initContainers: [container('proxy', { restartPolicy: 'Always' })],
    }
    const pod = observed(record(spec), { proxy: running(), app: exited(0) })
    expect(podStep(pod, context(10)).action).toMatchObject({
      kind: 'stopContainers',
      containers: [{ name: 'proxy' }],
      disarm: true,
    })
    const ended = observed(record(spec), { proxy: exited(143), app: exited(0) })
    expect(podStep(ended, context(10)).action?.kind).toBe('releasePod')
  })

  it('tries again after a while when giving back has failed', () => {
    const failures = new Map([
      ['', { reason: 'KillPodSandboxError', message: 'no', count: 1, lastAt: at(10), certain: false }],
    ])
    const pod = observed(record({ restartPolicy: 'Never' }), { app: exited(0) }, { failures })
    expect(podStep(pod, context(15)).action?.kind).toBe('updatePod')
    expect(podStep(pod, context(25)).action?.kind).toBe('releasePod')
  })

  it('is removed like any other when it is deleted', () => {
    const deleted = deletedRecord({ restartPolicy: 'Never' }, 100, {
      ended: { phase: 'Succeeded', at: at(10) },
    })
    const pod = observed(deleted, { app: exited(0) }, { sandbox: 'released' })
    expect(podStep(pod, context(101)).action?.kind).toBe('removePod')
  })

  it('has not failed when a look finds its sandbox given back and its container as it was before', () => {
    const ended = record({ restartPolicy: 'Never' }, { ended: { phase: 'Succeeded', at: at(10) } })
    const pod = observed(ended, { app: running() }, { sandbox: 'broken' })
    expect(podStatus(pod, context(11)).phase).toBe('Running')
    expect(podHealth(pod, context(11)).kind).not.toBe('failed')
  })

  it('that had lost its sandbox goes on saying so', () => {
    const pod = stepped(
      observed(record({ restartPolicy: 'Never' }), { app: exited(137) }, { sandbox: 'broken' }),
      10,
    )
    expect(podStatus(pod, context(1000))).toMatchObject({
      phase: 'Failed',
      message: 'the pod has lost its sandbox, and its restart policy is Never',
    })
  })
})

describe('activeDeadlineSeconds', () => {
  const alive = observed(record(LATE), { app: running() })

  it('is looked at again when it falls due, by pods that are well too', () => {
    const well = stepped(alive, 10)
    expect(podStep(well, context(10)).requeueAt?.toString()).toBe(at(60))
  })

  it('ends what runs, and the record says why before', () => {
    expect(podStep(alive, context(60)).action).toMatchObject({
      kind: 'stopContainers',
      reason: `DeadlineExceeded: ${DEADLINE}`,
      disarm: true,
      record: { ended: { phase: 'Failed', reason: 'DeadlineExceeded', message: DEADLINE, at: at(60) } },
    })
  })

  it('runs until its containers have ended, and has failed then, in the words of Kubernetes', () => {
    const ending = stepped(alive, 60)
    expect(podStatus(ending, context(61)).phase).toBe('Running')
    expect(podStatus(ending, context(61)).reason).toBe(undefined)
    const ended = observed(ending.record, { app: exited(143) })
    expect(podStatus(ended, context(62))).toMatchObject({
      phase: 'Failed',
      reason: 'DeadlineExceeded',
      message: DEADLINE,
    })
    expect(podHealth(ended, context(62))).toEqual({
      kind: 'failed',
      reason: 'DeadlineExceeded',
      message: DEADLINE,
    })
    expect(podStep(ended, context(62)).action?.kind).toBe('releasePod')
  })

  it('holds when the clock is set back: what is on record stays', () => {
    const ended = observed(stepped(alive, 60).record, { app: exited(143) })
    expect(podStatus(ended, context(30)).phase).toBe('Failed')
    expect(podStep(ended, context(30)).action?.kind).toBe('releasePod')
  })

  it('does not concern a pod that has run to its end before, however late that is seen', () => {
    const pod = observed(record({ ...LATE, restartPolicy: 'Never' }), { app: exited(0) })
    expect(podStatus(pod, context(1000))).toMatchObject({ phase: 'Succeeded' })
    expect(podStatus(pod, context(1000)).reason).toBe(undefined)
  })

  it('starts nothing any more, neither a first attempt nor one that waits', () => {
    for (const states of [{}, { app: exited(1, 70) }]) {
      const pod = observed(record(LATE), states)
      expect(podStep(pod, context(60)).action?.kind).toBe('releasePod')
      expect(probesOf(pod, context(60))).toEqual([])
    }
  })

  it('gives up a start that is under way, for its images may take long', () => {
    const busy = { kind: 'startContainers', node: 'local', uid: UID, containers: [] } as never
    const pod = observed(record(LATE))
    expect(podStep(pod, context(10, { busy }))).toEqual({
      waiting: 'startContainers is under way',
      requeueAt: now(60),
    })
    expect(podStep(pod, context(60, { busy })).action).toMatchObject({
      kind: 'updatePod',
      record: { ended: { reason: 'DeadlineExceeded' } },
    })
  })

  it('says nothing of a pod whose node is silent', () => {
    const silent = node({ reachable: false, since: at(50) })
    expect(podStatus(alive, context(100, { node: silent })).phase).toBe('Running')
  })

  it('reaches the node, which starts nothing after it', () => {
    const image = { id: 'sha256:a', reference: 'r' }
    const request = startContainerRequest(alive, { name: 'app', attempt: 0 }, image, context(10))
    expect(request).toMatchObject({ restart: { policy: 'Always', deadline: at(60) } })
    expect(engineNeeds(record(LATE).pod.spec).join()).toContain('activeDeadlineSeconds')
  })
})
