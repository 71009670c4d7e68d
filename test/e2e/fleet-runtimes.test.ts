import { cpus } from 'node:os'
import { expect, test } from 'vitest'
import { type ShownObject, type ShownPod, type World, eventually } from '../support/engine.ts'
import { startDockerOn } from '../support/hosts/docker.ts'
import { leftOn, nodesYaml } from '../support/hosts/fleet.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { ownFleet } from '../support/hosts/ownFleet.ts'
import { machineTraces, NO_TRACES } from '../support/machine.ts'
import { spread, workload } from '../support/manifests.ts'
import { files, scriptJob, sh } from '../support/pods.ts'
import { addressIn } from '../support/ranges.ts'
import { service } from './services/pods.ts'

const RUNTIMES: Readonly<Record<string, string>> = { one: 'oci', two: 'podman', three: 'docker', four: 'oci' }
const NAMES = Object.keys(RUNTIMES).toSorted()
/** Of the pods that stay, so many are on each node: the Deployment's, the DaemonSet's and the StatefulSet's. */
const PER_NODE = { web: 2, agent: 1, db: 1 }

let hosts: Hosts
let world: World

ownFleet([NAMES], async (ownHosts, ownWorld) => {
  hosts = ownHosts
  world = ownWorld
  await startDockerOn(hosts.host('three'))
})

function nodes(runtimes = RUNTIMES): string {
  return nodesYaml(hosts, NAMES, (name) => ({
    runtime: runtimes[name],
    ...(name === 'four' && { systemReserved: { cpu: '100m', memory: '256Mi' } }),
  }))
}

function nodeOf({ status }: ShownPod): string {
  return NAMES.find((name) => hosts.host(name).address === status.hostIP) ?? ''
}

/** All of them tell their name at port 8080; the StatefulSet's from its claim. */
function serving(app: string, folder: string, more: Readonly<Record<string, unknown>> = {}) {
  const readinessProbe = { httpGet: { port: 8080, path: '/hostname' }, periodSeconds: 1 }
  const script = `echo I am $(hostname); exec httpd -f -p 8080 -h ${folder}`
  return { ...spread(app), containers: [sh(script, { readinessProbe, ...more })] }
}

function wanted(): Readonly<Record<string, string>> {
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } }
  const data = { volumeMounts: [{ name: 'data', mountPath: '/data' }] }
  const database = serving('db', '/data', {
    ...data,
    command: ['sh', '-c', 'echo $(hostname) >> /data/hostname; exec httpd -f -p 8080 -h /data'],
  })
  const template = scriptJob('tick', 'echo ticked').spec
  const schedule = { schedule: '* * * * *', jobTemplate: { spec: template } }
  return {
    'nodes.json': nodes(),
    ...files(
      workload('Deployment', 'web', serving('web', '/etc'), { replicas: PER_NODE.web * NAMES.length }),
      workload('DaemonSet', 'agent', serving('agent', '/etc')),
      workload('StatefulSet', 'db', database, {
        replicas: NAMES.length,
        serviceName: 'db',
        podManagementPolicy: 'Parallel',
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }],
      }),
      scriptJob('once', 'echo done', { parallelism: 4, completions: 4 }),
      { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name: 'tick' }, spec: schedule },
      service('web', 'web', { clusterIP: address() }),
      service('db', 'db', { clusterIP: 'None', ports: [{ port: 8080 }] }),
    ),
  }
}

/** The Service's. */
function address(): string {
  return addressIn(world.ranges.serviceCIDR, 20)
}

async function statusOf(kind: string, name: string): Promise<ShownObject['status']> {
  return (await world.objects(kind)).find(({ metadata }) => metadata.name === name)?.status
}

function appOf({ metadata }: ShownPod): string {
  return metadata.name.split('-')[0] ?? ''
}

/** Those that do not end. */
async function serversOf(...apps: readonly string[]): Promise<readonly ShownPod[]> {
  return (await world.pods()).filter((pod) => apps.includes(appOf(pod)))
}

