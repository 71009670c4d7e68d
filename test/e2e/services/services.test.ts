import { execa } from 'execa'
import { createServer } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DaemonProcess } from '../../support/daemon.ts'
import { eventually, World } from '../../support/engine.ts'
import { rootIdOf } from '../../support/machine.ts'
import { files } from '../../support/pods.ts'
import { addressIn, ownRanges } from '../../support/ranges.ts'
import { type Registry, startRegistry } from '../../support/registry.ts'
import { Outside } from './outside.ts'
import { ask, askFrom, byPod, peer, servers, service } from './pods.ts'

let registry: Registry
let world: World
let outside: Outside
let daemon: DaemonProcess

const RANGES = await ownRanges()
const WEB = addressIn(RANGES.serviceCIDR, 20)
const ALONE = addressIn(RANGES.serviceCIDR, 21)
const NOBODY = addressIn(RANGES.serviceCIDR, 22)
const STICKY = addressIn(RANGES.serviceCIDR, 23)
const PORTS = { web: 30_242, kept: 30_243, taken: 30_244 }
const UDP = { name: 'udp', port: 81, targetPort: 8080, protocol: 'UDP' }

/** `pods` of web; the others have one each. */
function objects(pods: number) {
  const web = [{ name: 'tcp', port: 80, targetPort: 8080, nodePort: PORTS.web }, UDP]
  const kept = [{ port: 80, targetPort: 8080, nodePort: PORTS.kept }]
  const taken = [{ port: 80, targetPort: 8080, nodePort: PORTS.taken }]
  return files(
    servers('web', pods),
    servers('alone', 1),
    service('web', 'web', { clusterIP: WEB, type: 'NodePort', ports: web }),
    service('alone', 'alone', { clusterIP: ALONE }),
    service('nobody', 'nobody', { clusterIP: NOBODY }),
    service('kept', 'web', { type: 'NodePort', externalTrafficPolicy: 'Local', ports: kept }),
    service('taken', 'alone', { type: 'NodePort', ports: taken }),
    service('sticky', 'web', {
      clusterIP: STICKY,
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 2 } },
    }),
  )
}

beforeAll(async () => {
  registry = await startRegistry()
  world = await World.create({
    ranges: RANGES,
    registry: registry.url,
    sync: { resyncIntervalSeconds: 1, maxDeletePercent: 100 },
  })
  outside = await Outside.create(242)
  daemon = new DaemonProcess(world)
  await commit(4)
})

