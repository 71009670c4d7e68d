import { expect, test } from 'vitest'
import { type World, eventually } from '../support/engine.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { startDockerOn } from '../support/hosts/docker.ts'
import { ownFleet } from '../support/hosts/ownFleet.ts'
import { machineTraces, NO_TRACES } from '../support/machine.ts'

const RUNTIMES = { one: 'oci', two: 'podman', three: 'docker' } as const
const NAMES = Object.keys(RUNTIMES).toSorted()

let hosts: Hosts
let world: World

ownFleet(NAMES, async (ownHosts, ownWorld) => {
  hosts = ownHosts
  world = ownWorld
  await startDockerOn(hosts.host('three'))
})

function nodesYaml(): string {
  const nodes = Object.entries(RUNTIMES).map(
    ([name, runtime]) => `apiVersion: reconcile.dev/v1
kind: Node
metadata: {name: ${name}}
spec: {address: "${hosts.host(name).url}", runtime: ${runtime}}
`,
  )
  return nodes.join('---\n')
}

function nodeOf({ status }: { readonly status: { readonly hostIP?: string } }): string {
  return NAMES.find((name) => hosts.host(name).address === status.hostIP) ?? ''
}

const WEB = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${2 * NAMES.length}
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      terminationGracePeriodSeconds: 0
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: DoNotSchedule
          labelSelector: {matchLabels: {app: web}}
      containers:
        - name: main
          image: busybox:1.36
          command: ["sh", "-c", "echo I am $(hostname); exec httpd -f -p 8080 -h /etc"]
          readinessProbe: {httpGet: {port: 8080, path: /hostname}, periodSeconds: 1}
`

test('a Deployment spreads over machines with different runtimes, and its pods are asked about alike', async () => {
  await world.commit({ 'nodes.yaml': nodesYaml(), 'web.yaml': WEB })
  const run = await world.once('-v')
  expect(run.stderr).not.toContain('failed')
  expect(run).toMatchObject({ exitCode: 0 })
  const pods = await world.pods()
  const perNode = Map.groupBy(pods, nodeOf)
  expect([...perNode].map(([node, { length }]) => [node, length]).toSorted()).toEqual(
    NAMES.map((name) => [name, 2]),
  )
  for (const [pod] of perNode.values()) {
    const name = pod?.metadata.name ?? ''
    expect(await world.exec(name, 'cat', '/etc/hostname')).toBe(name)
    expect(await world.run('logs', name)).toMatchObject({ exitCode: 0, stdout: `I am ${name}`, stderr: '' })
  }
})

test('the same commit once more changes nothing on any of them', async () => {
  const before = await world.pods()
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const uids = (pods: typeof before) => pods.map(({ metadata }) => metadata.uid)
  expect(uids(await world.pods())).toEqual(uids(before))
})

test('what ends while no engine is there starts again on each of them, by the node itself', async () => {
  for (const name of NAMES) hosts.host(name).run('pkill', '-KILL', 'httpd')
  const restarts = await eventually(
    async () => (await world.pods()).map(({ status }) => status.containerStatuses?.[0]),
    (all) => all.every((one) => one?.restartCount === 1 && one.state?.running !== undefined),
  )
  expect(restarts.map((one) => one?.lastState?.terminated?.exitCode)).toEqual(restarts.map(() => 137))
})

test('a machine that was rebooted has its pods again', async () => {
  const before = await world.pods()
  for (const name of ['two', 'three']) await hosts.host(name).reboot()
  await startDockerOn(hosts.host('three'))
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const after = await world.pods()
  expect(after.map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid))
  const rebooted = after.filter((pod) => nodeOf(pod) !== 'one')
  expect(rebooted.map(({ status }) => status.containerStatuses?.[0]?.ready)).toEqual(rebooted.map(() => true))
})

test('another runtime for a machine that has pods is refused', async () => {
  const other = nodesYaml().replaceAll('runtime: podman', 'runtime: oci')
  await world.commit({ 'nodes.yaml': other, 'web.yaml': WEB })
  const run = await world.once()
  expect(run.stderr).toContain("node two asks for the runtime oci, and what was made on it is podman's")
  expect(run.exitCode).toBe(3)
})

test('down leaves nothing on any of them', async () => {
  expect(await world.run('down')).toMatchObject({ exitCode: 0 })
  expect(machineTraces(world.root)).toEqual(NO_TRACES)
  for (const name of NAMES) {
    const left = 'ls -A /run/reconcile; ls -d /sys/fs/cgroup/*/reconcile*; ls -A "$0"; nft list tables'
    expect(hosts.host(name).run('sh', '-c', `{ ${left}; } 2>/dev/null || true`, world.root)).toBe('')
  }
  const docker = (...args: readonly string[]) =>
    hosts.host('three').run('docker', ...args, '--all', '--quiet')
  expect([docker('container', 'ls'), docker('image', 'ls')]).toEqual(['', ''])
})
