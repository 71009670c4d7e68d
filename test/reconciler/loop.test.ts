import { expect, test } from 'vitest'
import type { Action, Plan } from '../../engine/api/plan.ts'
import { plan as realPlan } from '../../engine/planner/plan.ts'
import type { ProgressEvent } from '../../engine/reconciler/progress.ts'
import type { Weather } from '../../engine/runtimes/simulated/weather.ts'
import { calm } from '../../engine/runtimes/simulated/weather.ts'
import type { World } from '../simulation/loop/engine.ts'
import { createWorld, once, runningOn, startEngine } from '../simulation/loop/engine.ts'
import { container, deployment, desiredOf, pod } from '../simulation/loop/manifests.ts'
import { deletePod, removePod } from './support.ts'

const EMPTY = desiredOf('empty', [])
const NOTHING: Plan = { actions: [], verdicts: [], changes: new Map(), statuses: new Map(), violations: [] }
const MINUTE = { timeoutMs: 60_000 }

function slow(verb: string, latencyMs: number): Weather {
  return (called) => (called === verb ? { latencyMs, fault: 'none' } : calm(called))
}

function errors(world: World): readonly string[] {
  return world.log.filter(({ level }) => level === 'error').map(({ message }) => message)
}

test('a thousand pods that are as they should be cost one listing and one plan', async () => {
  const world = createWorld()
  const desired = desiredOf('a', [deployment('web', { replicas: 1_000 })])
  await once(world, desired, { limits: { workPerNodeMax: 1_000, inspectionsPerNodeMax: 1_000 } })
  const calls: string[] = []
  let ticks = 0
  const onStep = (verb: string): number => calls.push(verb)
  const onTick = (): number => (ticks += 1)
  expect(await once(world, desired, { onStep, onTick })).toEqual({ kind: 'healthy' })
  expect(calls.filter((verb) => verb === 'list')).toHaveLength(2)
  expect(new Set(calls)).toEqual(new Set(['list', 'check', 'readObjectRecords', 'applyTraffic']))
  expect(ticks).toBe(1)
})

test('a deletion does not wait for the pull that is under way for the pod', async () => {
  const world = createWorld()
  const events: ProgressEvent[] = []
  const engine = startEngine(world, desiredOf('a', [pod('web')]), {
    weather: slow('pullImage', 600_000),
    onProgress: (event) => events.push(event),
  })
  await world.clock.runFor(1_000)
  engine.loop.setDesired(EMPTY)
  expect(await world.clock.runUntil(engine.loop.untilHealthy(MINUTE))).toEqual({ kind: 'healthy' })
  await engine.stop()
  expect(world.node.pods.size).toBe(0)
  expect(events.filter(({ kind }) => kind === 'actionCancelled')).toMatchObject([
    { action: { kind: 'startContainers', pod: 'default/web' } },
  ])
})

test('a pod whose time is up does not wait for its pull, has failed, and gives back what it has', async () => {
  const world = createWorld()
  const spec = { activeDeadlineSeconds: 30, containers: [container('app')] }
  const engine = startEngine(world, desiredOf('a', [pod('web', spec)]), {
    weather: slow('pullImage', 600_000),
  })
  const outcome = await world.clock.runUntil(engine.loop.untilHealthy(MINUTE))
  await engine.stop()
  expect(outcome).toMatchObject({
    kind: 'failed',
    objects: [{ object: 'Pod/default/web', health: { reason: 'DeadlineExceeded' } }],
  })
  const [found] = world.node.pods.values()
  expect(found).toMatchObject({ sandbox: 'released', record: { ended: { phase: 'Failed' } } })
})

test('a slow pull holds up no other pod', async () => {
  const world = createWorld()
  const weather: Weather = (verb) =>
    verb === 'pullImage' ? { latencyMs: pulls(), fault: 'none' } : calm(verb)
  let pulled = 0
  const pulls = (): number => (pulled++ < 12 ? 3_600_000 : 1)
  const engine = startEngine(world, desiredOf('a', [deployment('web', { replicas: 20 })]), { weather })
  await world.clock.runFor(5_000)
  expect(runningOn(world.node)).toHaveLength(8)
  engine.kill()
})

test('that a pod is ready goes on record while others stand in line to be started', async () => {
  const world = createWorld()
  let starts = 0
  const weather: Weather = (verb) =>
    verb === 'startContainer' ? { latencyMs: starts++ < 1 ? 1 : 3_600_000, fault: 'none' } : calm(verb)
  const engine = startEngine(world, desiredOf('a', [deployment('web', { replicas: 20 })]), { weather })
  await world.clock.runFor(5_000)
  const recorded = [...world.node.pods.values()].filter(
    ({ record }) => record?.containers['app']?.ready === true,
  )
  expect(recorded).toHaveLength(1)
  engine.kill()
})

