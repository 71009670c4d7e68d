import { expect, test } from 'vitest'
import { EventHistory } from '../../../engine/daemon/events/eventHistory.ts'
import { foundHappenings } from '../../../engine/daemon/telling/found.ts'
import { observeOnce } from '../../../engine/reconciler/observeOnce.ts'
import { connectTo } from '../../../engine/runtimes/simulated/runtime.ts'
import { createWorld, NODE } from '../../simulation/loop/engine.ts'
import { container, deployment, desiredOf, pod } from '../../simulation/loop/manifests.ts'
import { toldEngine } from './support.ts'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)

function crashing(times: number) {
  return createWorld(({ attempt }) => (attempt < times ? { exitAfterMs: 5_000, exitCode: 3 } : {}))
}

test('the way of a Deployment from the commit to its pods is told step by step', async () => {
  const world = createWorld()
  const told = toldEngine(world, desiredOf(A, [deployment('web', { replicas: 1 })]))
  await world.clock.runFor(10_000)
  await told.engine.stop()
  const [name = ''] = [...world.node.pods.values()].map(({ record }) => record.pod.metadata.name)
  const set = name.slice(0, name.lastIndexOf('-'))
  expect(told.texts().map(anySpan)).toEqual([
    'info node local answers',
    'info Deployment default/web: 0 of 1 new replicas have been updated',
    `info Deployment default/web: Scaled up replica set ${set} from 0 to 1`,
    `info pod default/${name} is created: 1 of 1 of ${set}`,
    `info pulling image registry.example/app:1 for container app of pod default/${name}`,
    'info image registry.example/app:1 is pulled in SOME ms',
    `info container app of pod default/${name} is started`,
    'info Deployment default/web is healthy, after SOME ms',
    `info pod default/${name} is ready`,
  ])
  const events = told.events(world.clock.now())
  for (const line of [
    `Normal ScalingReplicaSet Deployment/web (1) Scaled up replica set ${set} from 0 to 1`,
    `Normal SuccessfulCreate ReplicaSet/${set} (1) Created pod: ${name}`,
    `Normal Scheduled Pod/${name} (1) Successfully assigned default/${name} to local`,
    `Normal Pulling Pod/${name} (1) Pulling image "registry.example/app:1"`,
    `Normal Pulled Pod/${name} (1) Successfully pulled image "registry.example/app:1" in 1 ms`,
    `Normal Created Pod/${name} (1) Created container: app`,
    `Normal Started Pod/${name} (1) Started container app`,
  ])
    expect(events).toContain(line)
})

function anySpan(line: string): string {
  return line.replace(/\d+ ms$/, 'SOME ms')
}

test('each line of a pod has its commit, its object in the commit, its node and its action', async () => {
  const world = createWorld()
  const told = toldEngine(world, desiredOf(A, [deployment('web', { replicas: 1 })]))
  await world.clock.runFor(10_000)
  await told.engine.stop()
  const created = told.lines.find(({ message }) => message.includes('is created'))
  expect(created?.fields).toEqual({
    commit: A,
    object: 'Deployment/default/web',
    node: 'local',
    pod: expect.stringMatching(/^default\/web-/),
    action: 'createPod',
    reason: expect.stringMatching(/^1 of 1 of web-/),
    durationMs: expect.any(Number),
  })
  const ofPods = told.lines.filter(({ fields }) => fields.pod !== undefined)
  expect(ofPods.length).toBeGreaterThan(5)
  for (const { fields } of ofPods)
    expect(fields).toMatchObject({ commit: A, object: 'Deployment/default/web' })
})

