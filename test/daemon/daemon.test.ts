import { expect, test } from 'vitest'
import { objectKey } from '../../engine/api/names.ts'
import { StartRefused } from '../../engine/daemon/daemon.ts'
import { RuntimeFailure } from '../../engine/runtimes/runtime.ts'
import { begin, Place, pods, podYaml, start } from './simulated.ts'

test('each commit of the branch is taken up, and told of once it is in force and once it is healthy', async () => {
  const place = new Place()
  place.repository.commit(pods('a'))
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  const second = place.repository.commit(pods('a', 'b'))
  running.daemon.nudge()
  await running.until((event) => event.kind === 'commitHealthy' && event.commit === second)
  expect(running.told()).toEqual([
    'commitSeen 1',
    'commitApplied 1',
    'commitHealthy 1',
    'commitSeen 2',
    'commitApplied 2',
    'commitHealthy 2',
  ])
  expect(running.pods()).toEqual(['a', 'b'])
  expect(running.daemon.state()).toMatchObject({ applied: { commit: second }, seen: { commit: second } })
})

test('a repository that nobody tells of is looked at every thirty seconds, or as often as the Cluster says', async () => {
  const place = new Place()
  place.repository.commit(pods('a'))
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  await place.world.clock.runFor(300_000)
  expect(place.repository.looks).toBe(11)
  place.repository.commit({
    ...pods('a'),
    'cluster.yaml':
      'apiVersion: reconcile.dev/v1\nkind: Cluster\nmetadata: {name: default}\nspec: {sync: {pollIntervalSeconds: 100}}\n',
  })
  await place.world.clock.runFor(60_000)
  const looks = place.repository.looks
  await place.world.clock.runFor(1_000_000)
  expect(place.repository.looks).toBe(looks + 10)
})

test('an invalid commit changes nothing and is told with all its errors; the next valid one is applied', async () => {
  const place = new Place()
  const first = place.repository.commit(pods('a'))
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  const invalid = place.repository.commit({ ...pods('b'), 'x.yaml': 'kind: Pod', 'y.yaml': 'kind: Nothing' })
  running.daemon.nudge()
  const refused = await running.until((event) => event.kind === 'commitRefused')
  expect(refused).toMatchObject({
    commit: invalid,
    errors: expect.arrayContaining([
      expect.objectContaining({ file: 'x.yaml' }),
      expect.objectContaining({ file: 'y.yaml' }),
    ]),
  })
  expect(running.daemon.state()).toMatchObject({ applied: { commit: first }, refused: { commit: invalid } })
  expect(running.pods()).toEqual(['a'])
  const valid = place.repository.commit(pods('a', 'c'))
  running.daemon.nudge()
  await running.until((event) => event.kind === 'commitHealthy' && event.commit === valid)
  expect(running.pods()).toEqual(['a', 'c'])
  expect(running.daemon.state().refused).toBeUndefined()
})

test('a repository that cannot be read keeps the commit in force; the trouble is told, and its end', async () => {
  const place = new Place()
  const commit = place.repository.commit(pods('a'))
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  place.repository.trouble = 'the server is away'
  running.daemon.nudge()
  await running.until((event) => event.kind === 'sourceFailed' && event.failures === 3)
  expect(running.daemon.state()).toMatchObject({
    applied: { commit },
    trouble: { message: 'the server is away', failures: 3 },
  })
  place.repository.trouble = undefined
  await running.until((event) => event.kind === 'sourceBack')
  expect(running.daemon.state().trouble).toBeUndefined()
  expect(running.pods()).toEqual(['a'])
})

test('a daemon that starts goes on with what is in force before it has heard of the branch, and restarts nothing', async () => {
  const place = new Place()
  const commit = place.repository.commit(pods('a'))
  const first = start(place)
  await first.until((event) => event.kind === 'commitHealthy')
  await first.end()
  const uids = [...place.world.node.pods.keys()]
  const next = begin(place)
  const started = await next.until((event) => event.kind === 'started')
  expect(started).toMatchObject({ applied: commit })
  await next.until((event) => event.kind === 'commitHealthy')
  expect([...place.world.node.pods.keys()]).toEqual(uids)
  expect(next.told()).toEqual(['commitSeen 1', 'commitHealthy 1'])
})

