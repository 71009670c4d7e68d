import { plan } from '../engine/planner/plan.ts'
import { ModelWorld } from '../test/simulation/model.ts'
import { commitOf, type Wanted } from '../test/simulation/wanted.ts'
import { type Measurement, median } from './measure.ts'

const DEPLOYMENTS = 100
const REPLICAS = 100
const RUNS = 15
const TICKS_MAX = 500

/** The pure plan of 10,000 pods in 100 Deployments, all of them running and as the commit wants them. */
export function benchPlanning(): readonly Measurement[] {
  const desired = commitOf(Array.from({ length: DEPLOYMENTS }, (_, index) => deployment(`app-${index}`)))
  const world = new ModelWorld(1, DEPLOYMENTS * REPLICAS)
  settle(world, desired)
  const times = Array.from({ length: RUNS }, () => {
    // A new snapshot each time, as each tick has one; records and objects in it are the same, as they are in the engine.
    const snapshot = world.snapshot(desired)
    const began = performance.now()
    const planned = plan(snapshot, world.now)
    const ms = performance.now() - began
    if (planned.actions.length > 0) throw new Error('the pods were to be unchanged')
    return ms
  })
  const pods = (DEPLOYMENTS * REPLICAS).toLocaleString('en')
  return [
    {
      what: `plan of ${pods} unchanged pods`,
      value: median(times),
      unit: 'ms',
      runs: RUNS,
      target: { text: 'under 100 ms', most: 100 },
    },
    {
      what: `the first of them, with nothing remembered`,
      value: times[0] ?? Number.NaN,
      unit: 'ms',
      runs: 1,
    },
  ]
}

function settle(world: ModelWorld, desired: ReturnType<typeof commitOf>): void {
  for (let tick = 0; tick < TICKS_MAX; tick += 1) {
    const { actions, requeueAt } = plan(world.snapshot(desired), world.now)
    if (actions.length === 0 && requeueAt === undefined) return
    for (const action of actions) world.apply(action, 'whole')
    if (actions.length === 0 && requeueAt !== undefined) world.now = requeueAt
    else world.pass(1)
  }
  throw new Error(`not settled after ${TICKS_MAX} plans`)
}

function deployment(name: string): Wanted {
  return {
    kind: 'Deployment',
    name,
    replicas: REPLICAS,
    tag: '1',
    strategy: 'RollingUpdate',
    maxSurge: '25%',
    maxUnavailable: '25%',
    minReadySeconds: 0,
    paused: false,
    probed: true,
  }
}