test('a crash loop of a night is a dozen lines, and its Events are counted', async () => {
  const world = crashing(1_000)
  const told = toldEngine(world, desiredOf(A, [pod('one')]))
  await world.clock.runFor(12 * 3_600_000)
  await told.engine.stop()
  const exits = told.texts().filter((line) => line.startsWith('warn container app of pod default/one ended'))
  expect(exits[0]).toBe('warn container app of pod default/one ended with exit code 3, after 5.0 s')
  expect(exits[1]).toMatch(/ \(2 times since 2026-01-01T00:00:0\S+Z\)$/)
  expect(exits.at(-1)).toMatch(/ \(128 times since /)
  expect(exits).toHaveLength(8)
  expect(told.texts().length).toBeLessThan(60)
  const [ended] = told.events(world.clock.now()).filter((line) => line.startsWith('Warning Error '))
  expect(ended).toMatch(/^Warning Error Pod\/one \((1[4-9]\d)\) Container app ended with exit code 3$/)
})

test('a restart is told to be of the hook, and who waits how long', async () => {
  const world = crashing(2)
  const told = toldEngine(world, desiredOf(A, [pod('one')]))
  await world.clock.runFor(60_000)
  await told.engine.stop()
  const texts = told.texts()
  expect(texts).toContain(
    "info container app of pod default/one is started again by the node's exit hook, restart 1",
  )
  expect(texts.find((line) => line.includes('the node starts it again at'))).toMatch(/Z, after 10\.0 s$/)
})

test('what an engine has told is not told again by the next one', async () => {
  const world = crashing(2)
  const desired = desiredOf(A, [pod('one')])
  const first = toldEngine(world, desired)
  await world.clock.runFor(60_000)
  await first.engine.stop()
  const before = first.events(world.clock.now())
  const second = toldEngine(world, desired, { history: first.history })
  await world.clock.runFor(60_000)
  await second.engine.stop()
  expect(second.texts()).toEqual(['info node local answers'])
  expect(second.events(world.clock.now()).map(withoutCount).toSorted()).toEqual(
    before.map(withoutCount).toSorted(),
  )
})

function withoutCount(line: string): string {
  return line.startsWith('Normal NodeReady') ? line.replace(/\(\d+\)/, '') : line
}

test('what ended while no engine ran is told by the next one, once', async () => {
  const world = createWorld(({ attempt }) => (attempt === 0 ? { exitAfterMs: 90_000, exitCode: 3 } : {}))
  const desired = desiredOf(A, [pod('one')])
  const first = toldEngine(world, desired)
  await world.clock.runFor(60_000)
  await first.engine.stop()
  await world.clock.runFor(60_000)
  const second = toldEngine(world, desired, { history: first.history })
  await world.clock.runFor(60_000)
  await second.engine.stop()
  expect(second.texts().filter((line) => line.includes('container'))).toEqual([
    'warn container app of pod default/one ended with exit code 3, after 1m30s, while no engine looked',
  ])
  expect(second.events(world.clock.now())).toContain(
    'Warning Error Pod/one (1) Container app ended with exit code 3',
  )
})

test('what the node remembers and what was told before are one', async () => {
  const world = crashing(2)
  const desired = desiredOf(A, [pod('one')])
  const told = toldEngine(world, desired)
  await world.clock.runFor(60_000)
  await told.engine.stop()
  const before = told.events(world.clock.now())
  const runtimes = new Map([[NODE, connectTo(world.node).runtime]])
  const snapshot = await world.clock.runUntil(observeOnce(runtimes, desired, world.clock))
  const found = foundHappenings(snapshot)
  expect(found.map(({ reason }) => reason)).toEqual(expect.arrayContaining(['Scheduled', 'Started', 'Error']))
  for (const happening of found) expect(told.history.add(happening)).toBeUndefined()
  expect(told.events(world.clock.now())).toEqual(before)
  const fresh = new EventHistory()
  for (const happening of found) expect(fresh.add(happening)).toBeDefined()
})

test('a probe that fails is told now and then, and that it recovers is told', async () => {
  const probe = { tcpSocket: { port: 80 }, periodSeconds: 10 }
  const world = createWorld()
  const asked = { count: 0 }
  const told = toldEngine(
    world,
    desiredOf(A, [pod('one', { containers: [container('app', { readinessProbe: probe })] })]),
    { ask: async () => ({ succeeded: (asked.count += 1) > 10, message: 'connection refused' }) },
  )
  await world.clock.runFor(200_000)
  await told.engine.stop()
  const texts = told.texts().filter((line) => line.includes('robe'))
  expect(texts[0]).toBe('warn container app of pod default/one: Readiness probe failed: connection refused')
  expect(texts).toHaveLength(5)
  expect(texts.at(-1)).toBe(
    'info container app of pod default/one: its readiness probe succeeds again, after 10 failures',
  )
  expect(told.events(world.clock.now())).toContain(
    'Warning Unhealthy Pod/one (10) Readiness probe failed: connection refused',
  )
})

test('an image that cannot be pulled is counted, and what no node takes is told', async () => {
  const world = createWorld()
  const told = toldEngine(
    world,
    desiredOf(A, [pod('one'), pod('picky', { nodeSelector: { disk: 'ssd' } })]),
    { pullable: () => false },
  )
  await world.clock.runFor(600_000)
  await told.engine.stop()
  const pulls = told.texts().filter((line) => line.includes('ErrImagePull: '))
  expect(pulls[0]).toMatch(/^warn startContainers of pod default\/one, container app failed: ErrImagePull: /)
  expect(pulls.length).toBeLessThan(8)
  const events = told.events(world.clock.now())
  expect(events.find((line) => line.startsWith('Warning Failed Pod/one ('))).toContain(
    'there is no such image',
  )
  expect(events.find((line) => line.startsWith('Warning FailedScheduling Pod/picky '))).toBeDefined()
  expect(told.texts().find((line) => line.startsWith('warn no node takes pod default/picky: '))).toBeDefined()
})

test('a rollout is told with how long it took, and what goes with why', async () => {
  const world = createWorld()
  const told = toldEngine(world, desiredOf(A, [deployment('web', { replicas: 1 }), pod('old')]))
  await world.clock.runFor(10_000)
  told.lines.length = 0
  told.engine.loop.setDesired(
    desiredOf(B, [
      deployment('web', { replicas: 1 }, { containers: [container('app', { image: 'other:2' })] }),
    ]),
  )
  await world.clock.runFor(120_000)
  await told.engine.stop()
  const texts = told.texts()
  expect(
    texts.find((line) => /^info Deployment default\/web is healthy, after \S+ m?s$/.test(line)),
  ).toBeDefined()
  expect(texts).toContain('info pod default/old is to go: is no longer in the repository')
  expect(texts).toContain('info pod default/old is removed')
  const events = told.events(world.clock.now())
  expect(events.filter((line) => line.includes(' ScalingReplicaSet Deployment/web ')).length).toBe(3)
  expect(events.find((line) => line.startsWith('Normal Killing Pod/old '))).toMatch(
    /Stopping container app: .+$/,
  )
  expect(events.find((line) => line.startsWith('Normal SuccessfulDelete ReplicaSet/web-'))).toBeDefined()
})
