import { expect, test } from 'vitest'
import { World } from '../support/engine.ts'
import { fleetOptions, nodesYaml } from '../support/hosts/fleet.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { ownHosts } from '../support/hosts/ownFleet.ts'
import { rootIdOf } from '../support/machine.ts'
import { files } from '../support/pods.ts'
import { ownRanges } from '../support/ranges.ts'
import { inPod, serverAt } from './fleetPods.ts'
import { ask } from './services/pods.ts'

const { podCIDR, podCIDR6, serviceCIDR } = await ownRanges()

let hosts: Hosts
let world: World

ownHosts([['one', 'two']], async (ownHosts, registry, made) => {
  hosts = ownHosts
  const options = fleetOptions(hosts, registry)
  // The engine's own machine is one of them.
  const within = [...hosts.host('one').within, ...options.within]
  const ranges = { podCIDR: `${podCIDR},${podCIDR6}`, serviceCIDR }
  world = made.use(await World.create({ ...options, within, ranges }))
})

async function run(commitFiles: Readonly<Record<string, string>>): Promise<void> {
  await world.commit(commitFiles)
  const { exitCode, stderr } = await world.once('--timeout', '60s')
  expect(exitCode, stderr).toBe(0)
}

/** Whom it is, where it is reached by IPv6, and what its network is seen from. */
async function look(name: string) {
  const pod = await world.pod(name)
  const { podIPs = [] } = pod.status as { readonly podIPs?: readonly { readonly ip: string }[] }
  return { uid: pod.metadata.uid, six: podIPs[1]?.ip ?? '', within: inPod(hosts, world, pod) }
}

test('pods that a machine had when it was alone reach those of another one by IPv6 as they run', async () => {
  await run(files(serverAt('one', '::')))
  const alone = await look('on-one')
  const bridge = `rc-${rootIdOf(world.root)}`
  const routes = () => hosts.host('one').run('ip', '-6', 'route', 'show', 'dev', bridge)
  expect(routes()).toContain(podCIDR6)
  const here = { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name: 'one' } }
  const fleet = {
    'two.json': nodesYaml(hosts, ['two']),
    ...files(here, serverAt('one', '::'), serverAt('two', '::')),
  }
  await run(fleet)
  const [one, two] = [await look('on-one'), await look('on-two')]
  expect([one.uid, one.six]).toEqual([alone.uid, alone.six])
  expect(routes()).toContain(podCIDR6.replace('/64', '/80'))
  expect(routes()).not.toContain(podCIDR6)
  expect(await ask(two.six, 8080, 3, { within: one.within })).toEqual({ [`on-two ${one.six}`]: 3 })
  expect(await ask(one.six, 8080, 3, { within: two.within })).toEqual({ [`on-one ${two.six}`]: 3 })
  // Nodes without an address of IPv6 have the tunnel for it, and it alone.
  expect(hosts.host('one').run('ip', 'route')).toContain(`via ${hosts.host('two').address} dev eth0`)
  expect(hosts.host('one').run('ip', '-6', 'route')).toContain(`dev ${bridge}-v`)
})
