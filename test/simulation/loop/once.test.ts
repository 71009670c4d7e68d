import { expect, test } from 'vitest'
import { createWorld, once, runningOn } from './engine.ts'
import { deployment, desiredOf, pod } from './manifests.ts'

test('a pod and a deployment come to run, and a second run begins nothing', async () => {
  const world = createWorld()
  const desired = desiredOf('a', [pod('one'), deployment('web')])
  expect(await once(world, desired)).toEqual({ kind: 'healthy' })
  expect(runningOn(world.node)).toHaveLength(4)
  const facts = world.node.facts.length
  expect(await once(world, desired)).toEqual({ kind: 'healthy' })
  expect(world.node.facts).toHaveLength(facts)
  expect(world.log.filter(({ level }) => level === 'error')).toEqual([])
})
