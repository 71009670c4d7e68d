import { execa } from 'execa'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DaemonProcess } from '../support/daemon.ts'
import { eventually, type ShownPod, type World } from '../support/engine.ts'
import type { HostState } from '../support/hostState.ts'
import { nodesYaml } from '../support/hosts/fleet.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { ownFleet } from '../support/hosts/ownFleet.ts'
import { type Damage, expectPutRight } from '../support/hosts/putRight.ts'
import { rootIdOf } from '../support/machine.ts'
import { files } from '../support/pods.ts'
import { addressIn, ownRanges } from '../support/ranges.ts'
import { ECHO, inPod, NODES, serverAt, serverOn } from './fleetPods.ts'
import { ask, byPod, MACHINE_VOLUME, peerContainer, service } from './services/pods.ts'

const ranges = await ownRanges()
const PODS6 = ranges.podCIDR6.replace('/64', '/56')
/** Of the link that two of the nodes share. The third one is beyond a router, which knows IPv4 alone. */
const LINK6 = ranges.podCIDR6.replace('::/64', ':2::/64')
const NODES6 = { one: addressIn(LINK6, 11), two: addressIn(LINK6, 12) }
const SIX = addressIn(ranges.serviceCIDR6, 20)
const NOBODY = addressIn(ranges.serviceCIDR6, 21)
const [NODE_PORT, HOST_PORT] = [30_285, 18_285]
const ALL = ['on-one', 'on-three', 'on-two']

let hosts: Hosts
let world: World
let daemon: DaemonProcess
let before: readonly HostState[]

ownFleet(
  [['one', 'two'], ['three']],
  async (ownHosts, ownWorld, made) => {
    hosts = ownHosts
    world = ownWorld
    for (const [name, address] of Object.entries(NODES6))
      hosts.host(name).run('ip', 'address', 'add', `${address}/64`, 'dev', 'eth0', 'nodad')
    before = await states()
    await world.commit({ 'nodes.json': nodesYaml(hosts, NODES) })
    daemon = made.use(new DaemonProcess(world))
  },
  {
    ranges: {
      podCIDR: ranges.podCIDR,
      serviceCIDR: `${ranges.serviceCIDR},${ranges.serviceCIDR6}`,
    },
    sync: { resyncIntervalSeconds: 2, maxDeletePercent: 100 },
  },
)

async function states(): Promise<readonly HostState[]> {
  return await Promise.all(NODES.map(async (name) => await hosts.host(name).state()))
}

async function commit(commitFiles: Readonly<Record<string, string>>): Promise<void> {
  const from = daemon.lines.length
  const id = await world.commit({ 'nodes.json': nodesYaml(hosts, NODES), ...commitFiles })
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === id, { from })
}

/** The Cluster with a range of IPv6 for pods beside the one that it has. */
function withSix(): Readonly<Record<string, string>> {
  const text = readFileSync(join(world.repo, 'cluster.yaml'), 'utf8')
  return { 'cluster.yaml': text.replace(ranges.podCIDR, `${ranges.podCIDR},${PODS6}`) }
}

/** Tells who asks at one of its node's ports. */
const ON_HOST = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'host-one' },
  spec: {
    nodeName: 'one',
    hostNetwork: true,
    terminationGracePeriodSeconds: 0,
    volumes: [MACHINE_VOLUME],
    containers: [peerContainer(['serve', 'host', '::', String(HOST_PORT)])],
  },
}

function services() {
  const web = {
    clusterIP: SIX,
    type: 'NodePort',
    ports: [{ port: 80, targetPort: 8080, nodePort: NODE_PORT }],
  }
  return [
    service('web', 'web', { ...web, ipFamilies: ['IPv6'] }),
    service('nobody', 'nobody', { clusterIP: NOBODY, ipFamilies: ['IPv6'] }),
    service('names', 'web', { clusterIP: 'None', ipFamilyPolicy: 'RequireDualStack' }),
  ]
}

function addressesOf({ status }: ShownPod): readonly string[] {
  const { podIPs = [] } = status as { readonly podIPs?: readonly { readonly ip: string }[] }
  return podIPs.map(({ ip }) => ip)
}

/** By the names of the pods. */
async function addresses(): Promise<Readonly<Record<string, readonly string[]>>> {
  const pods = (await world.pods()).filter(({ metadata }) => ALL.includes(metadata.name))
  return Object.fromEntries(pods.map((pod) => [pod.metadata.name, addressesOf(pod)]))
}

async function within(name: string) {
  return inPod(hosts, world, await world.pod(name))
}

test('a range of IPv6 that comes to a fleet by a commit is shared out, and no node loses the part that it had', async () => {
  await commit(files(...NODES.map(serverOn)))
  const four = await addresses()
  await commit({
    ...withSix(),
    ...files(...NODES.map((node) => serverAt(node, '::')), ON_HOST, ...services()),
  })
  const both = await addresses()
  const parts = new Set<string>()
  for (const name of ALL) {
    const [first = '', six = ''] = both[name] ?? []
    expect(first.replace(/\d+$/, '')).toBe(four[name]?.[0]?.replace(/\d+$/, ''))
    expect(six).toMatch(new RegExp(`^${PODS6.replace('::/56', '')}:`))
    parts.add(six.replace(/[^:]*$/, ''))
  }
  expect(parts.size).toBe(3)
})

