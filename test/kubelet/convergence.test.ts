import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Container, PodCondition, PodSpec } from '../../engine/api/generated/types.ts'
import type { PodAction } from '../../engine/api/plan.ts'
import type { ObservedPod } from '../../engine/api/snapshot.ts'
import { podHealth } from '../../engine/kubelet/health.ts'
import { podStatus } from '../../engine/kubelet/status.ts'
import { podStep } from '../../engine/kubelet/step.ts'
import { type Behaviour, type Fault, ModelNode } from './model.ts'
import { container, record } from './world.ts'

/** Far more than any of these pods takes: one that needs them all goes round in circles. */
const TICKS_MAX = 3_000

/** Fixed, so that a run says something about the commit; another one: RECONCILE_SEED=7. */
const RUNS = { numRuns: 200, seed: Number(process.env['RECONCILE_SEED'] ?? 20_261_121) }

const behaviour: fc.Arbitrary<Behaviour> = fc.record(
  {
    failedStarts: fc.nat(2),
    crashes: fc.nat(3),
    endsWith: fc.constantFrom(0, 1),
    runsFor: fc.integer({ min: 1, max: 40 }),
    sickAttempts: fc.nat(2),
    failedHooks: fc.nat(2),
  },
  { requiredKeys: ['failedStarts', 'crashes', 'runsFor', 'sickAttempts', 'failedHooks'] },
)

const probe = { exec: { command: ['true'] }, periodSeconds: 5 }
/** The model's containers end with 0, 1, or 143 when they are killed. */
const rules: fc.Arbitrary<Pick<Container, 'restartPolicy' | 'restartPolicyRules'>> = fc
  .record({
    restartPolicy: fc.constantFrom('OnFailure' as const, 'Never' as const),
    action: fc.constantFrom('Restart' as const, 'RestartAllContainers' as const),
    values: fc.constantFrom([1], [1, 2]),
  })
  .map(({ action, restartPolicy, values }) => ({
    restartPolicy,
    restartPolicyRules: [{ action, exitCodes: { operator: 'In', values } }],
  }))

const mainContainer = (name: string): fc.Arbitrary<Container> =>
  fc
    .record({
      hook: fc.boolean(),
      startup: fc.boolean(),
      liveness: fc.boolean(),
      readiness: fc.boolean(),
      own: fc.option(rules, { freq: 2 }),
    })
    .map(({ hook, liveness, own, readiness, startup }) =>
      container(name, {
        ...own,
        ...(hook && { lifecycle: { postStart: probe, preStop: probe } }),
        ...(startup && { startupProbe: probe }),
        ...(liveness && { livenessProbe: probe }),
        ...(readiness && { readinessProbe: probe }),
      }),
    )

const init = (name: string): fc.Arbitrary<Container> =>
  fc.oneof(
    fc.constant(container(name)),
    mainContainer(name).map((one) => ({ ...one, restartPolicy: 'Always' as const })),
  )

const deadline = fc.option(fc.constantFrom(20, 90), { freq: 4, nil: undefined })

const spec: fc.Arbitrary<PodSpec> = fc
  .record({
    pod: fc.record({
      restartPolicy: fc.constantFrom('Always', 'OnFailure', 'Never'),
      initContainers: fc.oneof(fc.constant([]), fc.tuple(init('i0')), fc.tuple(init('i0'), init('i1'))),
      containers: fc.oneof(fc.tuple(mainContainer('m0')), fc.tuple(mainContainer('m0'), mainContainer('m1'))),
    }),
    activeDeadlineSeconds: deadline,
  })
  .map(({ activeDeadlineSeconds, pod }) =>
    activeDeadlineSeconds === undefined ? pod : { ...pod, activeDeadlineSeconds },
  )

const fault: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constantFrom('reboot', 'engineRestart', 'hookDies', 'cutOff'),
  at: fc.integer({ min: 2, max: 200 }),
})

const world = fc.record({
  spec,
  behaviours: fc.record({ i0: behaviour, i1: behaviour, m0: behaviour, m1: behaviour }),
  faults: fc.array(fault, { maxLength: 4 }),
})

type World = typeof world extends fc.Arbitrary<infer T> ? T : never

/** Init containers end well, and nothing that always restarts ends at all: only then is there a steady state to reach. */
function calm({ behaviours, faults, spec: podSpec }: World): ModelNode {
  const { restartPolicy } = podSpec
  const sidecars = new Set(
    (podSpec.initContainers ?? []).filter((one) => one.restartPolicy === 'Always').map(({ name }) => name),
  )
  const calmed = Object.entries(behaviours).map(([name, { endsWith, ...rest }]): [string, Behaviour] => {
    if (name.startsWith('i')) return [name, sidecars.has(name) ? rest : { ...rest, endsWith: 0 }]
    const own = podSpec.containers.find((one) => one.name === name)
    if (own?.restartPolicyRules !== undefined)
      return [name, endsWith === undefined ? rest : { ...rest, endsWith: 0 }]
    if (restartPolicy === 'Always' || endsWith === undefined) return [name, rest]
    return [name, { ...rest, endsWith: restartPolicy === 'OnFailure' ? 0 : endsWith }]
  })
  return new ModelNode(record(podSpec), Object.fromEntries(calmed), faults)
}

