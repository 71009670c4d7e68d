import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { runningContainers } from '../support/containers.ts'
import { sleeper, workload } from '../support/manifests.ts'
import { files } from '../support/pods.ts'
import { Random } from '../support/random.ts'
import { machineTraces, rootIdOf } from '../support/machine.ts'
import { RUNTIME } from '../support/runtimes.ts'

let world: World

ownWorld((own) => {
  world = own
})

const REPLICAS = 4
const MOMENTS = 20
/** The whole rollout takes about this long; the kills are spread over it. */
const SPREAD_MS = 2500

function web(version: number): Readonly<Record<string, string>> {
  const strategy = { rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } }
  const containers = [sleeper(10_000 + version)]
  return files(workload('Deployment', 'web', { containers }, { replicas: REPLICAS, strategy }))
}

test('the engine is killed at twenty random moments of rollouts; each time the next run ends in the same state, with nothing left over', async () => {
  const seed = Number(process.env['RECONCILE_SEED'] ?? 20261121)
  const random = new Random(seed)
  await world.commit(web(0))
  expect((await world.once()).exitCode).toBe(0)
  for (let moment = 1; moment <= MOMENTS; moment += 1) {
    await world.commit(web(moment))
    const doomed = world.start('--once', '--approve', '--repo', world.repo)
    const delay = setTimeout(() => doomed.kill('SIGKILL'), random.next() * SPREAD_MS)
    await doomed
    clearTimeout(delay)
    const next = await world.once()
    expect(next, `seed ${seed}, moment ${moment}: ${next.stderr}`).toMatchObject({ exitCode: 0 })
    const commands = (await runningContainers(world.root)).map((container) => container.command)
    expect(commands, `seed ${seed}, moment ${moment}`).toEqual(
      Array.from({ length: REPLICAS }, () => `sleep ${10_000 + moment}`),
    )
    const pods = await world.pods()
    expect(pods.map((pod) => pod.status.containerStatuses?.[0]?.restartCount)).toEqual(
      Array.from({ length: REPLICAS }, () => 0),
    )
  }
  // Of what was cut off nothing is left: a container has an overlay, a pod its namespaces, address, link and cgroups.
  const run = `/run/reconcile/${rootIdOf(world.root)}`
  const { cgroups, links, mounts } = machineTraces(world.root)
  // docker has its own elsewhere; and for each pod one container more, which leads to the pod's namespaces.
  if (world.dockerd === undefined)
    expect(mounts.filter((mount) => mount.includes(' - overlay '))).toHaveLength(REPLICAS)
  else expect(world.dockerd.run('ps', '--all', '--quiet').split('\n')).toHaveLength(2 * REPLICAS)
  expect(mounts.filter((mount) => mount.includes(' nsfs '))).toHaveLength(3 * REPLICAS)
  expect(links).toHaveLength(1 + REPLICAS)
  const addresses = readdirSync(join(run, 'addresses', `reconcile-${rootIdOf(world.root)}`))
  expect(addresses.filter((name) => /^\d/.test(name))).toHaveLength(REPLICAS)
  for (const group of cgroups) {
    expect(readdirSync(group).filter((name) => name.startsWith('pod'))).toHaveLength(REPLICAS)
  }
  expect(readdirSync(join(run, 'pods'))).toHaveLength(REPLICAS)
  // The others keep their states elsewhere.
  if (RUNTIME === 'oci') expect(readdirSync(join(run, 'runtime'))).toHaveLength(REPLICAS)
  expect(readdirSync(join(world.root, 'pods'))).toHaveLength(REPLICAS)
  expect((await world.pods()).map((pod) => pod.status.phase)).toEqual(
    Array.from({ length: REPLICAS }, () => 'Running'),
  )
}, 300_000)