test('a clock that is set back while a preStop hook runs gives the container no more time', async () => {
  const world = createWorld(() => ({ stopAfterMs: Infinity }))
  const stubborn = container('app', { lifecycle: { preStop: { sleep: { seconds: 5 } } } })
  await once(world, desiredOf('a', [pod('web', { containers: [stubborn] })]))
  const engine = startEngine(world, EMPTY)
  await world.clock.runFor(2_000)
  world.clock.step(-3_600_000)
  expect(await world.clock.runUntil(engine.loop.untilHealthy(MINUTE))).toEqual({ kind: 'healthy' })
  await engine.stop()
})

test('a postStart hook whose port is not to be found fails, and its container is ended', async () => {
  const world = createWorld()
  const hooked = container('app', { lifecycle: { postStart: { httpGet: { port: 'nowhere' } } } })
  const reasons: string[] = []
  const engine = startEngine(world, desiredOf('a', [pod('web', { containers: [hooked] })]), {
    onProgress: (event) => {
      if (event.kind === 'actionStarted') reasons.push(event.action.reason)
    },
  })
  await world.clock.runFor(5_000)
  await engine.stop()
  expect(reasons).toContain(
    'FailedPostStartHook: container app: it has no target: its port or the address of the pod is not known',
  )
})

test('pods in their grace period leave the node free for others', async () => {
  const world = createWorld(({ pod: { metadata } }) =>
    metadata.labels?.['app'] === 'old' ? { stopAfterMs: 25_000 } : {},
  )
  await once(world, desiredOf('a', [deployment('old', { replicas: 12 })]))
  const engine = startEngine(world, desiredOf('b', [deployment('new', { replicas: 2 })]))
  await world.clock.runFor(5_000)
  expect(runningOn(world.node).filter((one) => one.startsWith('new-'))).toHaveLength(2)
  expect(runningOn(world.node).filter((one) => one.startsWith('old-'))).toHaveLength(12)
  expect(await world.clock.runUntil(engine.loop.untilHealthy(MINUTE))).toEqual({ kind: 'healthy' })
  await engine.stop()
  expect(runningOn(world.node)).toHaveLength(2)
})

test('an image that does not exist ends the wait at once, with the object and the reason, while the rest is brought up', async () => {
  const world = createWorld()
  const missing = container('app', { image: 'registry.example/none:1' })
  const desired = desiredOf('a', [pod('good'), pod('bad', { containers: [missing] })])
  const outcome = await once(world, desired, { pullable: (image) => !image.includes('none') })
  expect(outcome).toMatchObject({
    kind: 'failed',
    objects: [{ object: 'Pod/default/bad', health: { kind: 'failed' } }],
  })
  expect(runningOn(world.node)).toEqual(['good app#0'])
  expect(world.clock.elapsedMs).toBeLessThan(30_000)
})

test('what is neither healthy nor certain to fail ends with the time that was given', async () => {
  const world = createWorld(() => ({ readyAfterMs: Infinity }))
  const probed = container('app', { readinessProbe: { exec: { command: ['probe'] } } })
  const engine = startEngine(world, desiredOf('a', [pod('web', { containers: [probed] })]))
  const outcome = await world.clock.runUntil(engine.loop.untilHealthy(MINUTE))
  expect(outcome).toMatchObject({ kind: 'timeout', objects: [{ object: 'Pod/default/web' }] })
  expect(world.clock.elapsedMs).toBe(60_000)
  await engine.stop()
})

test('objects that are ignored are not waited for', async () => {
  const world = createWorld(() => ({ readyAfterMs: Infinity }))
  const probed = container('app', { readinessProbe: { exec: { command: ['probe'] } } })
  const engine = startEngine(world, desiredOf('a', [pod('web', { containers: [probed] }), pod('other')]))
  const ignore = (object: string): boolean => object === 'Pod/default/web'
  const outcome = await world.clock.runUntil(engine.loop.untilHealthy({ ...MINUTE, ignore }))
  expect(outcome).toEqual({ kind: 'healthy' })
  await engine.stop()
})