/** Until nothing changes but the probes' tallies. */
function settle(node: ModelNode): void {
  let quiet = 0
  for (let tick = 0; tick < TICKS_MAX; tick += 1) {
    const before = node.actions.length
    if (!node.tick()) return
    quiet = node.actions.length === before ? quiet + 1 : 0
    if (quiet > 300 && node.seconds > 700) return
  }
  throw new Error(
    `not settled: ${node.actions
      .slice(-6)
      .map(({ kind, reason }) => `${kind} (${reason})`)
      .join('; ')}`,
  )
}

/** What a record has to keep of a condition: the rest can be told again. */
function transition({ lastTransitionTime, status, type }: PodCondition): readonly unknown[] {
  return [type, status, lastTransitionTime]
}

function mainsStarted(action: PodAction): boolean {
  return action.kind === 'startContainers' && action.containers.some(({ name }) => name.startsWith('m'))
}

function initsAreDone(pod: ObservedPod, podSpec: PodSpec): boolean {
  return (podSpec.initContainers ?? []).every(({ name, restartPolicy }) => {
    const state = pod.containers.get(name)?.state
    if (restartPolicy === 'Always') return state !== undefined
    return state?.kind === 'exited' && state.exit.exitCode === 0
  })
}

describe('whatever its containers do and whatever befalls node and engine, a pod', () => {
  it('comes to rest: all ready, or done, or failed for good', () => {
    fc.assert(
      fc.property(world, (one) => {
        const node = calm(one)
        settle(node)
        if (node.pod === undefined) throw new Error('the pod is gone')
        const { conditions, containerStatuses = [], phase } = podStatus(node.pod, node.context())
        const ready = conditions?.some(({ status, type }) => type === 'Ready' && status === 'True') === true
        const alive = [...node.pod.containers.values()].filter(({ state }) => state.kind === 'running')
        const { kind } = podHealth(node.pod, node.context())
        if (phase === 'Running') {
          // Where containers do not restart, one may have ended while another runs on: such a pod is never ready.
          const ended = containerStatuses.some(({ state }) => state?.terminated !== undefined)
          expect([ready, kind]).toEqual(ended ? [false, 'progressing'] : [true, 'healthy'])
        } else {
          expect([phase, kind, alive]).toEqual(
            phase === 'Failed' ? ['Failed', 'failed', []] : ['Succeeded', 'healthy', []],
          )
        }
        expect(node.pod.record.conditions.map(transition)).toEqual(conditions?.map(transition))
      }),
      RUNS,
    )
  })

  it('that is deleted at any moment is removed, and nothing starts in it any more', () => {
    fc.assert(
      fc.property(
        world,
        fc.integer({ min: 2, max: 200 }),
        ({ behaviours, faults, spec: podSpec }, seconds) => {
          const node = new ModelNode(record(podSpec), behaviours, [
            ...faults,
            { kind: 'delete', at: seconds },
          ])
          let startsBefore: number | undefined
          for (let tick = 0; node.pod !== undefined && tick < TICKS_MAX; tick += 1) {
            if (node.pod.record.pod.metadata.deletionTimestamp !== undefined)
              startsBefore ??= node.starts.length
            node.tick()
          }
          expect(node.actions.at(-1)?.kind).toBe('removePod')
          expect(node.starts.length).toBe(startsBefore)
        },
      ),
      RUNS,
    )
  })

  it('starts no main container before its init containers are done, and no attempt twice', () => {
    fc.assert(
      fc.property(world, (one) => {
        const node = new ModelNode(record(one.spec), one.behaviours, one.faults)
        for (let tick = 0; node.pod !== undefined && tick < 300; tick += 1) {
          const before: ObservedPod = node.pod
          const count = node.actions.length
          if (!node.tick()) break
          const action = node.actions.length > count ? node.actions.at(-1) : undefined
          if (action !== undefined && mainsStarted(action)) expect(initsAreDone(before, one.spec)).toBe(true)
        }
        const started = node.starts.map(({ attempt, name }) => `${name}/${attempt}`)
        expect(new Set(started).size).toBe(started.length)
      }),
      RUNS,
    )
  })

  it('is judged alike by an engine that has never seen it', () => {
    fc.assert(
      fc.property(world, fc.nat(60), (one, ticks) => {
        const node = new ModelNode(record(one.spec), one.behaviours, one.faults)
        for (let tick = 0; tick < ticks && node.tick(); ) tick += 1
        if (node.pod === undefined) return
        const copy = structuredClone(node.pod)
        expect(JSON.stringify(podStatus(node.pod, node.context()))).toBe(
          JSON.stringify(podStatus(copy, node.context())),
        )
        expect(JSON.stringify(podStep(node.pod, node.context()))).toBe(
          JSON.stringify(podStep(copy, node.context())),
        )
      }),
      RUNS,
    )
  })
})
