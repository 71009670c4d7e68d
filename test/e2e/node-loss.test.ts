import { execa } from 'execa'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { DaemonProcess } from '../support/daemon.ts'
import { eventually, type ShownPod, type World } from '../support/engine.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { nodesYaml } from '../support/hosts/fleet.ts'
import { LateWay } from '../support/hosts/lateWay.ts'
import { ownFleet } from '../support/hosts/ownFleet.ts'
import { spread, workload } from '../support/manifests.ts'
import { files, pod, sh } from '../support/pods.ts'
import { addressIn } from '../support/ranges.ts'
import { inPod } from './fleetPods.ts'
import { PEER, service } from './services/pods.ts'

const NAMES = ['one', 'two', 'three'] as const
const EVICTION_S = 5
/** How much later a slow line answers: a pod is some thirty answers, one after the other. */
const LATE_MS = process.env['RECONCILE_LONG'] === undefined ? 300 : 2_000
/** What fences a node, once there is a file `works`: it ends the machine's first process, which ends all of it. */
const FENCE = `[ -e works ] || { echo "the socket of $1 does not answer" >&2; exit 1; }
kill -KILL "$(cat "$1")"`
const fencing = mkdtempSync(join(tmpdir(), 'reconcile-fencing-'))
let hosts: Hosts
let world: World
let daemon: DaemonProcess
let made: AsyncDisposableStack
/** To the sshd of the machine three. */
let way: LateWay
/** Goes after the fleet, whose engine goes by it to take everything down. */
const last = new AsyncDisposableStack()

last.defer(() => rmSync(fencing, { recursive: true }))
afterAll(async () => await last.disposeAsync())

ownFleet(
  [NAMES],
  async (ownHosts, ownWorld, stack) => {
    hosts = ownHosts
    world = ownWorld
    made = stack
    way = last.use(await LateWay.to(hosts.host('three').address, 0))
    hosts.keys.know('127.0.0.1', way.port)
    await world.commit(wanted())
    const first = await world.once()
    expect(first.stderr).not.toContain('error')
    daemon = made.use(new DaemonProcess(world))
    await daemon.until(({ message }) => message.includes('following') || message.includes('follows'))
  },
  {
    spec: {
      podEvictionTimeoutSeconds: EVICTION_S,
      fencing: { command: ['sh', '-c', `cd ${fencing}; ${FENCE}`, 'fence', '$(NODE_NAME)'] },
    },
  },
)

function wanted(): Readonly<Record<string, string>> {
  const podOf = (app: string, script = 'exec sleep 3600', container = {}) => ({
    ...spread(app, 'ScheduleAnyway'),
    containers: [sh(script, container)],
  })
  const readinessProbe = { tcpSocket: { port: 8080 }, periodSeconds: 1 }
  const identity = { replicas: 3, serviceName: 'db', podManagementPolicy: 'Parallel' }
  const web = podOf('web', 'exec httpd -f -p 8080 -h /etc', { readinessProbe })
  const agent = podOf('agent')
  return {
    'nodes.json': nodesYaml(hosts, NAMES, (name) => (name === 'three' ? { address: way.url } : {})),
    ...files(
      workload('Deployment', 'web', web, { replicas: 3 }),
      service('web', 'web', { clusterIP: serviceAddress() }),
      workload('StatefulSet', 'db', podOf('db'), identity),
      workload('DaemonSet', 'agent', agent),
    ),
  }
}

/** The Service's. */
function serviceAddress(): string {
  return addressIn(world.ranges.serviceCIDR, 20)
}

/** Name, uid and restarts of each: what must not change where nothing was to be done. */
function lives(pods: readonly ShownPod[]): readonly string[] {
  return pods
    .map(
      ({ metadata, status }) =>
        `${metadata.name} ${metadata.uid} ${status.containerStatuses?.[0]?.restartCount}`,
    )
    .toSorted()
}

