import { expect, test, vi } from 'vitest'
import { gathered } from '../../../engine/runtimes/oci/gathered.ts'

type Answers = ReadonlyMap<string, string>

/** Answers when the test says so. */
function asked() {
  const rounds: { readonly keys: readonly string[]; readonly answered: PromiseWithResolvers<Answers> }[] = []
  const ask = gathered<string, string>((keys) => {
    const answered = Promise.withResolvers<Answers>()
    rounds.push({ keys, answered })
    return answered.promise
  })
  const answer = (round: number) =>
    rounds[round]?.answered.resolve(new Map(rounds[round].keys.map((key) => [key, `${key}${round}`])))
  return { ask, rounds, answer, keys: () => rounds.map((round) => round.keys) }
}

const settled = async () => await new Promise((resolve) => setImmediate(resolve))

test('those who ask at once are one question, and one who asks twice is in it once', async () => {
  const { answer, ask, keys } = asked()
  const answers = [ask('a'), ask('b'), ask('a')]
  await settled()
  expect(keys()).toEqual([['a', 'b']])
  answer(0)
  expect(await Promise.all(answers)).toEqual(['a0', 'b0', 'a0'])
})

test('who asks while one is under way is answered by the next, which is begun afterwards', async () => {
  const { answer, ask, keys } = asked()
  const first = ask('a')
  await settled()
  const later = [ask('a'), ask('b')]
  await settled()
  expect(keys()).toEqual([['a']])
  answer(0)
  expect(await first).toBe('a0')
  await settled()
  expect(keys()).toEqual([['a'], ['a', 'b']])
  answer(1)
  expect(await Promise.all(later)).toEqual(['a1', 'b1'])
  const last = ask('b')
  await settled()
  answer(2)
  expect(await last).toBe('b2')
})

test('what hangs holds up nobody else for long', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  try {
    const { answer, ask, keys } = asked()
    void ask('hangs')
    await settled()
    const next = ask('b')
    await vi.advanceTimersByTimeAsync(999)
    expect(keys()).toEqual([['hangs']])
    await vi.advanceTimersByTimeAsync(1)
    expect(keys()).toEqual([['hangs'], ['b']])
    answer(1)
    expect(await next).toBe('b1')
  } finally {
    vi.useRealTimers()
  }
})

test('a question that fails has failed for all who asked, and the next is asked anew', async () => {
  const { answer, ask, keys, rounds } = asked()
  const answers = Promise.allSettled([ask('a'), ask('b')])
  await settled()
  rounds[0]?.answered.reject(new Error('it is gone'))
  expect((await answers).map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  const next = ask('a')
  await settled()
  answer(1)
  expect(await next).toBe('a1')
  expect(keys()).toEqual([['a', 'b'], ['a']])
})
