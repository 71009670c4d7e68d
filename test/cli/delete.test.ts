import { expect, test } from 'vitest'
import type { StatefulSet } from '../../engine/api/generated/types.ts'
import { deletePod } from '../../engine/cli/deletePod.ts'
import { parseCommandLine } from '../../engine/cli/invocation.ts'
import { listPods } from '../../engine/cli/pods.ts'
import { emptyDesired } from '../../engine/cli/station.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { createWorld, NODE, startEngine, type World } from '../simulation/loop/engine.ts'
import { container, deployment, desiredOf, pod } from '../simulation/loop/manifests.ts'
import { cliWorld, once, type Shown } from './simulated.ts'

const ID = 'a'.repeat(40)
const WANTED = desiredOf(ID, [deployment('web', { replicas: 2 }), pod('alone')])

interface Options {
  readonly engineRuns?: boolean
  readonly timeoutMs?: number
  /** Meanwhile, on record. */
  readonly asked?: () => void
}

/** `reconcile delete`, of the first pod whose name begins so. */
async function deleted(world: World, prefix: string, options: Options = {}): Promise<Shown> {
  const { runtime } = connectTo(world.node)
  const cli = cliWorld(world, { argv: ['delete', prefix] })
  const found = (await world.clock.runUntil(listPods(runtime, cli))).find(({ name }) =>
    name.startsWith(prefix),
  )
  if (found === undefined) throw new Error(`no pod ${prefix}`)
  const tell: typeof runtime.tell = async (uid, signal) => {
    options.asked?.()
    await runtime.tell(uid, signal)
  }
  const told = { ...runtime, tell }
  const machine = { node: NODE, runtime: told, runtimes: new Map([[NODE, told]]) }
  const lock = async () =>
    options.engineRuns === true ? undefined : { [Symbol.asyncDispose]: async () => {} }
  const deleting = { machine, desired: emptyDesired(undefined), timeoutMs: options.timeoutMs ?? 60_000, lock }
  const status = await world.clock.runUntil(deletePod(found, deleting, parseCommandLine(cli.argv), cli))
  return { status, ...cli.shown() }
}

const names = (world: World) =>
  [...world.node.pods.values()].map(({ record }) => record.pod.metadata.name ?? '').toSorted()

test('without an engine the pod ends with its grace, the others stay, and the next run makes another one', async () => {
  const world = createWorld()
  await once(world, WANTED)
  const [, ...others] = names(world).filter((name) => name.startsWith('web-'))
  const shown = await deleted(world, 'web-')
  expect(shown).toMatchObject({ status: 0, stderr: expect.stringMatching(/pod default\/web-\S+: removed\n/) })
  expect(shown.stdout).toMatch(
    /^pod default\/web-\S+ is gone; ReplicaSet default\/web-\S+ makes another one if it wants one, with the next reconcile --once\n$/,
  )
  expect(names(world)).toEqual(['alone', ...others])
  const again = await once(world, WANTED)
  expect(again.stdout).toBe(`commit ${ID.slice(0, 12)}: 1 pod created, 2 pods unchanged; all is healthy\n`)
})

test('a running engine finds the deletion on record, ends the pod and makes another one', async () => {
  const world = createWorld()
  const engine = startEngine(world, WANTED)
  await world.clock.runUntil(engine.loop.untilHealthy({ timeoutMs: 60_000 }))
  const before = world.node.pods.keys().toArray()
  const began = world.clock.elapsedMs
  const shown = await deleted(world, 'alone', { engineRuns: true })
  expect(shown.stdout).toBe('pod default/alone is gone; it is made again if the repository still has it\n')
  // It was told, and did not find out when it next looked at the whole node.
  expect(world.clock.elapsedMs - began).toBeLessThan(40_000)
  await world.clock.runUntil(engine.loop.untilHealthy({ timeoutMs: 60_000 }))
  expect(names(world)).toContain('alone')
  expect(
    world.node.pods
      .keys()
      .filter((uid) => !before.includes(uid))
      .toArray(),
  ).toHaveLength(1)
  await engine.stop()
  expect(world.log.filter(({ level }) => level === 'error')).toEqual([])
})

test('a deletion that the engine wrote over is asked for again', async () => {
  const world = createWorld()
  const engine = startEngine(world, WANTED)
  await world.clock.runUntil(engine.loop.untilHealthy({ timeoutMs: 60_000 }))
  let asked = 0
  const [alone] = [...world.node.pods.values()].filter(({ record }) => record.pod.metadata.name === 'alone')
  if (alone === undefined) throw new Error('no pod alone')
  const { record } = alone
  const overwritten = () => {
    asked += 1
    if (asked === 1) alone.record = { ...record, generation: record.generation + 2 }
  }
  const shown = await deleted(world, 'alone', { engineRuns: true, asked: overwritten })
  expect(shown.status).toBe(0)
  expect(asked).toBe(2)
  await engine.stop()
})

test('a pod that nobody ends in time is an error that says that it is still to go', async () => {
  const world = createWorld()
  await once(world, WANTED)
  await expect(deleted(world, 'alone', { engineRuns: true, timeoutMs: 1_000 })).rejects.toThrow(
    'pod default/alone did not end within 1 s: it is to go all the same; run reconcile delete default/alone again to go on',
  )
  expect((await deleted(world, 'alone')).status).toBe(0)
})

test('a pod of a StatefulSet with OnDelete comes back of the newest template, the others stay as they are', async () => {
  const world = createWorld()
  await once(world, desiredOf(ID, [statefulSet('one')]))
  const wanted = desiredOf('b'.repeat(40), [statefulSet('two')])
  const images = () =>
    [...world.node.pods.values()]
      .map(({ record }) => `${record.pod.metadata.name}=${record.pod.spec.containers[0]?.image}`)
      .toSorted()
  await once(world, wanted)
  expect(images()).toEqual(['db-0=one', 'db-1=one'])
  const shown = await deleted(world, 'db-1')
  expect(shown.stdout).toBe(
    'pod default/db-1 is gone; StatefulSet default/db makes another one if it wants one, with the next reconcile --once\n',
  )
  await once(world, wanted)
  expect(images()).toEqual(['db-0=one', 'db-1=two'])
})

function statefulSet(image: string): StatefulSet {
  return {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'db', namespace: 'default' },
    spec: {
      replicas: 2,
      selector: { matchLabels: { app: 'db' } },
      updateStrategy: { type: 'OnDelete' },
      template: { metadata: { labels: { app: 'db' } }, spec: { containers: [container('app', { image })] } },
    },
  }
}
