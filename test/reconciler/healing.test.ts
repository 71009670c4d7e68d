import { expect, test } from 'vitest'
import type { ProgressEvent } from '../../engine/reconciler/progress.ts'
import { createWorld, once, startEngine, type World } from '../simulation/loop/engine.ts'
import { deployment, desiredOf } from '../simulation/loop/manifests.ts'

const DESIRED = desiredOf('a', [deployment('web', { replicas: 3 })])
const DETECT = {
  ...DESIRED,
  cluster: { ...DESIRED.cluster, spec: { ...DESIRED.cluster.spec, sync: { mode: 'detect' } } },
} as const
const DAMAGE = ['its network link is gone']

async function running(): Promise<World> {
  const world = createWorld()
  expect(await once(world, DESIRED)).toEqual({ kind: 'healthy' })
  return world
}

function startsOn({ node }: World): number {
  return node.facts.filter(({ kind }) => kind === 'started').length
}

test('a pod that was damaged is mended at the next listing, and no container is started for it', async () => {
  const world = await running()
  const events: ProgressEvent[] = []
  const engine = startEngine(world, DESIRED, { onProgress: (event) => events.push(event) })
  await world.clock.runFor(1_000)
  const [victim] = world.node.pods.values()
  if (victim === undefined) throw new Error('nothing runs')
  const starts = startsOn(world)
  victim.damage = DAMAGE
  await world.clock.runFor(60_000)
  await engine.stop()
  expect(victim.damage).toEqual([])
  expect(startsOn(world)).toBe(starts)
  const ended = events.flatMap((event) => (event.kind === 'actionEnded' ? [event.action] : []))
  expect(ended.filter(({ kind }) => kind !== 'updatePod')).toMatchObject([
    { kind: 'mendPod', uid: victim.uid, reason: DAMAGE[0] },
  ])
})

test('with mode detect damage is told, and nothing is touched', async () => {
  const world = await running()
  const events: ProgressEvent[] = []
  const engine = startEngine(world, DETECT, { onProgress: (event) => events.push(event) })
  await world.clock.runFor(1_000)
  const [victim] = world.node.pods.values()
  if (victim === undefined) throw new Error('nothing runs')
  victim.damage = DAMAGE
  world.node.amiss.add('the bridge is gone')
  await world.clock.runFor(120_000)
  const { plan } = engine.loop.state()
  await engine.stop()
  expect([victim.damage, [...world.node.amiss]]).toEqual([DAMAGE, ['the bridge is gone']])
  // However often it is found, it is told once.
  expect(events.filter(({ kind }) => kind === 'nodeDamaged')).toEqual([
    expect.objectContaining({ found: 'the bridge is gone' }),
  ])
  expect(events.some(({ kind }) => kind === 'actionStarted')).toBe(false)
  expect(JSON.stringify([...(plan?.statuses.values() ?? [])])).toContain('reconcile.dev/Damaged')
})

test('what is amiss with a node is put right and told, each time that it happens', async () => {
  const world = await running()
  const events: ProgressEvent[] = []
  const engine = startEngine(world, DESIRED, { onProgress: (event) => events.push(event) })
  for (const _ of [1, 2]) {
    world.node.amiss.add('the bridge is gone')
    await world.clock.runFor(60_000)
  }
  await engine.stop()
  const told = { kind: 'nodeDamaged', found: 'the bridge is gone', done: 'it was made again' }
  expect(events.filter(({ kind }) => kind === 'nodeDamaged')).toMatchObject([told, told])
})
