import { expect, test } from 'vitest'
import { parseCommandLine } from '../../engine/cli/invocation.ts'
import { simulate } from '../../engine/cli/simulate.ts'
import type { Desired } from '../../engine/api/snapshot.ts'
import { observeOnce } from '../../engine/reconciler/observeOnce.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { createWorld, NODE, once, type World } from '../simulation/loop/engine.ts'
import { deployment, desiredOf } from '../simulation/loop/manifests.ts'
import { cliWorld, type Shown } from './simulated.ts'

async function simulated(world: World, desired: Desired, ...argv: readonly string[]): Promise<Shown> {
  const runtimes = new Map([[NODE, connectTo(world.node).runtime]])
  const snapshot = await world.clock.runUntil(observeOnce(runtimes, desired, world.clock))
  const cli = cliWorld(world, { argv: ['plan', ...argv] })
  const invocation = parseCommandLine(cli.argv)
  const scenario = invocation.texts('simulate').join(', ')
  const status = await simulate({ scenario, snapshot, head: NODE }, invocation, cli)
  return { status, ...cli.shown() }
}

async function running(): Promise<{ readonly world: World; readonly desired: Desired }> {
  const world = createWorld()
  const desired = desiredOf('a'.repeat(40), [deployment('web', { replicas: 2 })])
  await once(world, desired)
  return { world, desired }
}

test('each step is told with its time and its reason, and at the end how things would stand', async () => {
  const { world, desired } = await running()
  const shown = await simulated(world, desired, '--simulate', 'object=Deployment/web replicas=3')
  expect(shown.status).toBe(0)
  const lines = shown.stdout.split('\n')
  expect(lines[0]).toBe('if object=Deployment/web replicas=3:')
  expect(lines[2]).toMatch(/^ {2}\+0\.0s +pod default\/web-\S+: is made on local: 3 of 3 of web-/)
  expect(shown.stdout).toMatch(/\+0\.\ds +pod default\/web-\S+: ready\n/)
  expect(shown.stdout).toMatch(/\nafter 0\.\ds nothing more happens\n/)
  expect(shown.stdout).toMatch(/\nlocal +3 +answers\n/)
  expect(shown.stdout).toContain('all objects are healthy')
  expect(world.node.pods.size).toBe(2)
})

test('several things may happen at once, and a document may be asked for', async () => {
  const { world, desired } = await running()
  const both = ['--simulate', 'node=two added', '--simulate', 'node=local drained']
  const shown = await simulated(world, desired, ...both, '-o', 'json', '--detailed-exitcode')
  expect(shown.status).toBe(2)
  expect(JSON.parse(shown.stdout)).toMatchObject({
    kind: 'Simulation',
    scenario: 'node=two added, node=local drained',
    settled: true,
    nodes: [
      { name: 'local', pods: 0 },
      { name: 'two', pods: 2 },
    ],
    objects: [
      { object: 'Deployment/default/web', health: { kind: 'healthy' } },
      { object: expect.stringMatching(/^ReplicaSet/) },
    ],
  })
})

test('what would not fit says so', async () => {
  const { world, desired } = await running()
  const shown = await simulated(
    world,
    desired,
    '--simulate',
    'node=local unschedulable, object=Deployment/web replicas=3',
  )
  expect(shown.stdout).toMatch(
    /Deployment default\/web: .*0\/1 nodes are available: 1 node\(s\) were unschedulable/i,
  )
})

test('where nothing happens it says that, and what cannot be is an error', async () => {
  const { world, desired } = await running()
  const shown = await simulated(world, desired, '--simulate', 'object=Deployment/web replicas=2')
  expect(shown.stdout).toContain('nothing happens')
  await expect(simulated(world, desired, '--simulate', 'node=x down')).rejects.toThrow(
    '--simulate: there is no node x: there is local',
  )
})
