import { expect, test } from 'vitest'
import { createGate } from '../../../../engine/runtimes/oci/images/gate.ts'
import { createLimit, createShare } from '../../../../engine/runtimes/oci/images/sharing.ts'

const never = new AbortController().signal

test('work for one key is done once, and once more when it is asked for again', async () => {
  const share = createShare<number>()
  let runs = 0
  const work = async (): Promise<number> => {
    await Promise.resolve()
    return ++runs
  }
  expect(
    await Promise.all([share('a', never, work), share('a', undefined, work), share('b', never, work)]),
  ).toEqual([1, 1, 2])
  expect(await share('a', never, work)).toBe(3)
})

test('a failure reaches all who wait, and is not remembered', async () => {
  const share = createShare<number>()
  const failing = async (): Promise<number> => await Promise.reject(new Error('no'))
  const ends = await Promise.allSettled([share('a', never, failing), share('a', never, failing)])
  expect(ends.map((end) => end.status)).toEqual(['rejected', 'rejected'])
  expect(await share('a', never, async () => 1)).toBe(1)
})

test('one who leaves does not stop the work for the others; the last one does', async () => {
  const share = createShare<string>()
  const [first, second] = [new AbortController(), new AbortController()]
  const started: AbortSignal[] = []
  const work = async (signal: AbortSignal): Promise<string> => {
    started.push(signal)
    return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  }
  const one = share('a', first.signal, work)
  const two = share('a', second.signal, work)
  first.abort(new Error('first left'))
  await expect(one).rejects.toThrow('first left')
  expect(started.map((signal) => signal.aborted)).toEqual([false])
  second.abort(new Error('second left'))
  await expect(two).rejects.toThrow('second left')
  expect(started.map((signal) => signal.aborted)).toEqual([true])
})

test('who comes after the work was given up begins anew', async () => {
  const share = createShare<string>()
  const leaving = new AbortController()
  const given = share('a', leaving.signal, async (signal) => {
    return await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
  })
  leaving.abort(new Error('left'))
  await expect(given).rejects.toThrow('left')
  expect(await share('a', never, async () => 'anew')).toBe('anew')
})

test('no more than the limit run at once, in the order in which they came', async () => {
  const limit = createLimit(2)
  const turns = Array.from({ length: 4 }, () => Promise.withResolvers<void>())
  const begun: number[] = []
  const ends = turns.map(async (turn, i) => {
    await limit(never, async () => {
      begun.push(i)
      await turn.promise
    })
  })
  await Promise.resolve()
  expect(begun).toEqual([0, 1])
  turns[1]?.resolve()
  await ends[1]
  turns[2]?.resolve()
  await ends[2]
  turns[0]?.resolve()
  turns[3]?.resolve()
  await Promise.all(ends)
  expect(begun).toEqual([0, 1, 2, 3])
})

test('who gives up waiting for a place takes none', async () => {
  const limit = createLimit(1)
  const turn = Promise.withResolvers<void>()
  const first = limit(never, async () => await turn.promise)
  const leaving = new AbortController()
  const second = limit(leaving.signal, async () => 'ran')
  leaving.abort(new Error('left'))
  await expect(second).rejects.toThrow('left')
  turn.resolve()
  await first
  expect(await limit(never, async () => 'third')).toBe('third')
})

test('nobody enters while a sweep is at work, and nothing is swept while somebody is inside', async () => {
  const gate = createGate()
  const use = await gate.enter(never)
  expect(await gate.sweep(async () => 'swept')).toBeUndefined()
  use[Symbol.dispose]()
  const sweeping = Promise.withResolvers<string>()
  const sweep = gate.sweep(async () => await sweeping.promise)
  let entered = false
  const entering = gate.enter(never).then((inside) => {
    entered = true
    return inside
  })
  await new Promise((resolve) => setImmediate(resolve))
  expect(entered).toBe(false)
  sweeping.resolve('swept')
  expect(await sweep).toBe('swept')
  ;(await entering)[Symbol.dispose]()
  expect(await gate.sweep(async () => 'again')).toBe('again')
})