function on(name: string, pods: readonly ShownPod[]): readonly ShownPod[] {
  const { address } = hosts.host(name)
  return pods.filter(({ status }) => status.hostIP === address)
}

function isReady({ status }: ShownPod): boolean {
  return status.conditions?.find(({ type }) => type === 'Ready')?.status === 'True'
}

function ready(prefix: string, pods: readonly ShownPod[]): readonly string[] {
  return pods
    .filter((pod) => pod.metadata.name.startsWith(prefix) && isReady(pod))
    .map(({ metadata }) => metadata.name)
}

async function nodesJson(): Promise<
  Readonly<Record<string, { readonly status: string; readonly reason: string }>>
> {
  const { stdout } = await world.run('nodes', '-o', 'json')
  const { items } = JSON.parse(stdout) as {
    readonly items: readonly {
      readonly metadata: { readonly name: string }
      readonly status: {
        readonly conditions: readonly { readonly status: string; readonly reason: string }[]
      }
    }[]
  }
  return Object.fromEntries(
    items.map(({ metadata, status }) => [metadata.name, status.conditions[0] ?? { status: '', reason: '' }]),
  )
}

interface Calls {
  readonly answered: number
  readonly failed: readonly { readonly at: number; readonly code: string }[]
}

/** Asks the Service again and again, from within the pod of the DaemonSet on a node. */
async function clientOn(name: string, pods: readonly ShownPod[]) {
  const pod = on(name, pods).find(({ metadata }) => metadata.name.startsWith('agent'))
  if (pod === undefined) throw new Error(`no agent on ${name}`)
  const [program, ...within] = inPod(hosts, world, pod)
  const args = [...within, process.execPath, PEER, 'calls', serviceAddress(), '80', '3']
  const calling = execa(program, args, { reject: false })
  return {
    async end(): Promise<Calls> {
      calling.stdin.end()
      return JSON.parse((await calling).stdout) as Calls
    },
    async [Symbol.asyncDispose](): Promise<void> {
      calling.stdin.end()
      await calling
    },
  }
}

/** What of a node's kernel leads to these pods, or waits for their first answer. */
function ledOn(name: string, pods: readonly ShownPod[]): string {
  const addresses = pods.flatMap(({ status }) => status.podIP ?? [])
  const asked = `nft list ruleset | grep -wF "$0"; conntrack -L -p tcp --state SYN_SENT -r "$0" 2>/dev/null || true`
  return addresses.map((address) => hosts.host(name).run('sh', '-c', asked, address)).join('')
}

test('a machine is looked at before it becomes a node, and what is missing is named with what installs it', async () => {
  const { url } = hosts.host('one')
  const good = await world.run('nodes', 'check', url)
  expect(good).toMatchObject({ exitCode: 0 })
  expect(good.stdout).toMatch(/^ssh:\/\/root@\S+ can have pods: .*Linux.*cpu, \d+Mi, (?:runc|crun)/)
  hosts.host('one').run('mount', '-t', 'tmpfs', 'tmpfs', '/usr/lib/cni')
  const bad = await world.run('nodes', 'check', url)
  hosts.host('one').run('umount', '/usr/lib/cni')
  expect(bad).toMatchObject({ exitCode: 1, stdout: '' })
  expect(bad.stderr).toMatch(/missing on this node: .*apt-get install .*containernetworking-plugins/)
  expect(await world.run('nodes', 'check', 'rack-1')).toMatchObject({ exitCode: 3 })
  const table = (await world.run('nodes', '-o', 'wide')).stdout
  expect(table).toMatch(/^NAME +STATUS +PODS +SILENT +CPU +MEMORY +RUNTIME +INTERNAL-IP/)
  for (const name of NAMES)
    expect(table).toMatch(new RegExp(`^${name} +Ready +3 .*${hosts.host(name).address}`, 'm'))
})

