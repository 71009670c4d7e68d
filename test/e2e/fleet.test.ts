import { once } from 'node:events'
import { expect, test } from 'vitest'
import { parseSshAddress } from '../../engine/transport/ssh/address.ts'
import { sshTransport } from '../../engine/transport/ssh/ssh.ts'
import { NO_TRACES, machineTraces } from '../support/machine.ts'
import type { World } from '../support/engine.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { leftOn, nodesYaml } from '../support/hosts/fleet.ts'
import { ownFleet } from '../support/hosts/ownFleet.ts'
import { spread, workload } from '../support/manifests.ts'
import { sh } from '../support/pods.ts'

const NAMES = ['one', 'two']

let hosts: Hosts
let world: World

ownFleet([NAMES], (ownHosts, ownWorld) => {
  hosts = ownHosts
  world = ownWorld
})

const WEB = JSON.stringify(
  workload(
    'Deployment',
    'web',
    {
      ...spread('web'),
      containers: [
        sh('hostname; exec httpd -f -p 8080 -h /etc', {
          readinessProbe: { httpGet: { port: 8080, path: '/hostname' }, periodSeconds: 1 },
        }),
      ],
    },
    { replicas: 4 },
  ),
)

const PAIR = NAMES.map(
  (name) => `apiVersion: v1
kind: Pod
metadata: {name: on-${name}}
spec:
  terminationGracePeriodSeconds: 0
  nodeSelector: {kubernetes.io/hostname: ${name}}
  containers: [{name: main, image: "busybox:1.36", command: ["sleep", "3600"]}]
`,
).join('---\n')

test('a Deployment spreads over two machines behind ssh, and its pods are asked about from here', async () => {
  await world.commit({ 'nodes.yaml': nodesYaml(hosts, NAMES), 'web.yaml': WEB })
  const run = await world.once('-v')
  expect(run.stderr).not.toContain('failed')
  expect(run).toMatchObject({ exitCode: 0 })
  const pods = await world.pods()
  const perNode = Map.groupBy(pods, ({ status }) => status.hostIP)
  expect([...perNode].map(([address, { length }]) => [address, length]).toSorted()).toEqual([
    [hosts.host('one').address, 2],
    [hosts.host('two').address, 2],
  ])
  expect(new Set(pods.map(({ status }) => status.podIP)).size).toBe(4)
  // Nothing of this machine's is left of an engine that has ended, such as the sockets of its ssh: it has no pods.
  expect(machineTraces(world.root).folders).toEqual([])
  for (const [pod] of perNode.values()) {
    const name = pod?.metadata.name ?? ''
    expect(await world.exec(name, 'hostname')).toBe(name)
    expect((await world.run('logs', name)).stdout).toBe(name)
  }
})

test('a port of this machine is forwarded to a pod on another one', async () => {
  const name = (await world.pods())[3]?.metadata.name ?? ''
  const forwarding = world.start('port-forward', name, ':8080')
  const [line] = (await once(forwarding.stdout, 'data')) as [Buffer]
  const port = /127\.0\.0\.1:(\d+)/.exec(line.toString())?.[1] ?? ''
  expect(await (await fetch(`http://127.0.0.1:${port}/hostname`)).text()).toBe(`${name}\n`)
  forwarding.kill('SIGINT')
  await forwarding
})

test('the same commit once more changes nothing, and down leaves nothing on any machine', async () => {
  const before = await world.pods()
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const uids = (pods: typeof before) => pods.map(({ metadata }) => metadata.uid)
  expect(uids(await world.pods())).toEqual(uids(before))
  expect(await world.run('down')).toMatchObject({ exitCode: 0 })
  expect(machineTraces(world.root)).toEqual(NO_TRACES)
  for (const name of NAMES) expect(leftOn(hosts, name)).toBe('')
})

test('a node on which another engine works is left alone', async () => {
  await world.commit({ 'nodes.yaml': nodesYaml(hosts, NAMES), 'pods.yaml': PAIR })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const before = await world.pods()
  const address = parseSshAddress(hosts.host('one').url)
  if (address === undefined) throw new Error('no address')
  const { environment } = hosts.keys
  await using other = sshTransport({ address, control: hosts.keys.path('control/ssh'), environment })
  const lock = await other.lock(`${world.root}/lock`, 'the other one')
  await world.commit({ 'nodes.yaml': nodesYaml(hosts, NAMES) })
  const held = await world.once('--timeout', '10s')
  expect(held.exitCode).toBe(1)
  expect(held.stderr).toContain('node one: another engine works on it, the other one')
  expect((await world.pods()).map(({ metadata }) => metadata.name)).toContain('on-one')
  await lock?.[Symbol.asyncDispose]()
  await world.commit({ 'nodes.yaml': nodesYaml(hosts, NAMES), 'pods.yaml': PAIR })
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const uidOf = (pods: typeof before) => pods.find(({ metadata }) => metadata.name === 'on-one')?.metadata.uid
  expect(uidOf(await world.pods())).toBe(uidOf(before))
})

test('pods of a machine that is off are unknown and stay, and it starts them again once it is back', async () => {
  const before = await world.pods()
  const two = hosts.host('two')
  await two.stop()
  const status = await world.run('status', '--repo', world.repo)
  expect(status.stdout + status.stderr).toContain('node two does not answer')
  await two.start()
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const after = await world.pods()
  const restarts = (name: string) =>
    after.find(({ metadata }) => metadata.name === name)?.status.containerStatuses?.[0]?.restartCount
  expect(after.map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid))
  expect([restarts('on-one'), restarts('on-two')]).toEqual([0, 1])
})
