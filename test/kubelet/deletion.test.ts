import { describe, expect, it } from 'vitest'
import { podStep } from '../../engine/kubelet/step.ts'
import { at, container, context, deletedRecord, exited, observed, running, failure } from './world.ts'

const SIDECAR = container('proxy', { restartPolicy: 'Always' })

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
