import { expect, test } from 'vitest'
import { Slots } from '../../engine/reconciler/slots.ts'

test('no more run at a time than there are slots, in the order in which they came', async () => {
  const slots = new Slots(2)
  const began: number[] = []
  const gates = [0, 1, 2, 3].map(() => Promise.withResolvers<void>())
  const all = gates.map((gate, index) =>
    slots.run(async () => {
      began.push(index)
      await gate.promise
    }),
  )
  await Promise.resolve()
  expect(began).toEqual([0, 1])
  gates[1]?.resolve()
  await all[1]
  expect(began).toEqual([0, 1, 2])
  for (const gate of gates) gate.resolve()
  await Promise.all(all)
  expect(began).toEqual([0, 1, 2, 3])
})

test('who gives up while waiting takes no slot', async () => {
  const slots = new Slots(1)
  const gate = Promise.withResolvers<void>()
  const first = slots.run(() => gate.promise)
  const giveUp = new AbortController()
  const second = slots.run(async () => 'ran', giveUp.signal)
  const third = slots.run(async () => 'ran')
  giveUp.abort()
  await expect(second).rejects.toThrow('given up')
  gate.resolve()
  await first
  expect(await third).toBe('ran')
})

test('work that throws frees its slot', async () => {
  const slots = new Slots(1)
  await expect(slots.run(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken')
  expect(await slots.run(async () => 'ran')).toBe('ran')
})
