import { expect, onTestFinished, test } from 'vitest'
import { nothingDesired } from '../../engine/daemon/desired.ts'
import { Engine } from '../../engine/daemon/engine.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { createWorld, NODE } from '../simulation/loop/engine.ts'

test('where records are damaged nobody waits for ever: who asks for a look is told, who waits for health is out of time', async () => {
  const { clock, log, node } = createWorld()
  const ending = new AbortController()
  onTestFinished(() => ending.abort())
  const engine = new Engine({
    clock,
    signal: ending.signal,
    log: (level, message, fields = {}) => log.push({ level, message, fields }),
    onProgress: () => undefined,
    onTick: () => undefined,
  })
  const { runtime: whole } = connectTo(node)
  const damaged = new Error('the record is damaged')
  const runtime = { ...whole, readObjectRecords: () => Promise.reject(damaged) }
  await engine.drive({ runtime, runtimes: new Map([[NODE, runtime]]) }, nothingDesired('c', 'home'))
  await expect(clock.runUntil(engine.looked())).rejects.toThrow(
    'nothing is reconciled: the record is damaged',
  )
  const outcome = await clock.runUntil(engine.untilHealthy({ timeoutMs: 10_500 }))
  expect(outcome).toMatchObject({
    kind: 'timeout',
    problems: expect.arrayContaining(['nothing is reconciled: the record is damaged']),
  })
})