test('a link that is cut for 10 s is no lost node: nothing is done about its pods', {
  timeout: 180_000,
}, async () => {
  const before = lives(await world.pods())
  expect(before).toHaveLength(9)
  const two = hosts.host('two')
  const from = daemon.lines.length
  two.cut()
  await new Promise((resolve) => setTimeout(resolve, 10_000))
  two.mend()
  // Longer than until the kernel tries again to send what it could not.
  await new Promise((resolve) => setTimeout(resolve, 20_000))
  expect(lives(await world.pods())).toEqual(before)
  expect(daemon.lines.slice(from).filter(({ message }) => message.includes('counts as unreachable'))).toEqual(
    [],
  )
})

test('of a node whose link is cut for good what is one of many is made elsewhere, and what has an identity once it is fenced', {
  timeout: 240_000,
}, async () => {
  const before = await world.pods()
  const two = hosts.host('two')
  const from = daemon.lines.length
  const refused = await world.run('nodes', 'fence', 'two')
  expect(refused).toMatchObject({ exitCode: 1, stdout: '' })
  expect(refused.stderr).toContain('node two answers, so it is not dead')
  await using client = await clientOn('one', before)
  two.cut()
  const cutAt = Date.now()
  const lost = await daemon.until(({ message }) => message.includes('node two counts as unreachable'), {
    from,
    limitMs: 60_000,
  })
  expect(Date.parse(lost.time) - cutAt).toBeGreaterThan(14_000)
  await eventually(
    async () => ledOn('one', on('two', before)),
    (led) => led === '',
  )
  const ledElsewhere = Date.now()
  await daemon.until(({ message }) => message.includes('others take the place of 1 pod on node two'), {
    from,
  })
  const vain = await daemon.until(({ message }) => message.startsWith('fencing node two failed'), { from })
  expect(vain.message).toContain('is tried again in 30 s')
  expect(vain.message).toContain('the socket of two does not answer')
  const after = await eventually(
    async () => await world.pods(),
    (pods) => ready('web', pods).length === 3,
  )
  expect(ready('db', after)).toHaveLength(2)
  const { answered, failed } = await client.end()
  // Until then one in three was led to where nobody is any more.
  expect(failed.length).toBeGreaterThan(0)
  expect(failed.filter(({ at }) => at > ledElsewhere)).toEqual([])
  expect(answered).toBeGreaterThan(failed.length)
  expect(lives(on('one', after))).toEqual(expect.arrayContaining([...lives(on('one', before))]))
  const shown = (await world.run('status')).stdout
  for (const { metadata } of on('two', before))
    expect(shown).toMatch(new RegExp(`pod/${metadata.name} +\\d/\\d +Unknown`))
  expect(await nodesJson()).toMatchObject({
    one: { status: 'True', reason: 'NodeReady' },
    two: { status: 'Unknown', reason: 'NodeStatusUnknown' },
  })
  expect(await world.run('nodes', 'fence', 'two')).toMatchObject({ exitCode: 0, stdout: 'node/two fenced' })
  const fenced = await eventually(
    async () => await world.pods(),
    (pods) => ready('db', pods).length === 3,
  )
  expect(
    fenced
      .filter(({ metadata }) => metadata.name.startsWith('db'))
      .map(({ metadata }) => metadata.name)
      .toSorted(),
  ).toEqual(['db-0', 'db-1', 'db-2'])
  two.mend()
  await daemon.until(({ message }) => message.includes('node two answers'), { from, limitMs: 90_000 })
  const returned = await eventually(
    async () => await world.pods(),
    (pods) => on('two', pods).length === 0 && pods.length === 8,
  )
  expect(new Set(returned.map(({ metadata }) => metadata.name)).size).toBe(8)
  expect(await world.run('nodes', 'unfence', 'two')).toMatchObject({
    exitCode: 0,
    stdout: 'node/two unfenced',
  })
  await eventually(
    async () => await world.pods(),
    (pods) => ready('agent', pods).length === 3,
  )
})

