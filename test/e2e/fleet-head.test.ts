import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DaemonProcess } from '../support/daemon.ts'
import { eventually, type ShownPod, World } from '../support/engine.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { fleetOptions, nodesYaml } from '../support/hosts/fleet.ts'
import { ownHosts } from '../support/hosts/ownFleet.ts'
import { spread, workload } from '../support/manifests.ts'
import { files, scriptJob, sh } from '../support/pods.ts'
import { service } from './services/pods.ts'

const NODES = ['n1', 'n2', 'n3'] as const

let hosts: Hosts
/** Two machines that may be the head of the same nodes, by the same repository. */
let first: World
let second: World

ownHosts([['h1', 'h2', ...NODES]], async (machines, registry, made) => {
  hosts = machines
  first = made.use(await headOn('h1', registry))
  second = made.use(await headOn('h2', registry, first.ranges))
})

async function headOn(name: string, registry: string, ranges?: World['ranges']): Promise<World> {
  const options = fleetOptions(hosts, registry)
  const within = [...hosts.host(name).within, ...options.within]
  return await World.create({ ...options, within, ...(ranges && { ranges }) })
}

/** A pod on each node, and a Job whose end is remembered. */
function wanted(nodes: readonly string[] = NODES, replicas = nodes.length): Readonly<Record<string, string>> {
  const pod = { ...spread('web'), containers: [sh('exec sleep 3600')] }
  return {
    'nodes.json': nodesYaml(hosts, nodes),
    ...files(
      service('web', 'web', {}),
      workload('Deployment', 'web', pod, { replicas }),
      scriptJob('once', 'echo done', { ttlSecondsAfterFinished: 86_400 }),
    ),
  }
}

async function running(head: World): Promise<ReadonlyMap<string, string>> {
  const pods = await head.pods(first.repo)
  return new Map(pods.map(({ metadata }) => [metadata.uid, metadata.name]))
}

/** The Service's. */
async function addressOf(head: World): Promise<unknown> {
  return (await head.objects('Service', first.repo))[0]?.spec['clusterIP']
}

async function apply(head: World, ...args: readonly string[]) {
  return await head.run('--once', '--approve', '--repo', first.repo, ...args)
}

function epochs(): readonly number[] {
  return NODES.map((name) => {
    const file = join(hosts.host(name).folder, 'disk/root/fleet.json')
    return (JSON.parse(readFileSync(file, 'utf8')) as { readonly epoch: number }).epoch
  })
}

function loseState(name: string): void {
  rmSync(join(hosts.host(name).folder, 'disk/root'), { recursive: true })
}

/** The engine on a host: the process that the test began is only the way to it. */
function kill(name: string): void {
  const lock = readFileSync(join(hosts.host(name).folder, 'disk/root/lock'), 'utf8')
  const { pid } = JSON.parse(lock) as { readonly pid: number }
  hosts.host(name).run('kill', '-KILL', String(pid))
}

/** The pods of all nodes, by the records that these have themselves. */
function onNodes(nodes: readonly string[] = NODES): readonly string[] {
  return nodes
    .flatMap((name) => hosts.host(name).run('sh', '-c', `ls "$0/pods"`, hosts.root).trim().split('\n'))
    .toSorted()
}

/** Of what was begun on n2 to pods of n1, whatever waits for its first answer there. */
function waitingOnN2(pods: readonly ShownPod[]): string {
  const ips = pods.flatMap(({ status }) =>
    status.hostIP === hosts.host('n1').address ? (status.podIP ?? []) : [],
  )
  const list = `for ip in ${ips.join(' ')}; do conntrack -L -p tcp --state SYN_SENT -r $ip 2>/dev/null; done; true`
  return hosts.host('n2').run('sh', '-c', list)
}

test('a head whose state is deleted reads it back from the nodes: nothing is made again, and no Job is run again', async () => {
  await first.commit(wanted())
  expect(await apply(first)).toMatchObject({ exitCode: 0 })
  const before = await running(first)
  const there = onNodes()
  expect(before.size).toBe(4)
  expect(epochs()).toEqual([1, 1, 1])
  const address = await addressOf(first)
  expect(address).toMatch(/^10\./)
  loseState('h1')
  const again = await apply(first)
  expect(again.stderr).toContain('took the fleet over')
  expect(again).toMatchObject({ exitCode: 0 })
  expect(await running(first)).toEqual(before)
  expect(onNodes()).toEqual(there)
  expect(epochs()).toEqual([2, 2, 2])
  expect(await addressOf(first)).toBe(address)
})

