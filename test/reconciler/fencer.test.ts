import { expect, test } from 'vitest'
import { nodeName, type ObjectKey } from '../../engine/api/names.ts'
import { nodeKey, nodeMemory } from '../../engine/api/nodeRecords.ts'
import type { ObjectRecord } from '../../engine/api/records.ts'
import { Fencer, fencingBy } from '../../engine/reconciler/fencer.ts'
import { VirtualClock } from '../../engine/runtimes/simulated/clock.ts'
import { localTransport } from '../../engine/transport/local.ts'

const NODE = nodeName('rack-1')
const FENCING = { node: NODE, bootId: 'boot', argv: ['fence', 'rack-1'], timeoutMs: 1_000 } as const

function fencer(succeedsAt: number) {
  const clock = new VirtualClock()
  const { signal } = new AbortController()
  const records = new Map<ObjectKey, ObjectRecord>()
  const asked: number[] = []
  const said: string[] = []
  const made = new Fencer({
    fence: async () => {
      asked.push(clock.elapsedMs)
      if (asked.length < succeedsAt) throw new Error('the socket does not answer')
    },
    clock,
    signal,
    log: (_level, message) => said.push(message),
    desired: () => ({ commit: 'c' }),
    remember: async (make) => {
      const record = make(records)
      records.set(record.key, record)
    },
  })
  return { clock, made, asked, said, memory: () => nodeMemory(records.get(nodeKey(NODE))) }
}

test('a command that fails is tried again, one run at a time, and its success is on record', async () => {
  const { asked, clock, made, memory, said } = fencer(2)
  for (let count = 0; count < 40; count += 1) {
    if (memory().fenced === undefined) made.update([FENCING, FENCING])
    await clock.runFor(1_000)
  }
  expect(asked).toEqual([0, 30_000])
  expect(said[0]).toBe('fencing node rack-1 failed, and is tried again in 30 s: the socket does not answer')
  expect(memory()).toMatchObject({ fenced: { by: 'command', bootId: 'boot' } })
})

test('the exit status of the command decides, and its words are told', async () => {
  const fence = fencingBy(localTransport())
  const { signal } = new AbortController()
  await fence({ ...FENCING, argv: ['true'] }, signal)
  const failing = { ...FENCING, argv: ['sh', '-c', 'echo no such socket >&2; exit 4'] } as const
  await expect(fence(failing, signal)).rejects.toThrow('sh ended with 4: no such socket')
  const hanging = { ...FENCING, argv: ['sleep', '600'], timeoutMs: 100 } as const
  await expect(fence(hanging, signal)).rejects.toThrow('sleep has taken longer than 0.1 s')
  const polite = { ...hanging, argv: ['sh', '-c', 'trap "exit 0" TERM; sleep 600 & wait; exit 0'] } as const
  await expect(fence(polite, signal)).rejects.toThrow('sh has taken longer than 0.1 s')
})