test('an interrupted wait says so, and what runs goes on running', async () => {
  const world = createWorld()
  const engine = startEngine(world, desiredOf('a', [pod('web', { initContainers: [container('init')] })]))
  const outcome = engine.loop.untilHealthy(MINUTE)
  await world.clock.runFor(1_000)
  await engine.stop()
  expect(await outcome).toEqual({ kind: 'interrupted' })
  expect(runningOn(world.node)).toEqual(['web init#0'])
})

test('nothing is done about a node that does not answer, and its pods are not replaced', async () => {
  const world = createWorld()
  const desired = desiredOf('a', [deployment('web')])
  await once(world, desired)
  const facts = world.node.facts.length
  world.node.reachable = false
  const events: ProgressEvent[] = []
  const engine = startEngine(world, EMPTY, { onProgress: (event) => events.push(event) })
  // object records lie on the node too: without them nothing is planned at all
  await world.clock.runFor(120_000)
  expect(world.node.facts).toHaveLength(facts)
  expect(engine.loop.state().problems).toContain('node local does not answer: list: node local is not there')
  world.node.reachable = true
  expect(await world.clock.runUntil(engine.loop.untilHealthy(MINUTE))).toEqual({ kind: 'healthy' })
  expect(world.node.pods.size).toBe(0)
  await engine.stop()
  expect(events.filter(({ kind }) => kind === 'nodeChanged')).toMatchObject([
    { reachable: false },
    { reachable: true },
  ])
})

test('a node lost on the way is unknown until it answers again, then its pods are adopted as they are', async () => {
  const world = createWorld()
  const desired = desiredOf('a', [deployment('web')])
  const engine = startEngine(world, desired)
  await world.clock.runUntil(engine.loop.untilHealthy(MINUTE))
  const facts = world.node.facts.length
  world.node.reachable = false
  await world.clock.runFor(200_000)
  expect(engine.loop.state().snapshot?.observed.nodes.values().next().value).toMatchObject({
    reachable: false,
  })
  world.node.reachable = true
  await world.clock.runFor(60_000)
  expect(engine.loop.state().problems).toEqual([])
  expect(world.node.facts).toHaveLength(facts)
  await engine.stop()
})

test('no pod is created before the record that it stands on is safe', async () => {
  const world = createWorld()
  const weather: Weather = (verb) =>
    verb === 'writeObjectRecord' ? { latencyMs: 1, fault: 'refused' } : calm(verb)
  const engine = startEngine(world, desiredOf('a', [deployment('web'), pod('bare')]), { weather })
  await world.clock.runFor(60_000)
  expect(runningOn(world.node)).toEqual(['bare app#0'])
  expect(engine.loop.state().problems[0]).toContain('could not be written: writeObjectRecord: refused')
  engine.kill()
  expect(await once(world, desiredOf('a', [deployment('web'), pod('bare')]))).toEqual({ kind: 'healthy' })
})

test('a pod of which nothing could be written is tried again with growing waits, and goes with its commit', async () => {
  const world = createWorld()
  const failed: string[] = []
  const engine = startEngine(world, desiredOf('a', [pod('web')]), {
    weather: (verb) => (verb === 'createPod' ? { latencyMs: 1, fault: 'refused' } : calm(verb)),
    onProgress: (event) => {
      if (event.kind === 'actionFailed') failed.push(event.action.kind)
    },
  })
  await world.clock.runFor(600_000)
  expect(new Set(failed)).toEqual(new Set(['createPod']))
  // at once, then after 10, 20, 40, 80, 160 and 300 s with a little jitter: the last one is not due yet
  expect(failed).toHaveLength(6)
  engine.loop.setDesired(EMPTY)
  expect(await world.clock.runUntil(engine.loop.untilHealthy(MINUTE))).toEqual({ kind: 'healthy' })
  expect(engine.loop.state().snapshot?.observed.nodes.values().next().value?.pods.size).toBe(0)
  await engine.stop()
})

test('a planner that throws is reported, and the engine goes on with the next commit', async () => {
  const world = createWorld()
  const engine = startEngine(world, desiredOf('broken', [pod('web')]), {
    plan: (snapshot, now) => {
      if (snapshot.desired.commit === 'broken') throw new Error('cannot be')
      return realPlan(snapshot, now)
    },
  })
  await world.clock.runFor(60_000)
  expect(engine.loop.state().problems).toEqual(['a bug in the engine: planning failed: cannot be'])
  expect(errors(world).length).toBeLessThan(10)
  engine.loop.setDesired(desiredOf('mended', [pod('web')]))
  expect(await world.clock.runUntil(engine.loop.untilHealthy(MINUTE))).toEqual({ kind: 'healthy' })
  expect(engine.loop.state().problems).toEqual([])
  await engine.stop()
})