test('a node whose line has become slow stays what it is, and what is committed is done on it', {
  timeout: 240_000,
}, async () => {
  const before = await world.pods()
  const from = daemon.lines.length
  way.latencyMs = LATE_MS
  using _afterwards = { [Symbol.dispose]: () => (way.latencyMs = 0) }
  const late = pod('late', { nodeName: 'three', containers: [sh('exec sleep 3600')] })
  const commit = await world.commit({ ...wanted(), 'late.json': JSON.stringify(late) })
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === commit, {
    from,
    limitMs: 200_000,
  })
  way.latencyMs = 0
  const told = daemon.lines
    .slice(from)
    .filter(({ reason }) => reason === 'NodeNotReady' || reason === 'Unhealthy')
  expect(told).toEqual([])
  const after = await world.pods()
  expect(lives(after)).toEqual(expect.arrayContaining([...lives(before)]))
  expect(ready('late', after)).toEqual(['late'])
  const gone = await world.commit(wanted())
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === gone, { from })
})

test('an engine that is killed while a node is off goes on counting, and a node that was started anew runs what was not replaced', {
  timeout: 240_000,
}, async () => {
  const three = hosts.host('three')
  const before = on('three', await world.pods())
  const agent = before.find(({ metadata }) => metadata.name.startsWith('agent'))
  const database = before.filter(({ metadata }) => metadata.name.startsWith('db'))
  const from = daemon.lines.length
  await three.stop()
  await daemon.until(({ message }) => message.includes('node three counts as unreachable'), {
    from,
    limitMs: 60_000,
  })
  await daemon.end('SIGKILL')
  daemon = made.use(new DaemonProcess(world))
  const after = await eventually(
    async () => await world.pods(),
    (pods) => ready('web', pods).length === 3,
  )
  expect(ready('db', after)).toHaveLength(3 - database.length)
  await three.start()
  const settled = await eventually(
    async () => await world.pods(),
    (pods) => pods.length === 9 && pods.every(isReady),
    90_000,
  )
  const uids = new Set(settled.map(({ metadata }) => metadata.uid))
  for (const pod of [...database, ...(agent === undefined ? [] : [agent])])
    expect(uids).toContain(pod.metadata.uid)
  expect(new Set(settled.map(({ metadata }) => metadata.name)).size).toBe(9)
})

test('what has an identity is made elsewhere without a word of anybody once the fencing command has made sure that its node is off', {
  timeout: 180_000,
}, async () => {
  const three = hosts.host('three')
  const before = on('three', await world.pods()).filter(({ metadata }) => metadata.name.startsWith('db'))
  expect(before).not.toEqual([])
  const from = daemon.lines.length
  const { pid } = three
  writeFileSync(join(fencing, 'three'), String(pid))
  writeFileSync(join(fencing, 'works'), '')
  three.cut()
  await daemon.until(({ message }) => message.includes('has made sure that node three is off'), {
    from,
    limitMs: 60_000,
  })
  // The kernel ends all of the machine's processes before its first one.
  await eventually(
    async () => existsSync(`/proc/${pid}`),
    (isThere) => !isThere,
  )
  const after = await eventually(
    async () => await world.pods(),
    (pods) => ready('db', pods).length === 3,
  )
  expect(on('three', after).map(({ metadata }) => metadata.name)).not.toContain(before[0]?.metadata.name)
  await three.stop()
  await three.start()
  const settled = await eventually(
    async () => await world.pods(),
    (pods) => pods.length === 9 && pods.every(isReady),
    90_000,
  )
  expect(new Set(settled.map(({ metadata }) => metadata.name)).size).toBe(9)
  const uids = new Set(settled.map(({ metadata }) => metadata.uid))
  for (const { metadata } of before) expect(uids).not.toContain(metadata.uid)
})
