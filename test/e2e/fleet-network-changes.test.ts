import { execa } from 'execa'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { DaemonProcess } from '../support/daemon.ts'
import { eventually, type World } from '../support/engine.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { nodesYaml } from '../support/hosts/fleet.ts'
import { ownFleet } from '../support/hosts/ownFleet.ts'
import { type Damage, expectPutRight } from '../support/hosts/putRight.ts'
import { rootIdOf } from '../support/machine.ts'
import { files } from '../support/pods.ts'
import { addressIn } from '../support/ranges.ts'
import { inPod, NODES, serverOn } from './fleetPods.ts'
import { ask, byPod, PEER, service } from './services/pods.ts'

let hosts: Hosts
let world: World
let daemon: DaemonProcess

ownFleet(
  [['one', 'two'], ['three']],
  async (ownHosts, ownWorld, made) => {
    hosts = ownHosts
    world = ownWorld
    daemon = made.use(new DaemonProcess(world))
    await commit('one', 'two', 'three')
  },
  { sync: { resyncIntervalSeconds: 2, maxDeletePercent: 100 } },
)

/** With a pod on each of these, behind one Service. */
async function commit(...names: readonly string[]): Promise<void> {
  const from = daemon.lines.length
  const web = service('web', 'web', { clusterIP: address() })
  const id = await world.commit({
    'nodes.json': nodesYaml(hosts, NODES),
    ...files(...names.map(serverOn), web),
  })
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === id, { from })
}

function address(): string {
  return addressIn(world.ranges.serviceCIDR, 20)
}

/** Who answers at the Service's address to a pod on the first node. */
async function answering(): Promise<readonly string[]> {
  const within = inPod(hosts, world, await world.pod('on-one'))
  return [...byPod(await ask(address(), 80, 30, { within })).keys()].toSorted()
}

/** What a node knows of others, also while the link is gone. */
const KNOWN = `{ ip route; ip -o neighbour show dev "$0" nud permanent; bridge fdb show dev "$0"; cat "/sys/class/net/$0/mtu"; } 2>&1; true`
const ALL = ['on-one', 'on-three', 'on-two']

test('routes, the tunnel and what it knows are put back when somebody takes them away', async () => {
  const link = `rc-${rootIdOf(world.root)}-v`
  const one = hosts.host('one')
  const routes = one.run('ip', 'route')
  const known = () => one.run('sh', '-c', KNOWN, link)
  const [plain = ''] = routes.split('\n').filter((line) => line.includes(hosts.host('two').address))
  const damages: readonly Damage[] = [
    ['ip', 'route', 'delete', plain.split(' ')[0] ?? ''],
    ['ip', 'link', 'delete', link],
    ['ip', 'neighbour', 'flush', 'dev', link, 'nud', 'permanent'],
    ['ip', 'link', 'set', link, 'mtu', '1200'],
    ['ip', 'link', 'set', link, 'down'],
  ]
  await expectPutRight(one, damages, known)
  const told = 'what leads to the pods of other nodes was changed by somebody: it was set again'
  await daemon.until(({ message, node }) => node === 'one' && message.includes(told))
  expect(await answering()).toEqual(ALL)
})

test('a connection to a pod of another node ends with the pod, and nothing is remembered of it', async () => {
  const one = hosts.host('one')
  const { podIP = '' } = (await world.pod('on-three')).status
  const [program = '', ...args] = inPod(hosts, world, await world.pod('on-one'))
  const hold = [...args, process.execPath, PEER, 'hold', address(), '80']
  // Whom the kernel leads it to is chance.
  const flows = () => one.run('sh', '-c', 'conntrack -L -r "$0" 2>/dev/null', podIP)
  const connect = () => execa(program, hold, { reject: false })
  const held: ReturnType<typeof connect>[] = []
  while (!flows().includes('ESTABLISHED')) {
    const connection = connect()
    await once(connection.stdout, 'data')
    held.push(connection)
  }
  await commit('one', 'two')
  // The last one was its.
  await held.pop()
  await eventually(
    async () => flows(),
    (text) => text === '',
    20_000,
  )
  expect(await answering()).toEqual(['on-one', 'on-two'])
  for (const connection of held) connection.kill()
  await Promise.all(held)
})

test('a node that is cut off is led to no more, and holds up nothing on the others', async () => {
  await commit('one', 'two', 'three')
  await eventually(answering, (names) => names.length === 3)
  const three = hosts.host('three')
  three.cut()
  // Its own pod cannot be asked meanwhile.
  const within = inPod(hosts, world, await world.pod('on-one'))
  const names = async () => [...byPod(await ask(address(), 80, 30, { within })).keys()].toSorted()
  await eventually(names, (all) => all.join() === 'on-one,on-two')
  const web = service('web', 'web', { clusterIP: address() })
  await world.commit({
    'nodes.json': nodesYaml(hosts, NODES),
    ...files(serverOn('one'), serverOn('three'), web),
  })
  await eventually(names, (all) => all.join() === 'on-one')
  expect(hosts.host('one').run('ip', 'route')).toContain(`-v onlink`)
  three.mend()
  await eventually(names, (all) => all.join() === 'on-one,on-three')
}, 180_000)
