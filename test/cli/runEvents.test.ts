import { beforeEach, expect, test } from 'vitest'
import type { RootRecord } from '../../engine/api/records.ts'
import { carryOut } from '../../engine/cli/apply.ts'
import { parseCommandLine } from '../../engine/cli/invocation.ts'
import { runEvents } from '../../engine/cli/runEvents.ts'
import { readEvents } from '../../engine/daemon/events/eventFile.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { localTransport } from '../../engine/transport/local.ts'
import type { Transport } from '../../engine/transport/transport.ts'
import { createWorld, NODE, type World } from '../simulation/loop/engine.ts'
import { deployment, desiredOf } from '../simulation/loop/manifests.ts'
import { cliWorld } from './simulated.ts'

const A = 'a'.repeat(40)
const B = 'b'.repeat(40)
const root = '/root'

let disk = ''
/** In memory: a real disk takes time, in which the virtual clock would stand still. */
const transport: Transport = {
  ...localTransport(),
  readFile: async () => new TextEncoder().encode(disk),
  appendFile: async (_, content) => {
    disk += content
  },
  writeFile: async (_, content) => {
    disk = String(content)
  },
}

beforeEach(() => {
  disk = ''
})

function recordOf(appliedCommit: string): RootRecord {
  const owner = { cluster: 'default', path: '', repository: '/srv' }
  return { recordVersion: 1, rootId: 'x', owner, podCIDR: '10.0.0.0/16', appliedCommit }
}

async function once(world: World, commit: string, before?: string): Promise<void> {
  const { runtime } = connectTo(world.node)
  const cli = cliWorld(world)
  const station = { root, transport, record: before === undefined ? undefined : recordOf(before) }
  const job = {
    desired: desiredOf(commit, [deployment('web', { replicas: 1 })]),
    machine: { node: NODE, runtime, runtimes: new Map([[NODE, runtime]]) },
    timeoutMs: 60_000,
    events: runEvents(station, cli),
  }
  expect(await world.clock.runUntil(carryOut(job, parseCommandLine(cli.argv), cli))).toBe(0)
}

async function kept(world: World): Promise<readonly string[]> {
  const { history } = await readEvents(transport, root)
  return history
    .all(world.clock.now())
    .map(({ count, involvedObject: { kind, name }, reason }) => `${reason} ${kind}/${name} ${count}`)
}

test('what --once does is kept, from the commit to its pods', async () => {
  const world = createWorld()
  await once(world, A)
  const events = await kept(world)
  for (const start of [
    'CommitApplied Cluster/default 1',
    'Scheduled Pod/web-',
    'Started Pod/web-',
    'CommitHealthy Cluster/default 1',
  ])
    expect(
      events.find((line) => line.startsWith(start)),
      start,
    ).toBeDefined()
})

test('a second run of the same commit is no news, one of another is', async () => {
  const world = createWorld()
  await once(world, A)
  const before = (await kept(world)).filter((line) => !line.startsWith('NodeReady'))
  await once(world, A, A)
  expect((await kept(world)).filter((line) => !line.startsWith('NodeReady')).toSorted()).toEqual(
    before.toSorted(),
  )
  await once(world, B, A)
  expect((await kept(world)).filter((line) => line.startsWith('CommitApplied'))).toHaveLength(2)
})

test('a commit that is held is kept with what it would delete', async () => {
  const world = createWorld()
  const held = { kind: 'held', commit: B, reasons: ['it is empty'], objects: [], data: [] } as const
  await runEvents({ root, transport, record: recordOf(A) }, cliWorld(world)).held(held)
  expect(await kept(world)).toEqual(['CommitHeld Cluster/default 1'])
})
