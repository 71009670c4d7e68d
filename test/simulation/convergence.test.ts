import fc from 'fast-check'
import { expect, test } from 'vitest'
import { live } from './convergence.ts'
import { stories } from './story.ts'

const WORLDS = 2000
const SEED = 20_260_101

test('from any world and through any commits the plan converges, then plans nothing, and breaks no law on the way', () => {
  expect.hasAssertions()
  fc.assert(fc.property(stories, live), { numRuns: WORLDS, seed: SEED })
})

test('so it does in worlds that nobody has seen before; a failure prints the seed', () => {
  expect.hasAssertions()
  fc.assert(fc.property(stories, live), { numRuns: 100 })
})
