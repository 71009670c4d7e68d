import { expect, test } from 'vitest'
import { objectKey } from '../../engine/api/names.ts'
import type { WriteRecord } from '../../engine/api/plan.ts'
import { DEFAULT_LIMITS } from '../../engine/reconciler/limits.ts'
import { silentLogger } from '../../engine/reconciler/logger.ts'
import { Pacing } from '../../engine/reconciler/pacing.ts'
import { RecordKeeper } from '../../engine/reconciler/recordKeeper.ts'
import { VirtualClock } from '../../engine/runtimes/simulated/clock.ts'
import { SimulatedNode } from '../../engine/runtimes/simulated/node.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { runsForever } from '../../engine/runtimes/simulated/script.ts'
import type { Fault } from '../../engine/runtimes/simulated/weather.ts'
import { NODE } from './support.ts'

const KEY = objectKey('Job', 'default', 'report')

const WRITE: WriteRecord = {
  kind: 'writeRecord',
  object: KEY,
  reason: 'test',
  record: {
    recordVersion: 1,
    generation: 1,
    key: KEY,
    commit: 'c',
    object: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'report', namespace: 'default', uid: 'u' },
    },
  },
}

/** A keeper whose first write meets this fault. */
async function afterAWrite(fault: Fault, actions: readonly WriteRecord[] = [WRITE]): Promise<RecordKeeper> {
  const clock = new VirtualClock()
  const node = new SimulatedNode(NODE, clock, runsForever)
  let writes = 0
  const weather = (verb: string) => {
    if (verb === 'writeObjectRecord') writes += 1
    return { latencyMs: 1, fault: verb === 'writeObjectRecord' && writes === 1 ? fault : ('none' as const) }
  }
  const { runtime } = connectTo(node, { weather })
  const keepers = { head: runtime, runtimes: new Map([[NODE, runtime]]) }
  const keeper = new RecordKeeper(keepers, clock, silentLogger, new Pacing(DEFAULT_LIMITS), DEFAULT_LIMITS)
  const { signal } = new AbortController()
  await clock.runUntil(keeper.read(signal))
  await clock.runUntil(keeper.write(actions, signal))
  return keeper
}

test('a record that is written is known', async () => {
  const keeper = await afterAWrite('none')
  expect([...keeper.records.keys()]).toEqual([KEY])
  expect(keeper.unwritten([])).toEqual(new Set())
})

test('a record that was written though the answer was lost is known; what it covers waits for the next plan', async () => {
  const keeper = await afterAWrite('lost')
  expect(keeper.records.get(KEY)?.object.metadata.uid).toBe('u')
  expect(keeper.unwritten([])).toEqual(new Set([KEY]))
})

test('a record that was refused is not known', async () => {
  const keeper = await afterAWrite('refused')
  expect(keeper.records.size).toBe(0)
  expect(keeper.unwritten([])).toEqual(new Set([KEY]))
})

test('what belongs to an object is not written before the object itself, and waits with it', async () => {
  const key = objectKey('ControllerRevision', 'default', 'report-1')
  const child: WriteRecord = { ...WRITE, record: { ...WRITE.record, key } }
  const keeper = await afterAWrite('refused', [WRITE, child])
  expect(keeper.records.size).toBe(0)
  expect(keeper.unwritten([])).toEqual(new Set([KEY, key]))
  const well = await afterAWrite('none', [WRITE, child])
  expect([...well.records.keys()]).toEqual([KEY, key])
})
