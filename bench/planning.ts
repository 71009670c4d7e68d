import { plan } from '../engine/planner/plan.ts'
import { ModelWorld } from '../test/simulation/model.ts'
import { commitOf } from '../test/simulation/wanted.ts'
import { deployment, settle, settledCluster, withOneCrash } from './cluster.ts'
import { cpuTime, type Measurement, median } from './measure.ts'

const DEPLOYMENTS = 100
const REPLICAS = 100
const RUNS = 15
/** A daemon plans for months: the plans while V8 still compiles are to be the few among many. The first of all has a line of its own. */
const UNCHANGED_RUNS = 41

export function benchPlanning(): readonly Measurement[] {
  return [...benchUnchanged(), ...benchLarge()]
}

/** The pure plan of 10,000 pods in 100 Deployments, all of them running and as the commit wants them. */
function benchUnchanged(): readonly Measurement[] {
  const wanted = Array.from({ length: DEPLOYMENTS }, (_, index) => deployment(`app-${index}`, REPLICAS))
  const desired = commitOf(wanted)
  const world = new ModelWorld(1, DEPLOYMENTS * REPLICAS)
  settle(world, desired)
  const times = Array.from({ length: UNCHANGED_RUNS }, () => {
    // A new snapshot each time, in which every pod was looked at anew; records and objects of the commit are the same, as they are in the engine.
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
      runs: UNCHANGED_RUNS,
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

const LARGE_DEPLOYMENTS = 1500
const LARGE_NODES = 5000

/**
 * 150,000 running pods on 5,000 nodes, of which one has just crashed: what the engine plans between two events, and what the process comes to
 * with all of it in memory, snapshot included. Processor time: the collector's threads are in it, other programs are not.
 */
function benchLarge(): readonly Measurement[] {
  const settled = settledCluster(LARGE_DEPLOYMENTS, REPLICAS, LARGE_NODES)
  const first = cpuTime(() => plan(settled.snapshot, settled.now))
  if (first.result.actions.length > 0) throw new Error('the pods were to be unchanged')
  const times = Array.from({ length: RUNS }, (_, run) => {
    const { now, snapshot } = withOneCrash(settled, run * 7)
    const { ms, result } = cpuTime(() => plan(snapshot, now.add({ seconds: run })))
    if (result.actions.length !== 1) throw new Error('one pod was to change')
    return ms
  })
  const size = `${(LARGE_DEPLOYMENTS * REPLICAS).toLocaleString('en')} pods on ${LARGE_NODES.toLocaleString('en')} nodes`
  return [
    {
      what: `plan of ${size}, one of them changed (processor time)`,
      value: median(times),
      unit: 'ms',
      runs: RUNS,
      target: { text: 'under 250 ms', most: 250 },
    },
    { what: 'the first of them, with nothing remembered', value: first.ms, unit: 'ms', runs: 1 },
    {
      what: 'memory of the process with them',
      value: process.memoryUsage().rss / 2 ** 20,
      unit: 'MB',
      runs: 1,
    },
  ]
}
