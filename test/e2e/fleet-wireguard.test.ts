import { spawn } from 'node:child_process'
import { once } from 'node:events'
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
import { inPod, NODES, serverAt } from './fleetPods.ts'
import { ask, byPod, service } from './services/pods.ts'

const ranges = await ownRanges()
const LINK6 = ranges.podCIDR6.replace('::/64', ':2::/64')
const WEB = addressIn(ranges.serviceCIDR, 20)
const ALL = ['on-one', 'on-three', 'on-two']

let hosts: Hosts
let world: World
let daemon: DaemonProcess
let before: readonly HostState[]
/** Of the Cluster, as the world writes it. */
let clusterText: string

/** Two on a link, with IPv6 on it, and one beyond a router. */
ownFleet(
  [['one', 'two'], ['three']],
  async (ownHosts, ownWorld, made) => {
    hosts = ownHosts
    world = ownWorld
    for (const [name, last] of [
      ['one', 11],
      ['two', 12],
    ] as const)
      hosts.host(name).run('ip', 'address', 'add', `${addressIn(LINK6, last)}/64`, 'dev', 'eth0', 'nodad')
    before = await states()
    await world.commit({ 'nodes.json': nodesYaml(hosts, NODES) })
    clusterText = readFileSync(join(world.repo, 'cluster.yaml'), 'utf8')
    daemon = made.use(new DaemonProcess(world))
  },
  {
    ranges: { podCIDR: `${ranges.podCIDR},${ranges.podCIDR6}`, serviceCIDR: ranges.serviceCIDR },
    sync: { resyncIntervalSeconds: 2, maxDeletePercent: 100 },
  },
)

async function states(): Promise<readonly HostState[]> {
  return await Promise.all(NODES.map(async (name) => await hosts.host(name).state()))
}

async function commit(spec: Readonly<Record<string, string>> = {}): Promise<void> {
  const from = daemon.lines.length
  const id = await write(spec)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === id, { from })
}

/** The same pods each time. */
async function write(spec: Readonly<Record<string, string>>): Promise<string> {
  const web = service('web', 'web', { clusterIP: WEB })
  const pods = NODES.map((node) => serverAt(node, '::'))
  const all = { 'nodes.json': nodesYaml(hosts, NODES), ...files(...pods, web) }
  const more = Object.entries(spec).map(([name, value]) => `  ${name}: ${value}\n`)
  return await world.commit({
    ...all,
    'cluster.yaml': clusterText.replace('spec:\n', `spec:\n${more.join('')}`),
  })
}

interface Place {
  readonly name: string
  readonly uid: string
  readonly addresses: readonly string[]
  readonly within: readonly string[]
}

async function places(): Promise<readonly Place[]> {
  return (await world.pods()).map((pod: ShownPod) => {
    const { podIPs = [] } = pod.status as { readonly podIPs?: readonly { readonly ip: string }[] }
    const { name, uid } = pod.metadata
    return { name, uid, addresses: podIPs.map(({ ip }) => ip), within: inPod(hosts, world, pod) }
  })
}

/** Each pod reaches each by both of its addresses, and the Service. */
async function expectAllReached(all: readonly Place[]): Promise<void> {
  for (const { name: from, within } of all) {
    for (const { addresses, name } of all)
      for (const address of addresses)
        expect(byPod(await ask(address, 8080, 1, { within })), `${from} to ${address}`).toEqual(
          new Map([[name, 1]]),
        )
    expect([...byPod(await ask(WEB, 80, 30, { within })).keys()].toSorted()).toEqual(ALL)
  }
}

/** Packets in which a word stands, as they come and go on a host's link while `work` is done. */
async function seenOn(host: string, word: string, work: () => Promise<unknown>): Promise<number> {
  const program = [
    '$| = 1; my $seen = 0; $SIG{TERM} = sub { print "$seen\\n"; exit };',
    'socket my $all, 17, 3, 0x0300 or die $!;',
    'open my $file, "<", "/sys/class/net/eth0/ifindex"; my $index = <$file>;',
    'bind $all, pack("SnlSCCa8", 17, 3, $index, 0, 0, 0, "") or die $!; print "ready\\n";',
    'while (1) { recv $all, my $packet, 65536, 0; $seen++ if index($packet, $ARGV[0]) >= 0 }',
  ].join(' ')
  const [nsenter, ...args] = hosts.host(host).within
  const sniffer = spawn(nsenter, [...args, 'sh', '-c', 'exec perl -e "$0" "$1"', program, word], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let said = ''
  sniffer.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()))
  await eventually(
    async () => said,
    (text) => text.includes('ready'),
    5_000,
  )
  await work()
  hosts.host(host).run('pkill', '-TERM', '-f', 'seen[+][+] if index')
  await once(sniffer, 'close')
  return Number(said.split('\n')[1])
}

const link = () => `rc-${rootIdOf(world.root)}-w`

