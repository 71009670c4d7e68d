import { availableParallelism } from 'node:os'
import { expect, test } from 'vitest'
import { eventually, type World } from '../support/engine.ts'
import { sleeperYaml } from '../support/manifests.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { runningContainers } from '../support/containers.ts'

let world: World

ownWorld((own) => {
  world = own
})

const CLASS = `apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: high}
value: 1000
`

/** Asks for more than half of the machine's processors. */
function pod(name: string, spec = ''): string {
  const requests = `{cpu: ${availableParallelism() * 600}m}`
  return sleeperYaml(name, { more: `, resources: {requests: ${requests}}` }) + spec
}

test('a pod for which there is no room says why, and one of a higher priority makes room for itself', async () => {
  await world.commit({ 'a.yaml': pod('a') })
  expect((await world.once()).exitCode).toBe(0)
  await world.commit({ 'a.yaml': pod('a'), 'b.yaml': pod('b') })
  const full = await world.once('--timeout', '5s')
  expect(full.exitCode).toBe(1)
  expect(full.stderr).toContain(
    '0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available',
  )

  await world.commit({
    'class.yaml': CLASS,
    'b.yaml': pod('b', '  priorityClassName: high\n'),
    'a.yaml': pod('a'),
  })
  const pushing = world.start('--once', '--approve', '--repo', world.repo)
  const running = await eventually(
    async () => (await world.pods()).filter(({ status }) => status.phase === 'Running'),
    ([first]) => first?.metadata.name === 'b',
  )
  // The other one waits for room, for as long as it takes.
  pushing.kill('SIGINT')
  expect((await pushing).exitCode).toBe(130)
  expect(running).toHaveLength(1)
  expect(await runningContainers(world.root)).toHaveLength(1)
}, 120_000)
