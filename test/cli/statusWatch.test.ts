import { expect, test } from 'vitest'
import { NO_MEMORY } from '../../engine/api/sync.ts'
import type { Desired } from '../../engine/api/snapshot.ts'
import { parseCommandLine } from '../../engine/cli/invocation.ts'
import type { StatusLook } from '../../engine/cli/statusLook.ts'
import { watchStatus } from '../../engine/cli/statusWatch.ts'
import type { SyncState } from '../../engine/daemon/syncState.ts'
import { plan } from '../../engine/planner/plan.ts'
import { observeOnce } from '../../engine/reconciler/observeOnce.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { localTransport } from '../../engine/transport/local.ts'
import type { Transport } from '../../engine/transport/transport.ts'
import { createWorld, NODE, startEngine } from '../simulation/loop/engine.ts'
import { desiredOf, pod } from '../simulation/loop/manifests.ts'
import { cliWorld } from './simulated.ts'

const A = 'a'.repeat(40)

/** Nobody tells of changes: they are found by looking every two seconds. */
const transport: Transport = {
  ...localTransport(),
  async *watch(_, signal) {
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
  },
}

/** What `status -w` prints while a container crashes once and the repository is gone for a while. */
async function watched(argv: readonly string[], tty = false): Promise<string> {
  const world = createWorld(({ attempt }) => (attempt === 0 ? { exitAfterMs: 20_000, exitCode: 3 } : {}))
  const desired = desiredOf(A, [pod('one')])
  const engine = startEngine(world, desired)
  await world.clock.runFor(10_000)
  const ending = new AbortController()
  const cli = cliWorld(world, { argv, tty, signal: ending.signal })
  const startedAt = world.clock.now()
  const look = async (): Promise<StatusLook> => {
    const runtimes = new Map([[NODE, connectTo(world.node).runtime]])
    const snapshot = await observeOnce(runtimes, desired, world.clock)
    const now = world.clock.now()
    const seconds = now.since(startedAt).total('seconds')
    return lookOf(desired, { plan: plan(snapshot, now), snapshot, filter: () => true }, now, seconds)
  }
  const running = watchStatus(look, parseCommandLine(argv), cli)
  await world.clock.runFor(60_000)
  ending.abort()
  expect(await world.clock.runUntil(running)).toBe(0)
  await engine.stop()
  return cli.shown().stdout
}

function lookOf(
  desired: Desired,
  input: StatusLook['input'],
  now: Temporal.Instant,
  seconds: number,
): StatusLook {
  const owner = { cluster: 'home', path: '', repository: '/srv' }
  const record = { recordVersion: 1, rootId: 'x', owner, podCIDR: '10.0.0.0/16', appliedCommit: A }
  const at = '2026-01-01T00:00:00Z'
  const trouble = { message: 'no route', failures: 2, since: at }
  const state: SyncState = {
    source: { repository: '/srv', path: '' },
    startedAt: at,
    lastLookAt: at,
    applied: { commit: A, at },
    healthyAt: at,
    suspended: [],
    ...(seconds > 30 && seconds < 40 && { trouble }),
  }
  return {
    station: { root: '/root', transport, record },
    desired,
    input,
    sync: { applied: A, memory: NO_MEMORY, engine: { pid: 7, state } },
    now,
    warnings: [],
  }
}

test('elsewhere than on a terminal it is how things stand, and then a line for each change', async () => {
  const text = await watched(['status', '-w'])
  const lines = text.trimEnd().split('\n')
  expect(lines.slice(0, 3)).toEqual([
    'the engine (process 7, for 10s) follows /srv; looked 10s ago',
    'commit aaaaaaaaaaaa is applied; healthy for 10s',
    'cluster home, from /srv',
  ])
  const changes = lines.slice(lines.findIndex((line) => line.includes('pod/one')) + 1)
  expect(changes).toEqual([
    expect.stringMatching(/^pod default\/one: ready, restarted \(1 in all\)$/),
    expect.stringMatching(/^TROUBLE: the repository cannot be read for 4\ds \(2 failures\): no route$/),
  ])
})

test('on a terminal it is one picture, drawn anew when it is another one', async () => {
  const text = await watched(['status', '-w'], true)
  const pictures = text.split('\u001b[J')
  expect(pictures.length).toBeGreaterThan(10)
  for (const picture of pictures) expect(picture).toMatch(/^the engine \(process 7, for \S+\) follows/)
  expect(pictures.filter((picture) => picture.includes('TROUBLE: ')).length).toBeGreaterThan(1)
  expect(pictures.at(-1)).toContain('1 (')
  expect(pictures.at(-1)).not.toContain('TROUBLE: ')
})

test('with -o json each List that is another one is a line', async () => {
  const lines = (await watched(['status', '-w', '-o', 'json'])).trimEnd().split('\n')
  expect(lines.length).toBeGreaterThan(2)
  expect(lines.filter((line, index) => line === lines[index - 1])).toEqual([])
  for (const line of lines) expect(JSON.parse(line)).toMatchObject({ kind: 'List' })
})
