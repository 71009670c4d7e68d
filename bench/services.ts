import type { Service } from '../engine/api/generated/types.ts'
import type { ObjectKey } from '../engine/api/names.ts'
import type { Action, Plan } from '../engine/api/plan.ts'
import type { ObjectRecord } from '../engine/api/records.ts'
import type { Desired, DesiredObject } from '../engine/api/snapshot.ts'
import { plan } from '../engine/planner/plan.ts'
import { desiredObject } from '../test/simulation/wanted.ts'
import { type Settled, settledCluster, withOneCrash } from './cluster.ts'
import { cpuTime, heapBytes, type Measurement, median } from './measure.ts'

const SERVICES = 10_000
const ENDPOINTS = 4
const NODES = 40
const RUNS = 15

/** Planning with 10,000 Services of 4 pods each, against the same pods without them. Processor time: the collector's threads are in it. */
export function benchServices(): readonly Measurement[] {
  const settled = settledCluster(SERVICES, ENDPOINTS, NODES)
  const without = timesOf(settled)
  const before = heapBytes()
  const { first, settled: served } = withServices(settled)
  const times = timesOf(served)
  const size = `${SERVICES.toLocaleString('en')} Services of ${ENDPOINTS} endpoints on ${NODES} nodes`
  return [
    { what: `first plan of ${size}: addresses for all`, value: first, unit: 'ms', runs: 1 },
    { what: `plan of ${size}, nothing changed`, value: times.same, unit: 'ms', runs: RUNS },
    { what: 'the same pods without Services', value: without.same, unit: 'ms', runs: RUNS },
    { what: `plan of ${size}, one endpoint changed`, value: times.changed, unit: 'ms', runs: RUNS },
    { what: 'the same pods without Services', value: without.changed, unit: 'ms', runs: RUNS },
    { what: 'memory that the Services take', value: (heapBytes() - before) / 2 ** 20, unit: 'MB', runs: 1 },
  ]
}

function withServices(settled: Settled): { readonly first: number; readonly settled: Settled } {
  const { now, snapshot } = settled
  const services = Array.from({ length: SERVICES }, (_, index) => desiredObject(serviceOf(index)))
  const objects = new Map<ObjectKey, DesiredObject>(snapshot.desired.objects)
  for (const service of services) objects.set(service.key, service)
  const desired: Desired = { ...snapshot.desired, objects }
  const given = { ...snapshot, desired }
  const { ms, result } = cpuTime(() => plan(given, now))
  const records = new Map<ObjectKey, ObjectRecord>(snapshot.records)
  for (const record of written(result)) records.set(record.key, record)
  return { first: ms, settled: { now, snapshot: { ...given, records } } }
}

function serviceOf(index: number): Service {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: `app-${index}`, namespace: 'default' },
    spec: { selector: { app: `app-${index}` }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
  }
}

function written({ actions }: Plan): readonly ObjectRecord[] {
  return actions.flatMap((action: Action) => (action.kind === 'writeRecord' ? [action.record] : []))
}

function timesOf(settled: Settled): { readonly same: number; readonly changed: number } {
  const { now, snapshot } = settled
  // with nothing remembered
  plan(snapshot, now)
  const same = Array.from({ length: RUNS }, (_, run) => {
    const { ms, result } = cpuTime(() => plan({ ...snapshot }, now.add({ seconds: run })))
    if (result.actions.length > 0) throw new Error('nothing was to change')
    return ms
  })
  const changed = Array.from({ length: RUNS }, (_, run) => {
    const crashed = withOneCrash(settled, run)
    const { ms, result } = cpuTime(() => plan(crashed.snapshot, crashed.now))
    if (result.actions.length !== 1) throw new Error('one pod was to change')
    return ms
  })
  return { same: median(same), changed: median(changed) }
}