test('a head that can read no more than half of the nodes makes nothing, and says why and what to do', async () => {
  const there = onNodes()
  loseState('h1')
  hosts.host('n1').cut()
  hosts.host('n2').cut()
  const refused = await apply(first)
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toContain('could read those of 1 of its 3 nodes, not of 2')
  expect(refused.stderr).toContain('--force-new-head')
  hosts.host('n1').mend()
  hosts.host('n2').mend()
  // The nodes are told by nobody that the connections of the one that gave up are gone.
  expect(await apply(first)).toMatchObject({ exitCode: 0 })
  expect(onNodes()).toEqual(there)
})

test('a head is killed while a node is cut off, and another machine becomes the head: what was bound to that node is unknown, and no second one is made', async () => {
  const there = onNodes()
  const before = await running(first)
  const commit = await first.commit({ ...wanted(), 'a.txt': '' })
  let pods: readonly ShownPod[]
  let address: unknown
  {
    await using daemon = new DaemonProcess(first)
    await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === commit)
    pods = await first.pods()
    address = await addressOf(first)
    hosts.host('n1').cut()
    kill('h1')
  }
  const asking = `for one in $(seq 12); do curl -s -m 0.5 http://${String(address)}:80/ & done; wait; true`
  hosts.host('n2').run('sh', '-c', asking)
  expect(waitingOnN2(pods)).toContain('SYN_SENT')
  const taken = await apply(second, '--timeout', '5s')
  expect(taken.stderr).toContain('took the fleet over')
  // Else whoever begins from the same port in the next two minutes would be led to where nobody answers.
  expect(waitingOnN2(pods)).toBe('')
  // All that it knows of runs; one of them nobody can ask about.
  expect(taken.exitCode).toBe(1)
  expect(await running(second)).toEqual(before)
  expect(onNodes()).toEqual(there)
  hosts.host('n1').mend()
  expect(await apply(second)).toMatchObject({ exitCode: 0 })
  expect(await running(second)).toEqual(before)
  expect(onNodes()).toEqual(there)
}, 180_000)

test('a head that was cut off while another one took the fleet over ends when it finds that out', async () => {
  loseState('h1')
  const there = onNodes()
  const commit = await first.commit(wanted())
  await using old = new DaemonProcess(first)
  await old.until((line) => line.reason === 'CommitHealthy' && line.commit === commit)
  const [epoch = 0] = epochs()
  hosts.host('h1').cut()
  const taken = await eventually(
    async () => await apply(second),
    ({ exitCode }) => exitCode === 0,
    90_000,
  )
  expect(taken.stderr).toContain('took the fleet over')
  expect(epochs()).toEqual([epoch + 1, epoch + 1, epoch + 1])
  expect(old.isRunning ? [] : old.lines.slice(-5)).toEqual([])
  hosts.host('h1').mend()
  await old.until((line) => line.message.includes('another head has taken the fleet over'))
  await eventually(
    async () => await Promise.resolve(old.isRunning),
    (isRunning) => !isRunning,
  )
  expect(onNodes()).toEqual(there)
}, 180_000)

test('of two nodes a new head needs both, and goes on with one of them when somebody says so', async () => {
  const two = ['n1', 'n2'] as const
  expect(await first.run('down')).toMatchObject({ exitCode: 0 })
  expect(await second.run('down')).toMatchObject({ exitCode: 0 })
  await first.commit(wanted(two))
  expect(await apply(first)).toMatchObject({ exitCode: 0 })
  const before = await running(first)
  const [one = [], other] = two.map((name) => onNodes([name]))
  hosts.host('n2').cut()
  loseState('h1')
  await first.commit(wanted(two, 3))
  const refused = await apply(first)
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr).toContain('could read those of 1 of its 2 nodes, not of 2')
  expect(two.map((name) => onNodes([name]))).toEqual([one, other])
  const told = await apply(first, '--force-new-head', '--timeout', '30s')
  expect(told.stderr).toContain('took the fleet over')
  // What is wanted besides has been made; what is on the other node nobody can ask about, and nothing takes its place.
  expect(told.exitCode).toBe(1)
  expect(onNodes(['n1'])).toHaveLength(one.length + 1)
  expect(onNodes(['n1'])).toEqual(expect.arrayContaining([...one]))
  expect(onNodes(['n2'])).toEqual(other)
  hosts.host('n2').mend()
  expect(await apply(first)).toMatchObject({ exitCode: 0 })
  const after = await running(first)
  expect([...after.keys()]).toEqual(expect.arrayContaining([...before.keys()]))
  expect(after.size).toBe(before.size + 1)
  expect(onNodes(['n2'])).toEqual(other)
}, 180_000)
