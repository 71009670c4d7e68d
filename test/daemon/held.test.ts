import { expect, test } from 'vitest'
import { objectKey } from '../../engine/api/names.ts'
import { RuntimeFailure } from '../../engine/runtimes/runtime.ts'
import { begin, Place, pods, podYaml } from './simulated.ts'

test('a commit that would delete everything is held until it is approved, and told with its list', async () => {
  const place = new Place()
  place.repository.commit(pods('a', 'b'))
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  const empty = place.repository.commit({})
  running.daemon.nudge()
  const held = await running.until((event) => event.kind === 'commitHeld')
  expect(held).toMatchObject({
    commit: empty,
    objects: [objectKey('Pod', 'default', 'a'), objectKey('Pod', 'default', 'b')],
  })
  await place.world.clock.runFor(600_000)
  expect(running.pods()).toEqual(['a', 'b'])
  expect(await running.daemon.approve('ffff')).toMatchObject({ kind: 'refused' })
  expect(await place.world.clock.runUntil(running.daemon.approve(empty))).toMatchObject({ kind: 'done' })
  await running.until((event) => event.kind === 'commitHealthy' && event.commit === empty)
  expect(running.pods()).toEqual([])
  expect(running.daemon.state().held).toBeUndefined()
})

test('a folder that a commit no longer has is held like an empty one, and goes on when it is back', async () => {
  const place = new Place('apps')
  place.repository.commit({ 'apps/a.yaml': podYaml('a') })
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  place.repository.commit({ 'other/a.yaml': podYaml('a') })
  running.daemon.nudge()
  const held = await running.until((event) => event.kind === 'commitHeld')
  expect(held).toMatchObject({ reasons: [expect.stringContaining('folder'), expect.anything()] })
  expect(running.pods()).toEqual(['a'])
  const back = place.repository.commit({ 'apps/a.yaml': podYaml('a'), 'apps/b.yaml': podYaml('b') })
  running.daemon.nudge()
  await running.until((event) => event.kind === 'commitHealthy' && event.commit === back)
  expect(running.pods()).toEqual(['a', 'b'])
})

test('a commit from which the Cluster is removed, too, is held as one of the same cluster, also by the next engine', async () => {
  const place = new Place()
  place.object = ({ cluster }) =>
    cluster.metadata.name === 'home' ? undefined : { kind: 'configuration', message: 'of another cluster' }
  const cluster = 'apiVersion: reconcile.dev/v1\nkind: Cluster\nmetadata: {name: home}\n'
  place.repository.commit({ ...pods('a'), 'cluster.yaml': cluster })
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  const empty = place.repository.commit({})
  running.daemon.nudge()
  expect(await running.until((event) => event.kind === 'commitHeld')).toMatchObject({ commit: empty })
  await place.world.clock.runUntil(running.daemon.approve(empty))
  await running.until((event) => event.kind === 'commitHealthy' && event.commit === empty)
  expect(running.pods()).toEqual([])
  await running.end()
  const next = begin(place)
  await next.until((event) => event.kind === 'commitHealthy' && event.commit === empty)
  expect(next.daemon.state().applied?.commit).toBe(empty)
})

test('an engine that begins while the approved commit in force has not its folder goes on all the same', async () => {
  const place = new Place('apps')
  place.repository.commit({ 'apps/a.yaml': podYaml('a') })
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  const gone = place.repository.commit({ 'other/a.yaml': podYaml('a') })
  running.daemon.nudge()
  await running.until((event) => event.kind === 'commitHeld')
  await place.world.clock.runUntil(running.daemon.approve(gone))
  await running.until((event) => event.kind === 'commitHealthy' && event.commit === gone)
  await running.end()
  const next = begin(place)
  await next.until((event) => event.kind === 'commitApplied' && event.commit === gone)
  const back = place.repository.commit({ 'apps/b.yaml': podYaml('b') })
  next.daemon.nudge()
  await next.until((event) => event.kind === 'commitHealthy' && event.commit === back)
  expect(next.pods()).toEqual(['b'])
})

test('a commit that is approved and cannot be put on record is tried again', async () => {
  const place = new Place()
  place.repository.commit(pods('a', 'b'))
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  const empty = place.repository.commit({})
  running.daemon.nudge()
  await running.until((event) => event.kind === 'commitHeld')
  place.notReady = new RuntimeFailure('InvalidNode', 'the disk is full')
  await place.world.clock.runUntil(running.daemon.approve(empty))
  expect(running.daemon.standing()).toMatchObject({ kind: 'notReady', commit: empty })
  await place.world.clock.runFor(40_000)
  expect(running.pods()).toEqual(['a', 'b'])
  place.notReady = undefined
  await running.until((event) => event.kind === 'commitHealthy' && event.commit === empty)
  expect(running.pods()).toEqual([])
})