test('a plan that wants the same again and again is reported as a bug and slowed down', async () => {
  const world = createWorld()
  let begun = 0
  const engine = startEngine(world, EMPTY, {
    plan: ({ busy }) => ({ ...NOTHING, actions: busy.size > 0 ? [] : [deletePod('web')] }),
    onProgress: ({ kind }) => {
      if (kind === 'actionStarted') begun += 1
    },
  })
  await world.clock.runFor(600_000)
  expect(begun).toBeGreaterThan(20)
  expect(begun).toBeLessThan(50)
  expect(errors(world)).toEqual([
    'a bug in the engine: the plan wants the same action again and again, which succeeds',
  ])
  await engine.stop()
})

test('a plan that asks for a time that has passed does not make the loop spin', async () => {
  const world = createWorld()
  let plans = 0
  const engine = startEngine(world, EMPTY, {
    plan: (_, now) => {
      plans += 1
      return { ...NOTHING, requeueAt: now.subtract({ seconds: 1 }) }
    },
  })
  await world.clock.runFor(1_000)
  expect(plans).toBeLessThanOrEqual(101)
  await engine.stop()
})

test('an action that breaks in an unforeseen way becomes a failure of its pod, and the engine lives on', async () => {
  const world = createWorld()
  await once(world, desiredOf('a', [pod('web')]))
  const [made] = world.node.pods.values()
  if (made === undefined) throw new Error('no pod')
  const { uid } = made
  // What runs in it ought to have been stopped after this.
  world.node.disarm(made)
  const wrong: Action = { ...removePod('web'), uid }
  let attempts = 0
  const engine = startEngine(world, EMPTY, {
    plan: ({ busy }) => ({ ...NOTHING, actions: busy.size > 0 ? [] : [wrong] }),
    onProgress: (event) => {
      if (event.kind === 'actionFailed') attempts += 1
    },
  })
  await world.clock.runFor(10_000)
  const failures = engine.loop.state().snapshot?.observed.nodes.values().next().value?.pods.get(uid)?.failures
  expect(failures?.get('')).toMatchObject({ reason: 'InternalError', certain: false })
  expect(attempts).toBeGreaterThan(2)
  expect(attempts).toBeLessThan(10)
  expect(world.log.some(({ fields }) => fields.stack?.includes('are alive'))).toBe(true)
  expect(runningOn(world.node)).toEqual(['web app#0'])
  await engine.stop()
})

test('progress tells of each action, of pods as they come and go, and of objects as they become healthy', async () => {
  const world = createWorld()
  const events: ProgressEvent[] = []
  const onProgress = (event: ProgressEvent): number => events.push(event)
  await once(world, desiredOf('a', [pod('web')]), { onProgress })
  await once(world, EMPTY, { onProgress })
  const told = events.map(brief).filter((line) => line !== undefined)
  expect(told).toEqual([
    'started createPod',
    'ended createPod',
    'web 0/1',
    'started startContainers',
    // it is seen to run before the command has answered
    'web 0/1',
    'Pod/default/web healthy',
    'ended startContainers',
    'started updatePod',
    'ended updatePod',
    'web 1/1',
    // the next engine sees it for the first time
    'web 1/1',
    'Pod/default/web healthy',
    'started deletePod',
    'ended deletePod',
    'web 1/1 deleting',
    'started stopContainers',
    'ended stopContainers',
    'web 0/1 deleting',
    'started removePod',
    'ended removePod',
    'web gone',
  ])
})

function brief(event: ProgressEvent): string | undefined {
  switch (event.kind) {
    case 'actionStarted':
      return `started ${event.action.kind}`
    case 'actionEnded':
      return `ended ${event.action.kind}`
    case 'podChanged':
      return `web ${event.summary.ready}/${event.summary.containers}${event.summary.deleting ? ' deleting' : ''}`
    case 'podGone':
      return 'web gone'
    case 'healthChanged':
      return event.health.kind === 'healthy' ? `${event.object} healthy` : undefined
    case 'actionFailed':
    case 'actionCancelled':
    case 'nodeChanged':
    case 'nodeDamaged':
    case 'violation':
    case 'containerStarted':
    case 'containerExited':
    case 'containerWaits':
    case 'probeFailed':
    case 'probeRecovered':
    case 'imagePulling':
    case 'imagePulled':
    case 'recordChanged':
      return undefined
    default:
      return event satisfies never
  }
}
