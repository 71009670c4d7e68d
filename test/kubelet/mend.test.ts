import { describe, expect, it } from 'vitest'
import { conditionsOf } from '../../engine/kubelet/conditions.ts'
import { podStep } from '../../engine/kubelet/step.ts'
import { viewOf } from '../../engine/kubelet/view.ts'
import {
  at,
  attempt,
  container,
  context,
  deletedRecord,
  exit,
  exited,
  observed,
  record,
  running,
  tallies,
  tally,
} from './world.ts'

const DAMAGE = ['its network link veth1 is gone', 'its /etc/hosts is gone']
const DAMAGED = 'reconcile.dev/Damaged'

function failing() {
  const probed = container('app', { livenessProbe: { tcpSocket: { port: 80 }, failureThreshold: 1 } })
  return { pod: record({ containers: [probed] }), probes: tallies({ 'app/liveness': tally(false, 3) }) }
}

describe('a pod that somebody has taken something from', () => {
  it('is mended while its containers run on, and says what it lacks until then', () => {
    const pod = observed(record(), { app: running() }, { damage: DAMAGE })
    const { action } = podStep(pod, context(10))
    expect(action).toMatchObject({ kind: 'mendPod', reason: DAMAGE.join('; '), record: { generation: 2 } })
    const types = action?.kind === 'mendPod' ? action.record.conditions.map(({ type }) => type) : []
    expect(types).not.toContain(DAMAGED)
    expect(conditionsOf(viewOf(pod, context(10)))).toContainEqual(
      expect.objectContaining({ type: DAMAGED, status: 'True', message: DAMAGE.join('; ') }),
    )
  })

  it('is mended before a probe that fails because of it costs a restart', () => {
    const { pod, probes } = failing()
    const states = { app: running() }
    expect(podStep(observed(pod, states, { probes }), context(10)).action?.kind).toBe('stopContainers')
    expect(podStep(observed(pod, states, { probes, damage: DAMAGE }), context(10)).action?.kind).toBe(
      'mendPod',
    )
  })

  it('goes on with all else while mending it fails, and is tried again', () => {
    const failure = {
      reason: 'CreatePodSandboxError',
      message: 'no luck',
      count: 1,
      certain: false,
      lastAt: at(10),
    }
    const more = { damage: DAMAGE, failures: new Map([['', failure]]) }
    const pod = observed(record(), { app: exited(1) }, more)
    const step = podStep(pod, context(10))
    expect(step.action?.kind).not.toBe('mendPod')
    expect(step.requeueAt).toBeDefined()
    expect(podStep(pod, context(60)).action?.kind).toBe('mendPod')
  })

  it('is not mended any more when it is to go', () => {
    const pod = observed(deletedRecord({}, 5), { app: running() }, { damage: DAMAGE })
    expect(podStep(pod, context(10)).action?.kind).toBe('stopContainers')
  })

  it('is made again where it is broken, and its condition and the action say why', () => {
    const broken = { sandbox: 'broken', broken: 'lost its volume cache' } as const
    const alive = observed(record(), { app: running() }, broken)
    expect(podStep(alive, context(10)).action).toMatchObject({
      kind: 'stopContainers',
      reason: 'it lost its volume cache, and what still runs in it ends before it is made again',
    })
    expect(conditionsOf(viewOf(alive, context(10)))).toContainEqual(
      expect.objectContaining({
        type: 'PodReadyToStartContainers',
        status: 'False',
        message: 'the pod lost its volume cache',
      }),
    )
    expect(podStep(observed(record(), { app: exited(137) }, broken), context(10)).action).toMatchObject({
      kind: 'createPod',
      reason: 'it lost its volume cache and is made again',
    })
  })
})

describe('a container that lost what it stands on', () => {
  it('is ended, for the reason told', () => {
    const lost = { ...attempt('app', 0, running()), lost: 'its monitor has ended' }
    expect(podStep(observed(record(), { app: lost }), context(10)).action).toMatchObject({
      kind: 'stopContainers',
      reason: 'container app is started anew: its monitor has ended',
      disarm: false,
    })
  })

  it('is started again at once by the engine, for no hook is there to do it', () => {
    const lost = { kind: 'exited', exit: { ...exit(137), lost: true } } as const
    expect(podStep(observed(record(), { app: lost }), context(10)).action).toMatchObject({
      kind: 'startContainers',
      reason: 'nobody on the node starts app again',
      containers: [{ name: 'app', attempt: 1 }],
    })
  })
})
