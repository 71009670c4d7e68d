import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { World, eventually } from '../support/engine.ts'
import { runningContainers } from '../support/containers.ts'
import { machineTraces, NO_TRACES } from '../support/machine.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

let registry: Registry

beforeAll(async () => {
  registry = await startRegistry()
})

afterAll(async () => {
  await registry[Symbol.asyncDispose]()
})

const POD = `apiVersion: v1
kind: Pod
metadata: {name: main}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - {name: main, image: "busybox:1.36", command: ["sleep", "3600"]}
`

test('a second repository on the same root is refused with both names, and runs on a root beside it', async () => {
  await using first = await World.create({
    registry: registry.url,
    cluster: 'first',
  })
  await using second = await World.create({
    registry: registry.url,
    cluster: 'second',
  })
  await first.commit({ 'pod.yaml': POD })
  await second.commit({ 'pod.yaml': POD })
  expect((await first.once()).exitCode).toBe(0)

  const refused = await first.run('--once', '--repo', second.repo)
  expect(refused.exitCode).toBe(3)
  expect(refused.stderr).toContain('first')
  expect(refused.stderr).toContain('second')
  expect(refused.stderr).toContain('--take-over')
  expect(await runningContainers(first.root)).toHaveLength(1)

  expect((await second.once()).exitCode).toBe(0)
  expect(await runningContainers(first.root)).toHaveLength(1)
  expect(await runningContainers(second.root)).toHaveLength(1)
  const [a, b] = [(await first.pod('main')).status.podIP, (await second.pod('main')).status.podIP]
  const network = (address = '') => address.split('.', 2)
  expect(network(a)).toEqual(network(first.ranges.podCIDR))
  expect(network(b)).toEqual(network(second.ranges.podCIDR))
})

const NEVER_READY = `apiVersion: v1
kind: Pod
metadata: {name: never}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - name: main
      image: busybox:1.36
      command: ["sleep", "3600"]
      readinessProbe: {exec: {command: ["false"]}, periodSeconds: 1}
`

test('a root that another engine works on is refused, and the message names that engine', async () => {
  await using world = await World.create({ registry: registry.url })
  await world.commit({ 'pod.yaml': NEVER_READY })
  const working = world.start('--once', '--approve', '--repo', world.repo)
  await eventually(
    () => runningContainers(world.root),
    (containers) => containers.length === 1,
  )
  const refused = await world.once()
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toContain(String(working.pid))
  working.kill('SIGINT')
  expect((await working).exitCode).toBe(130)
})

test('a commit that is refused on a new root leaves nothing in the kernel', async () => {
  await using world = await World.create({ registry: registry.url })
  await using taken = await World.create({ registry: registry.url })
  await taken.commit({ 'pod.yaml': POD })
  expect((await taken.once()).exitCode).toBe(0)
  await world.commit({ 'cluster.yaml': clusterWith(taken.ranges.podCIDR), 'pod.yaml': POD })
  const refused = await world.once()
  expect(refused.stderr).toContain('overlaps')
  expect(refused.exitCode).not.toBe(0)
  expect(machineTraces(world.root)).toEqual(NO_TRACES)
})

test('a root that an engine was killed in while it took it is taken by the next one', async () => {
  await using world = await World.create({ registry: registry.url })
  await world.commit({})
  mkdirSync(world.root)
  writeFileSync(join(world.root, '.root.json.1.tmp'), '{')
  const { exitCode, stderr } = await world.once()
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
})

function clusterWith(podCIDR: string): string {
  return `apiVersion: reconcile.dev/v1
kind: Cluster
metadata: {name: e2e}
spec: {podCIDR: ${podCIDR}}
`
}