test('a daemon that starts while the repository is away waits and prunes nothing, then goes on with what was in force', async () => {
  const place = new Place()
  place.repository.commit(pods('a'))
  const first = start(place)
  await first.until((event) => event.kind === 'commitHealthy')
  await first.end()
  place.repository.trouble = 'the disk is not mounted'
  const next = begin(place)
  await next.until((event) => event.kind === 'sourceFailed' && event.failures === 2)
  expect(next.daemon.state().applied).toBeUndefined()
  expect(next.pods()).toEqual(['a'])
  place.repository.trouble = undefined
  await next.until((event) => event.kind === 'commitHealthy')
  expect(next.pods()).toEqual(['a'])
  expect(place.world.log.filter(({ level }) => level === 'error')).toEqual([])
})

test('where Git has lost what was applied, nothing is made or pruned until the commit of the branch is approved', async () => {
  const place = new Place()
  const lost = place.repository.commit(pods('a', 'b', 'c'))
  const first = start(place)
  await first.until((event) => event.kind === 'commitHealthy')
  await first.end()
  const rewritten = place.repository.commit(pods('a', 'b', 'd'))
  place.repository.forget(lost)
  place.object = ({ commit }) =>
    commit === lost
      ? undefined
      : { kind: 'lost', message: 'the repository no longer has what was applied last' }
  const next = begin(place)
  await next.until((event) => event.kind === 'commitHeld')
  expect(next.pods()).toEqual(['a', 'b', 'c'])
  await place.world.clock.runUntil(next.daemon.approve(rewritten))
  await next.until((event) => event.kind === 'commitHealthy' && event.commit === rewritten)
  expect(next.pods()).toEqual(['a', 'b', 'd'])
})

test('a daemon for a root that is another’s ends at once; a commit that would make it another’s is refused', async () => {
  const place = new Place()
  place.object = () => ({ kind: 'configuration', message: 'the root belongs to another' })
  place.repository.commit(pods('a'))
  const refused = begin(place)
  await expect(place.world.clock.runUntil(refused.ended)).rejects.toThrow(StartRefused)

  const own = new Place()
  const commit = own.repository.commit(pods('a'))
  const running = begin(own)
  await running.until((event) => event.kind === 'commitHealthy')
  own.object = ({ commit: asked }) =>
    asked === commit ? undefined : { kind: 'configuration', message: 'this is cluster b' }
  own.repository.commit(pods('b'))
  running.daemon.nudge()
  await running.until((event) => event.kind === 'commitRefused' && event.message === 'this is cluster b')
  expect(running.pods()).toEqual(['a'])
  expect(running.daemon.state().applied?.commit).toBe(commit)
})

test('a commit that cannot be put on record is tried again, and another one goes before it', async () => {
  const place = new Place()
  place.repository.commit(pods('a'))
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  place.notReady = new RuntimeFailure('InvalidNode', 'the disk is full')
  const late = place.repository.commit(pods('a', 'b'))
  running.daemon.nudge()
  await place.world.clock.runFor(20_000)
  expect(running.pods()).toEqual(['a'])
  expect(running.daemon.standing()).toMatchObject({ kind: 'notReady', commit: late })
  place.notReady = undefined
  await running.until((event) => event.kind === 'commitHealthy' && event.commit === late)
  expect(running.pods()).toEqual(['a', 'b'])
})

test('whoever asks for a look learns how the commit stands that was there when it asked', async () => {
  const place = new Place()
  place.repository.commit(pods('a'))
  const running = begin(place)
  const { clock } = place.world
  expect(await clock.runUntil(running.daemon.sync())).toMatchObject({ kind: 'inForce' })
  await running.until((event) => event.kind === 'commitHealthy')
  place.repository.commit({ 'x.yaml': 'kind: Pod' })
  expect(await clock.runUntil(running.daemon.sync())).toMatchObject({ kind: 'invalid' })
  place.repository.commit({})
  expect(await clock.runUntil(running.daemon.sync())).toMatchObject({ kind: 'held' })
  place.repository.trouble = 'gone'
  expect(await clock.runUntil(running.daemon.sync())).toMatchObject({ kind: 'unreadable' })
  place.repository.trouble = undefined
  expect(await clock.runUntil(running.daemon.sync())).toMatchObject({ kind: 'held' })
  const good = place.repository.commit(pods('a', 'b'))
  expect(await clock.runUntil(running.daemon.sync())).toMatchObject({
    kind: 'inForce',
    desired: { commit: good },
  })
})

