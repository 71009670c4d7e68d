import { afterAll, beforeAll, expect, test } from 'vitest'
import { World, eventually } from '../support/engine.ts'
import { type Registry, startRegistry } from '../support/registry.ts'
import { runningContainers } from '../support/containers.ts'

let registry: Registry
let world: World

beforeAll(async () => {
  registry = await startRegistry()
  world = await World.create({ podCIDR: '10.212.0.0/16', registry: registry.url })
})

afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

const POD = `apiVersion: v1
kind: Pod
metadata: {name: phoenix}
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - {name: main, image: "busybox:1.36", command: ["sleep", "3600"]}
`

/** Kills the container's process and waits until there is another one; resolves to the milliseconds that it took. */
async function killAndAwait(): Promise<number> {
  // Before `runc start` the process is runc's own: to kill that one is another story.
  const [victim] = await eventually(
    () => runningContainers(world.root),
    (now) => now[0]?.command === 'sleep 3600',
  )
  if (victim === undefined) throw new Error('no container runs')
  const began = performance.now()
  process.kill(victim.pid, 'SIGKILL')
  await eventually(
    () => runningContainers(world.root),
    (now) => now.length === 1 && now[0]?.pid !== victim.pid,
  )
  return performance.now() - began
}

test('with no engine running, a killed container is back at once, then after 10 s, then after 20 s', async () => {
  await world.commit({ 'pod.yaml': POD })
  expect((await world.once()).exitCode).toBe(0)
  expect(await killAndAwait()).toBeLessThan(8_000)
  const second = await killAndAwait()
  expect(second).toBeGreaterThanOrEqual(10_000)
  const third = await killAndAwait()
  expect(third).toBeGreaterThanOrEqual(20_000)
  const status = (await world.pod('phoenix')).status.containerStatuses?.[0]
  expect(status).toMatchObject({
    restartCount: 3,
    lastState: { terminated: { exitCode: 137, reason: 'Error' } },
  })
  const shown = await world.run('status')
  expect(shown.stdout).toMatch(/phoenix.*\b3\b/)
}, 120_000)
