import { EventEmitter, on } from 'node:events'
import { expect, test } from 'vitest'
import { merged } from '../../engine/runtimes/merged.ts'

async function* of<T>(...values: readonly T[]): AsyncGenerator<T> {
  yield* values
}

async function* failingAfter<T>(value: T): AsyncGenerator<T> {
  yield value
  throw new Error('this source is broken')
}

test('gives all that each source gives, each in its own order', async () => {
  const all = await Array.fromAsync(merged([of(1, 2, 3), of(10, 20), of<number>()]))
  expect(all.filter((value) => value < 10)).toEqual([1, 2, 3])
  expect(all.filter((value) => value >= 10)).toEqual([10, 20])
})

test('ends at once when there are no sources', async () => {
  expect(await Array.fromAsync(merged([]))).toEqual([])
})

test('gives what one source has while another is silent', async () => {
  const silent = new EventEmitter()
  const stop = new AbortController()
  const given = merged<unknown>([on(silent, 'never', { signal: stop.signal }), of('here')])
  expect((await given.next()).value).toBe('here')
  stop.abort()
  await expect(given.next()).rejects.toThrow(/abort/)
})

test('throws what a source throws, after what it gave', async () => {
  const given = merged([failingAfter('first')])
  expect((await given.next()).value).toBe('first')
  await expect(given.next()).rejects.toThrow('this source is broken')
})