test('a pod of each node reaches all pods by IPv6 as what it is, by a plain route or by the tunnel', async () => {
  const all = await addresses()
  for (const from of ALL) {
    const place = await within(from)
    for (const to of ALL) {
      const answers = await ask(all[to]?.[1] ?? '', 8080, 3, { within: place })
      expect(answers, `from ${from}`).toEqual({ [`${to} ${all[from]?.[1]}`]: 3 })
    }
  }
  // What a node sends itself comes back by the tunnel, too.
  const fromNode = await ask(all['on-one']?.[1] ?? '', 8080, 3, { within: hosts.host('three').within })
  expect(byPod(fromNode)).toEqual(new Map([['on-one', 3]]))
  const routes = hosts.host('one').run('ip', '-6', 'route')
  expect(routes).toContain(`via ${NODES6.two} dev eth0`)
  expect(routes.match(/dev rc-\S+-v .*onlink/g)).toHaveLength(1)
})

test('a Service of IPv6 and its names lead to pods of all nodes, and one that nobody answers for refuses', async () => {
  const all = await addresses()
  for (const from of ALL) {
    const place = await within(from)
    expect([...byPod(await ask(SIX, 80, 30, { within: place })).keys()].toSorted()).toEqual(ALL)
    expect(await ask(NOBODY, 80, 1, { within: place })).toEqual({ ECONNREFUSED: 1 })
  }
  for (const name of NODES) {
    const answer = hosts
      .host(name)
      .run(
        'dig',
        '+short',
        `@${addressIn(ranges.serviceCIDR, 10)}`,
        'names.default.svc.cluster.local',
        'AAAA',
      )
    expect(answer.trim().split('\n').toSorted()).toEqual(ALL.map((pod) => all[pod]?.[1]).toSorted())
  }
})

test("a port of a node's address of IPv6 leads to pods of all, and what pods send elsewhere has such an address", async () => {
  const asked = await ask(NODES6.one, NODE_PORT, 30, { within: hosts.host('two').within })
  expect([...byPod(asked).keys()].toSorted()).toEqual(ALL)
  const outside = await ask(NODES6.one, HOST_PORT, 1, { within: await within('on-two') })
  expect(outside).toEqual({ [`host ${NODES6.two}`]: 1 })
})

test('packets as large as pods send them come whole by IPv6 through the tunnel', async () => {
  const { 'on-three': three = [] } = await addresses()
  const [program, ...args] = await within('on-one')
  const echo = [process.execPath, '-e', ECHO, three[1] ?? '', '8080']
  expect((await execa(program, [...args, ...echo])).stdout).toBe('1000000 came back')
})

/** What a node knows of the pods of others, also while the link is gone. */
const KNOWN = `{ ip -6 route | grep -v '^fe80'; ip -6 -o address show dev "$0" scope global; ip -6 -o neighbour show dev "$0" nud permanent; } 2>&1 | sed 's/^[0-9]*: //'`

test('routes, addresses and neighbours of IPv6 are put back when somebody takes them away', async () => {
  const link = `rc-${rootIdOf(world.root)}-v`
  const bridge = `rc-${rootIdOf(world.root)}`
  const one = hosts.host('one')
  const known = () => one.run('sh', '-c', KNOWN, link)
  const standing = known()
  const [plain = ''] = standing.split('\n').filter((line) => line.includes(NODES6.two))
  const own =
    one.run('ip', '-6', '-o', 'address', 'show', 'dev', bridge, 'scope', 'global').split(/\s+/)[3] ?? ''
  const damages: readonly Damage[] = [
    ['ip', 'route', 'delete', plain.split(' ')[0] ?? ''],
    ['ip', '-6', 'neighbour', 'flush', 'dev', link, 'nud', 'permanent'],
    ['ip', '-6', 'address', 'flush', 'dev', link, 'scope', 'global'],
    ['ip', '-6', 'address', 'delete', own, 'dev', bridge],
    // The kernel takes all of IPv6 from so narrow a link.
    ['ip', 'link', 'set', link, 'mtu', '1200'],
    ['ip', 'link', 'set', link, 'down'],
    ['ip', 'link', 'delete', link],
  ]
  await expectPutRight(one, damages, known)
  one.run('sysctl', '-q', '-w', 'net.ipv6.conf.all.forwarding=0')
  const forwards = async () => one.run('sysctl', '-n', 'net.ipv6.conf.all.forwarding').trim()
  await eventually(forwards, (value) => value === '1')
  expect([...byPod(await ask(SIX, 80, 30, { within: await within('on-one') })).keys()].toSorted()).toEqual(
    ALL,
  )
})

test('down leaves every machine as it was', async () => {
  expect(await daemon.end()).toBe(0)
  expect((await world.run('down')).exitCode).toBe(0)
  expect(await states()).toEqual(before)
})
