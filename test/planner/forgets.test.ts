import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import type { Desired } from '../../engine/api/snapshot.ts'
import { settle } from '../../bench/cluster.ts'
import { ModelWorld } from '../simulation/model.ts'
import { commitOf, type Wanted } from '../simulation/wanted.ts'

const COMMITS = 12

function commit(tag: number): Desired {
  const wanted = (name: string, changing: number): Wanted => ({
    kind: 'Deployment',
    name,
    replicas: 2,
    tag: String(changing),
    strategy: 'RollingUpdate',
    maxSurge: '25%',
    maxUnavailable: '25%',
    minReadySeconds: 0,
    paused: false,
    probed: true,
  })
  // In turns, so that at any time pods of several commits run.
  return commitOf([wanted('a', Math.ceil(tag / 2)), wanted('b', Math.floor(tag / 2))])
}

function collectGarbage(): void {
  setFlagsFromString('--expose-gc')
  const gc: unknown = runInNewContext('gc')
  if (typeof gc !== 'function') throw new Error('there is no way to collect garbage')
  gc()
}

test('commits that have been replaced, and their pods, are let go of, also while the first of all is held', async () => {
  const world = new ModelWorld(1, 10)
  const first = commit(0)
  settle(world, first)
  const refs: WeakRef<Desired>[] = []
  for (let tag = 1; tag <= COMMITS; tag += 1) {
    const desired = commit(tag)
    refs.push(new WeakRef(desired))
    settle(world, desired)
  }
  // What a WeakRef was made of stays until the turn of the event loop is over.
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  collectGarbage()
  const held = refs.slice(0, -1).filter((ref) => ref.deref() !== undefined)
  expect(held).toHaveLength(0)
  expect(first.objects.size).toBe(2)
})