test('what pods of two nodes say to each other is encrypted from the commit on that asks for it, while they run', async () => {
  await commit()
  const plain = await places()
  const two = plain.find(({ name }) => name === 'on-two')
  const greet = async () => await expectAllReached(await places())
  expect(await seenOn('two', 'on-two', greet)).toBeGreaterThan(0)
  // A node that cannot have a key has one soon after what makes it is installed.
  hosts.host('three').run('mount', '--bind', '/dev/null', '/usr/bin/wg')
  const from = daemon.lines.length
  const id = await write({ encryption: 'wireguard' })
  await daemon.until(({ message }) => message.includes('apt-get install wireguard-tools'), { from })
  hosts.host('three').run('umount', '/usr/bin/wg')
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === id, { from })
  expect(await seenOn('two', 'on-two', greet)).toBe(0)
  const after = await places()
  expect(after.map(({ uid }) => uid)).toEqual(plain.map(({ uid }) => uid))
  expect(two?.addresses).toHaveLength(2)
  for (const name of NODES) {
    const host = hosts.host(name)
    expect(host.run('wg', 'show', link(), 'peers').trim().split('\n')).toHaveLength(2)
    expect(host.run('ip', 'route')).not.toMatch(/^10\.\d+\.\d+\.0\/24 via|-v onlink/m)
    expect(host.run('stat', '-c', '%a', join(world.root, 'wireguard.key')).trim()).toBe('600')
    expect(host.run('sh', '-c', 'ls /sys/class/net')).not.toContain(`rc-${rootIdOf(world.root)}-v`)
  }
  const keys = NODES.map((name) => hosts.host(name).run('cat', join(world.root, 'wireguard.key')))
  expect(new Set(keys).size).toBe(3)
}, 240_000)

/** What a node has for it, also while the link is gone. */
const KNOWN = `{ ip route show dev "$0"; ip -6 route show dev "$0" | grep -v '^fe80'; ip -o address show dev "$0" scope global; wg show "$0" allowed-ips | sort; wg show "$0" listen-port; wg show "$0" public-key; cat "/sys/class/net/$0/mtu"; nft list ruleset | grep -A4 sealed-; } 2>&1 | sed 's/^[0-9]*: //'`

test('what somebody takes away of it is put back, and nothing goes in the clear meanwhile', async () => {
  const one = hosts.host('one')
  const known = () => one.run('sh', '-c', KNOWN, link())
  const [peer = ''] = one.run('wg', 'show', link(), 'peers').split('\n')
  const [route = ''] = one.run('ip', 'route', 'show', 'dev', link()).split(' ')
  const table = `reconcile-${rootIdOf(world.root)}`
  const damages: readonly Damage[] = [
    ['wg', 'set', link(), 'peer', peer, 'remove'],
    ['wg', 'set', link(), 'listen-port', '60999'],
    ['ip', 'route', 'delete', route],
    ['ip', 'link', 'set', link(), 'mtu', '1200'],
    ['nft', 'flush', 'chain', 'ip', table, 'sealed-on'],
    ['ip', 'link', 'set', link(), 'down'],
    ['pkill', '-KILL', '-f', `wireguard-go ${link()}`],
    ['ip', 'link', 'delete', link()],
  ]
  await expectPutRight(one, damages, known)
  const all = await places()
  await eventually(
    async () => byPod(await ask(WEB, 80, 30, { within: all[0]?.within ?? [] })),
    (answers) => [...answers.keys()].toSorted().join() === ALL.join(),
  )
  await expectAllReached(all)
}, 240_000)

test('a node that has nothing to encrypt with says what installs it, and its pods say nothing in the clear', async () => {
  const three = hosts.host('three')
  const all = await places()
  const [one, other] = [
    all.find(({ name }) => name === 'on-one'),
    all.find(({ name }) => name === 'on-three'),
  ]
  const from = daemon.lines.length
  three.run('mount', '--bind', '/dev/null', '/usr/bin/wireguard-go')
  three.run('ip', 'link', 'delete', link())
  await daemon.until(
    ({ message, node }) => node === 'three' && message.includes('apt-get install wireguard-go'),
    { from },
  )
  const check = await world.run('nodes', 'check', three.url)
  expect(check.exitCode).toBe(1)
  expect(check.stderr).toContain('on Debian: apt-get install wireguard-go')
  const seen = await seenOn('three', other?.addresses[0] ?? '', async () => {
    for (const address of one?.addresses ?? []) {
      const [answer = ''] = Object.keys(await ask(address, 8080, 1, { within: other?.within ?? [] }))
      expect(answer).toMatch(/^E(HOSTUNREACH|ACCES|CONNREFUSED|NETUNREACH)$/)
    }
  })
  expect(seen).toBe(0)
  three.run('umount', '/usr/bin/wireguard-go')
  await eventually(
    async () => byPod(await ask(one?.addresses[1] ?? '', 8080, 1, { within: other?.within ?? [] })),
    (answers) => answers.has('on-one'),
  )
  await expectAllReached(all)
}, 240_000)

test('a commit that asks for it no more gives the plain ways back to the same pods, and down leaves every machine as it was', async () => {
  const sealed = await places()
  await commit()
  await expectAllReached(await places())
  expect((await places()).map(({ uid }) => uid)).toEqual(sealed.map(({ uid }) => uid))
  expect(hosts.host('one').run('ip', 'link')).not.toContain(link())
  expect(hosts.host('one').run('nft', 'list', 'ruleset')).not.toContain('sealed-')
  await commit({ encryption: 'wireguard' })
  expect(await daemon.end()).toBe(0)
  expect((await world.run('down')).exitCode).toBe(0)
  expect(await states()).toEqual(before)
  for (const name of NODES) expect(hosts.host(name).run('sh', '-c', 'pgrep -x wireguard-go || true')).toBe('')
}, 240_000)
