import { afterAll, beforeAll, expect, test } from 'vitest'
import { World } from '../../support/engine.ts'
import { files, logs, scriptPod } from '../../support/pods.ts'
import { addressIn, ownRanges } from '../../support/ranges.ts'
import { type Registry, startRegistry } from '../../support/registry.ts'
import { OwnHost } from './ownHost.ts'
import { PEER, ask, askFrom, byPod, deployment, MACHINE_VOLUME, peerContainer, service } from './pods.ts'

let registry: Registry
let host: OwnHost
let world: World
let before: Readonly<Record<string, string>>

const { podCIDR, podCIDR6, serviceCIDR, serviceCIDR6 } = await ownRanges()
const prefix6 = podCIDR6.replace('/64', '')
const BOTH = [addressIn(serviceCIDR, 30), addressIn(serviceCIDR6, 30)] as const
const SIX = addressIn(serviceCIDR6, 31)
const SERVER = addressIn(serviceCIDR, 10)

/** Listens at all addresses of its pod. */
const web = deployment('web', 2, {
  containers: [
    peerContainer([], {
      command: ['sh', '-c', `exec chroot /machine ${process.execPath} ${PEER} serve $(hostname) :: 8080`],
      readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    }),
  ],
  volumes: [MACHINE_VOLUME],
  terminationGracePeriodSeconds: 0,
})

const both = { ipFamilyPolicy: 'RequireDualStack', clusterIPs: BOTH, clusterIP: BOTH[0] }
const ports = [
  { name: 'tcp', port: 80, targetPort: 8080, nodePort: 30_248 },
  { name: 'udp', port: 80, targetPort: 8080, protocol: 'UDP' },
]

beforeAll(async () => {
  registry = await startRegistry()
  host = await OwnHost.create(registry.port)
  before = await host.state()
  world = await World.create({
    ranges: { podCIDR: `${podCIDR},${podCIDR6}`, serviceCIDR: `${serviceCIDR},${serviceCIDR6}` },
    registry: registry.url,
    within: host.within,
  })
  const told = { name: 'IPS', valueFrom: { fieldRef: { fieldPath: 'status.podIPs' } } }
  await world.commit(
    files(
      web,
      scriptPod('told', 'echo $IPS; grep told /etc/hosts; sleep 600', { env: [told] }),
      service('web', 'web', { ...both, type: 'NodePort', ports }),
      service('six', 'web', { ipFamilies: ['IPv6'], clusterIP: SIX }),
      service('pods', 'web', { clusterIP: 'None', ipFamilyPolicy: 'PreferDualStack' }),
      service('four', 'web', { clusterIP: 'None' }),
    ),
  )
  const run = await world.once('--timeout', '60s')
  expect(run.exitCode, run.stderr).toBe(0)
})

afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await host[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

async function addressesOf(name: string): Promise<readonly string[]> {
  const { status } = await world.pod(name)
  const { podIPs = [] } = status as { readonly podIPs?: readonly { readonly ip: string }[] }
  return podIPs.map(({ ip }) => ip)
}

async function podNames(): Promise<readonly string[]> {
  const names = (await world.pods()).map(({ metadata }) => metadata.name)
  return names.filter((name) => name.startsWith('web-')).toSorted()
}

test('a pod has an address of each family, and is told of both', async () => {
  const [four = '', six = '', ...more] = await addressesOf('told')
  expect([four, six, more]).toEqual([
    expect.stringMatching(`^${podCIDR.replace('.0/17', '')}`),
    expect.stringMatching(`^${prefix6}`),
    [],
  ])
  expect((await logs(world, 'told')).split('\n')).toEqual([`${four},${six}`, `${four}\ttold`, `${six}\ttold`])
})

test('a Service leads to pods by both of its addresses, by a port of the node, and by IPv6 alone', async () => {
  const web = await podNames()
  const within = host.within
  for (const address of [...BOTH, SIX])
    expect([...byPod(await ask(address, 80, 40, { within })).keys()].toSorted(), address).toEqual(web)
  const datagrams = byPod(await ask(BOTH[1], 80, 40, { within, transport: 'UDP' }))
  expect([...datagrams.keys()].toSorted()).toEqual(web)
  const [gateway] = await nodeAddresses()
  const throughPort = byPod(await ask(gateway ?? '', 30_248, 40, { within }))
  expect([...throughPort.keys()].toSorted()).toEqual(web)
  const [first = ''] = web
  const fromPod = byPod(await askFrom(world, first, BOTH[1], 80))
  for (const name of fromPod.keys()) expect(web).toContain(name)
  expect([...fromPod.values()].reduce((a, b) => a + b)).toBe(10)
})

/** Of IPv6, that are no machine's of its own link alone. */
async function nodeAddresses(): Promise<readonly string[]> {
  const text = await host.run('ip', '-6', '-o', 'address', 'show', 'scope', 'global')
  return [...text.matchAll(new RegExp(`inet6 (${prefix6}[^/]+)`, 'g'))].flatMap(
    ([, address]) => address ?? [],
  )
}

test('names have addresses of the families that their Service has', async () => {
  const answers = async (name: string, type: 'A' | 'AAAA') => {
    const text = await host.run('dig', '+short', `@${SERVER}`, `${name}.default.svc.cluster.local`, type)
    return text
      .split('\n')
      .filter((line) => line !== '')
      .toSorted()
  }
  const names = await podNames()
  const pods = await Promise.all(names.map(addressesOf))
  expect(await answers('web', 'A')).toEqual([BOTH[0]])
  expect(await answers('web', 'AAAA')).toEqual([BOTH[1]])
  expect(await answers('six', 'A')).toEqual([])
  expect(await answers('pods', 'AAAA')).toEqual(pods.map(([, six]) => six).toSorted())
  expect(await answers('four', 'A')).toEqual(pods.map(([four]) => four).toSorted())
  expect(await answers('four', 'AAAA')).toEqual([])
})

test('what goes out of the range of pods leaves with an address of the node, and down leaves nothing of it', async () => {
  const rules = (await host.state())['rules'] ?? ''
  expect(rules).toContain(`ip6 saddr ${podCIDR6} ip6 daddr != { ${podCIDR6}, ff00::/8 } masquerade`)
  const down = await world.run('down')
  expect(down.exitCode, down.stderr).toBe(0)
  const after = await host.state()
  for (const what of ['rules', 'routes', 'routes6', 'settings']) expect(after[what], what).toBe(before[what])
})