afterAll(async () => {
  await daemon[Symbol.asyncDispose]()
  await outside[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

async function commit(pods: number): Promise<void> {
  const id = await world.commit(objects(pods))
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === id)
}

async function podsOf(app: string): Promise<readonly string[]> {
  const names = (await world.pods()).map((pod) => pod.metadata.name)
  return names.filter((name) => name.startsWith(`${app}-`)).toSorted()
}

test('10,000 connections are spread over four pods, each of which gets a quarter, give or take 8 %', async () => {
  const counts = byPod(await ask(WEB, 80, 10_000))
  expect([...counts.keys()].toSorted()).toEqual(await podsOf('web'))
  for (const count of counts.values()) {
    expect(count).toBeGreaterThan(2_300)
    expect(count).toBeLessThan(2_700)
  }
})

test('a pod, and a machine outside by the port of the node, reach the Service as the node itself does', async () => {
  const web = await podsOf('web')
  const [alone = ''] = await podsOf('alone')
  const fromPod = byPod(await askFrom(world, alone, WEB, 80))
  const fromOutside = byPod(await ask(outside.here, PORTS.web, 20, { within: outside.within }))
  const toPortFromPod = byPod(await askFrom(world, alone, outside.here, PORTS.web))
  for (const counts of [fromPod, fromOutside, toPortFromPod])
    for (const name of counts.keys()) expect(web).toContain(name)
  const overUdp = byPod(await ask(WEB, 81, 40, { transport: 'UDP' }))
  expect([...overUdp.keys()].toSorted()).toEqual(web)
})

test('with externalTrafficPolicy Local a pod sees the address of the client outside', async () => {
  const answers = await ask(outside.here, PORTS.kept, 10, { within: outside.within })
  expect(Object.keys(answers).map((answer) => answer.split(' ')[1])).toSatisfy((all: readonly string[]) =>
    all.every((address) => address === outside.there || address === `::ffff:${outside.there}`),
  )
})

test('a pod that asks the Service that it is behind reaches itself', async () => {
  const [alone = ''] = await podsOf('alone')
  expect([...byPod(await askFrom(world, alone, ALONE, 80))]).toEqual([[alone, 10]])
})

test('without a ready pod a Service refuses at once', async () => {
  const [alone = ''] = await podsOf('alone')
  expect(await askFrom(world, alone, NOBODY, 80)).toEqual({ ECONNREFUSED: 10 })
  expect(await ask(NOBODY, 80, 2)).toEqual({ ECONNREFUSED: 2 })
})

test('with ClientIP a client stays on one pod until its time is over', async () => {
  expect([...byPod(await ask(STICKY, 80, 30)).values()]).toEqual([30])
  const table = `reconcile-${rootIdOf(world.root)}-services`
  const remembered = async () => (await execa('nft', ['list', 'map', 'ip', table, 'sticky'])).stdout
  expect(await remembered()).toContain('elements')
  await eventually(remembered, (text) => !text.includes('elements'), 10_000)
})

test('a connection stays while pods come and go beside its own, and datagrams of a client find another pod when theirs is gone', async () => {
  const connection = peer('hold', ALONE, '80')
  const lines = connection[Symbol.asyncIterator]()
  expect((await lines.next()).value).toMatch(/^alone-/)
  const datagrams = peer('datagrams', WEB, '81')
  const answers = datagrams[Symbol.asyncIterator]()
  const tell = async () => {
    datagrams.stdin.write('?\n')
    return String((await answers.next()).value).split(' ')[0]
  }
  const first = await tell()
  expect(await tell()).toBe(first)
  await commit(5)
  expect(await tell()).toBe(first)
  // All of them are others then.
  await world.run('delete', `pod/${first ?? ''}`)
  await eventually(
    () => podsOf('web'),
    (names) => !names.includes(first ?? ''),
  )
  expect(await podsOf('web')).toContain(await tell())
  connection.stdin.write('still there\n')
  expect((await lines.next()).value).toBe('still there')
  for (const one of [connection, datagrams]) {
    one.kill()
    await one
  }
})

test('a port that another process waits at stays that process’s, which is told of its Service; others work, and so does it when the port is free', async () => {
  const from = daemon.lines.length
  await world.commit(files(servers('web', 1)))
  await daemon.until((line) => line.reason === 'CommitHealthy', { from })
  const server = createServer((socket) => socket.end('foreign\n'))
  server.listen(PORTS.taken, '0.0.0.0')
  await once(server, 'listening')
  await world.commit(objects(1))
  const status = async () => (await world.run('status', '--repo', world.repo, '-o', 'json')).stdout
  await eventually(status, (text) => text.includes('PortInUse'))
  expect(await ask('127.0.0.1', PORTS.taken)).toEqual({ foreign: 1 })
  expect(await ask(outside.here, PORTS.taken, 1, { within: outside.within })).toEqual({ foreign: 1 })
  expect([...byPod(await ask(outside.here, PORTS.web)).values()]).toEqual([1])
  server.close()
  await eventually(
    async () => Object.keys(await ask(outside.here, PORTS.taken)),
    ([answer]) => answer?.startsWith('alone-') === true,
  )
})

test('tables, a route and a setting that somebody has taken are found and put back', async () => {
  const table = `reconcile-${rootIdOf(world.root)}-services`
  for (const argv of [
    ['nft', 'flush', 'table', 'ip', table],
    ['nft', 'delete', 'table', 'ip', table],
    ['ip', 'route', 'delete', RANGES.serviceCIDR],
  ]) {
    const from = daemon.lines.length
    await execa(argv[0] ?? '', argv.slice(1))
    await daemon.until((line) => /was made again|loaded again/.test(line.message), { from })
    expect([...byPod(await ask(WEB, 80)).values()], argv.join(' ')).toEqual([1])
  }
})

test('an engine that ends leaves what leads to pods, and the next one takes over without a gap', async () => {
  await daemon.end('SIGKILL')
  const web = await podsOf('web')
  const meanwhile = ask(WEB, 80, 3_000)
  daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy')
  expect([...byPod(await meanwhile)]).toEqual([[web[0], 3_000]])
})