test('an object is suspended and resumed while the daemon runs, and the next daemon knows of it', async () => {
  const place = new Place()
  place.repository.commit(pods('a'))
  const { clock } = place.world
  const a = objectKey('Pod', 'default', 'a')
  const first = start(place)
  await first.until((event) => event.kind === 'commitHealthy')
  expect(await clock.runUntil(first.daemon.suspend(objectKey('Pod', 'default', 'x')))).toMatchObject({
    kind: 'refused',
  })
  expect(await clock.runUntil(first.daemon.suspend(a))).toMatchObject({ kind: 'done' })
  expect(first.daemon.state().suspended).toEqual([a])
  await first.end()
  const next = begin(place)
  await next.until((event) => event.kind === 'commitSeen')
  expect(next.daemon.state().suspended).toEqual([a])
  expect(await clock.runUntil(next.daemon.resume(a))).toMatchObject({ kind: 'done' })
  expect(next.daemon.state().suspended).toEqual([])
})

test('a thousand commits in a burst are few commits to put in force, and few ticks', async () => {
  const place = new Place()
  const { clock } = place.world
  place.repository.commit(pods('a'))
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  const ticksBefore = running.ticks()
  let last = ''
  for (let index = 0; index < 1_000; index += 1) {
    last = place.repository.commit({ ...pods('a'), 'c.yaml': configMap(index) })
    running.daemon.nudge()
    await clock.runFor(10)
  }
  await running.until((event) => event.kind === 'commitHealthy' && event.commit === last)
  expect(running.told().filter((line) => line.startsWith('commitApplied')).length).toBeLessThan(30)
  expect(running.ticks() - ticksBefore).toBeLessThan(100)
})

test('one commit alone waits for nobody', async () => {
  const place = new Place()
  const { clock } = place.world
  place.repository.commit(pods('a'))
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  for (let index = 0; index < 5; index += 1) {
    await clock.runFor(10_000)
    const before = clock.elapsedMs
    const commit = place.repository.commit({ ...pods('a'), 'c.yaml': configMap(index) })
    running.daemon.nudge()
    await running.until((event) => event.kind === 'commitApplied' && event.commit === commit)
    expect(clock.elapsedMs - before).toBeLessThan(20)
  }
})

function configMap(value: number): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {value: "${value}"}\n`
}

test('a commit that changes the machine is driven by another loop, and no container notices', async () => {
  const place = new Place()
  const { clock } = place.world
  place.repository.commit(pods('a'))
  const running = begin(place)
  await running.until((event) => event.kind === 'commitHealthy')
  const uids = [...place.world.node.pods.keys()]
  place.anew()
  const commit = place.repository.commit(pods('a', 'b'))
  expect(await clock.runUntil(running.daemon.sync())).toMatchObject({ kind: 'inForce' })
  const healthy = running.daemon.untilHealthy({ timeoutMs: 60_000 })
  expect(await clock.runUntil(healthy)).toEqual({ kind: 'healthy' })
  expect(running.daemon.state().applied?.commit).toBe(commit)
  expect(running.pods()).toEqual(['a', 'b'])
  expect([...place.world.node.pods.keys()]).toEqual(expect.arrayContaining(uids))
  expect(running.daemon.loop().ticks).toBeLessThan(running.ticks())
})

test('whoever waits for health is told of the end', async () => {
  const place = new Place()
  place.repository.commit({ 'a.yaml': podYaml('a', '  nodeSelector: {disk: none}\n') })
  const running = begin(place)
  await running.until((event) => event.kind === 'commitApplied')
  place.repository.trouble = 'away'
  const waiting = running.daemon.untilHealthy({ timeoutMs: 600_000 })
  const asking = running.daemon.sync()
  await running.end()
  expect(await waiting).toMatchObject({ kind: expect.stringMatching(/interrupted|failed/) })
  expect(await asking).toBeUndefined()
})