const ALL = Object.keys(PER_NODE)

/** Where somebody is asked for its name, and who may answer. */
type Way = readonly [string, readonly string[]]

function scriptOf(get: string, ways: readonly Way[]): string {
  return ways.map(([place]) => `echo ${place} $(${get} http://${place}/hostname)`).join('; ')
}

function expectAnswers(output: string, ways: readonly Way[]): void {
  const lines = output.trim().split('\n')
  expect(lines).toHaveLength(ways.length)
  for (const [index, [place, names]] of ways.entries())
    expect(names.map((name) => `${place} ${name}`)).toContain(lines[index])
}

test('a machine is looked at with the runtime that it is to have', async () => {
  for (const name of ['two', 'three'] as const) {
    const run = await world.run('nodes', 'check', hosts.host(name).url, '--runtime', RUNTIMES[name] ?? '')
    expect(run, run.stderr).toMatchObject({ exitCode: 0 })
    expect(run.stdout).toMatch(
      RegExp(`can have pods with runtime: ${RUNTIMES[name]}: .*${RUNTIMES[name]} \\d`),
    )
  }
  const without = await world.run('nodes', 'check', hosts.host('one').url, '--runtime', 'docker')
  expect(without).toMatchObject({ exitCode: 1, stdout: '' })
  expect(without.stderr).toContain('systemctl start docker')
  expect(await world.run('nodes', '--runtime', 'docker')).toMatchObject({ exitCode: 3 })
})

test('one commit has workloads of all kinds on machines with different runtimes, and its pods are asked about alike', {
  timeout: 180_000,
}, async () => {
  await world.commit(wanted())
  const run = await world.once('-v')
  expect(run.stderr).not.toContain('failed')
  expect(run, run.stderr).toMatchObject({ exitCode: 0 })
  for (const [app, count] of Object.entries(PER_NODE)) {
    const perNode = Map.groupBy(await serversOf(app), nodeOf)
    expect([...perNode].map(([node, { length }]) => [node, length]).toSorted()).toEqual(
      NAMES.map((name) => [name, count]),
    )
  }
  for (const [pod] of Map.groupBy(await serversOf('web'), nodeOf).values()) {
    const name = pod?.metadata.name ?? ''
    expect(await world.exec(name, 'cat', '/etc/hostname')).toBe(name)
    expect(await world.run('logs', name)).toMatchObject({ exitCode: 0, stdout: `I am ${name}`, stderr: '' })
  }
  expect(await statusOf('Job', 'once')).toMatchObject({ succeeded: 4 })
})

test('each machine and a pod on it reach every pod at its address, and the Services at theirs and by their names', {
  timeout: 180_000,
}, async () => {
  const pods = await serversOf(...ALL)
  const names = pods.map(({ metadata }) => metadata.name).filter((name) => name.startsWith('web'))
  const atPods = pods.map(({ metadata, status }): Way => [`${status.podIP}:8080`, [metadata.name]])
  const toService: Way = [address(), names]
  const byName = ['web', 'web.default.svc', 'web.default.svc.cluster.local'].map((name): Way => [name, names])
  const fromPods = [...atPods, toService, ...byName, ['db-0.db:8080', ['db-0']] satisfies Way]
  for (const pod of await serversOf('agent')) {
    const script = scriptOf('wget -q -O -', fromPods)
    expectAnswers(await world.exec(pod.metadata.name, 'sh', '-c', script), fromPods)
    const host = hosts.host(nodeOf(pod))
    const fromHost = [...atPods, toService]
    expectAnswers(host.run('sh', '-c', scriptOf('curl -s', fromHost)), fromHost)
    const dns = `@${addressIn(world.ranges.serviceCIDR, 10)}`
    expect(host.run('dig', '+short', dns, 'web.default.svc.cluster.local').trim()).toBe(address())
  }
})

test('what a machine keeps for itself is shown beside what it has', async () => {
  const { stdout } = await world.run('nodes')
  const rows = new Map(stdout.split('\n').map((row) => [row.split(' ')[0], row]))
  const all = cpus().length
  expect(rows.get('one')).toMatch(new RegExp(` ${all} +\\d+Ki `))
  expect(rows.get('four')).toMatch(new RegExp(` ${all * 1000 - 100}m/${all} +\\d+Ki/\\d+Ki `))
  const [, own, whole] = / (\d+)Ki\/(\d+)Ki /.exec(rows.get('four') ?? '') ?? []
  expect(Number(whole) - Number(own)).toBe(256 * 1024)
})

test('the same commit once more changes nothing on any of them', async () => {
  const before = await serversOf(...ALL)
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const uids = (pods: typeof before) => pods.map(({ metadata }) => metadata.uid)
  expect(uids(await serversOf(...ALL))).toEqual(uids(before))
})

test('what ends while no engine is there starts again on each of them, by the node itself', async () => {
  for (const name of NAMES) hosts.host(name).run('pkill', '-KILL', 'httpd')
  const restarts = await eventually(
    async () => (await serversOf(...ALL)).map(({ status }) => status.containerStatuses?.[0]),
    (all) => all.every((one) => one?.restartCount === 1 && one.state?.running !== undefined),
  )
  expect(restarts.map((one) => one?.lastState?.terminated?.exitCode)).toEqual(restarts.map(() => 137))
})

test('a machine that was rebooted has its pods again, with their data', { timeout: 180_000 }, async () => {
  const before = await serversOf(...ALL)
  for (const name of ['two', 'three']) await hosts.host(name).reboot()
  await startDockerOn(hosts.host('three'))
  expect(await world.once()).toMatchObject({ exitCode: 0 })
  const after = await serversOf(...ALL)
  expect(after.map(({ metadata }) => metadata.uid)).toEqual(before.map(({ metadata }) => metadata.uid))
  const rebooted = after.filter((pod) => ['two', 'three'].includes(nodeOf(pod)))
  expect(rebooted.map(({ status }) => status.containerStatuses?.[0]?.ready)).toEqual(rebooted.map(() => true))
  for (const pod of after.filter((one) => appOf(one) === 'db')) {
    const { name } = pod.metadata
    // One for each start: the first, the one by the node and, where the machine was rebooted, one more.
    const starts = rebooted.includes(pod) ? 3 : 2
    expect(await world.exec(name, 'cat', '/data/hostname')).toBe(Array(starts).fill(name).join('\n'))
  }
})

test('a CronJob has its run, whichever of them it is on', { timeout: 180_000 }, async () => {
  const status = await eventually(
    async () => {
      expect(await world.once()).toMatchObject({ exitCode: 0 })
      return await statusOf('CronJob', 'tick')
    },
    // Not while the next one is under way.
    (now) => now?.['lastSuccessfulTime'] !== undefined && now['active'] === undefined,
    150_000,
  )
  expect(status).toMatchObject({ lastScheduleTime: expect.any(String) })
})

test('another runtime for a machine that has pods is refused', async () => {
  await world.commit({ ...wanted(), 'nodes.json': nodes({ ...RUNTIMES, two: 'oci' }) })
  const run = await world.once()
  expect(run.stderr).toContain("node two asks for the runtime oci, and what was made on it is podman's")
  expect(run.exitCode).toBe(3)
})

test('down leaves nothing on any of them but the data of claims', async () => {
  expect(await world.run('down')).toMatchObject({ exitCode: 0 })
  expect(machineTraces(world.root)).toEqual(NO_TRACES)
  for (const name of NAMES) expect(leftOn(hosts, name)).toBe('claims\n')
  const docker = (...args: readonly string[]) =>
    hosts.host('three').run('docker', ...args, '--all', '--quiet')
  expect([docker('container', 'ls'), docker('image', 'ls')]).toEqual(['', ''])
})
