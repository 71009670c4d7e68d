import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { eventually, type ShownPod, type World } from '../support/engine.ts'
import { addAccount, type HostAccount } from '../support/hosts/account.ts'
import { leftOn } from '../support/hosts/fleet.ts'
import type { Hosts } from '../support/hosts/hosts.ts'
import { ownFleet } from '../support/hosts/ownFleet.ts'
import { machineTraces, NO_TRACES } from '../support/machine.ts'
import { workload } from '../support/manifests.ts'
import { containerOf, files, scriptJob, sh } from '../support/pods.ts'
import { addressIn } from '../support/ranges.ts'
import { service } from './services/pods.ts'

let hosts: Hosts
let world: World
let account: HostAccount

ownFleet([['one', 'two']], (ownHosts, ownWorld) => {
  hosts = ownHosts
  world = ownWorld
  account = addAccount(hosts, hosts.host('one'), 'alice')
})

const [HOST_PORT, NODE_PORT] = [18_080, 31_080]

function nodes(): string {
  const node = (name: string, spec: object) => ({
    apiVersion: 'reconcile.dev/v1',
    kind: 'Node',
    metadata: { name },
    spec,
  })
  const one = node('one', { address: account.url, runtime: 'podman' })
  const two = node('two', { address: hosts.host('two').url })
  return JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [one, two] })
}

function on(name: string, container: object, more: object = {}) {
  return { nodeSelector: { 'kubernetes.io/hostname': name }, containers: [container], ...more }
}

function serving(more: object = {}) {
  const readinessProbe = { httpGet: { port: 8080, path: '/hostname' }, periodSeconds: 1 }
  return sh('echo I am $(hostname); exec httpd -f -p 8080 -h /etc', { readinessProbe, ...more })
}

function serviceAddress(): string {
  return addressIn(world.ranges.serviceCIDR, 20)
}

function wanted(word = 'first'): Readonly<Record<string, string>> {
  const claim = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } }
  const keeping = sh('echo started >> /data/starts; exec sleep 3600', {
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
  })
  const limits = { cpu: '500m', memory: '64Mi' }
  const web = serving({ env: [{ name: 'WORD', value: word }], resources: { limits } })
  const open = serving({ ports: [{ containerPort: 8080, hostPort: HOST_PORT }] })
  const job = scriptJob('once', 'id -u; echo done')
  return {
    'nodes.json': nodes(),
    ...files(
      workload('Deployment', 'web', on('one', web), { replicas: 2 }),
      workload('Deployment', 'open', on('one', open)),
      workload('DaemonSet', 'agent', { containers: [serving()] }),
      workload('StatefulSet', 'db', on('one', keeping), {
        serviceName: 'db',
        volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: claim }],
      }),
      {
        ...job,
        spec: { template: { spec: { ...job.spec.template.spec, ...on('one', sh('id -u; echo done')) } } },
      },
      service('agent', 'agent', { clusterIP: serviceAddress() }),
      service('web', 'web', {
        type: 'NodePort',
        ports: [{ port: 80, targetPort: 8080, nodePort: NODE_PORT }],
      }),
    ),
  }
}

async function podsOf(app: string): Promise<readonly ShownPod[]> {
  return (await world.pods()).filter(({ metadata }) => metadata.name.startsWith(`${app}-`))
}

async function nameOf(app: string): Promise<string> {
  return (await podsOf(app))[0]?.metadata.name ?? ''
}

async function answerAt(port: number): Promise<string> {
  return (await (await fetch(`http://${hosts.host('one').address}:${port}/hostname`)).text()).trim()
}

test('what an account lacks is told at once, with the commands, and nothing is made', async () => {
  const poor = addAccount(hosts, hosts.host('two'), 'bob', 0)
  hosts.host('two').run('chmod', '600', '/dev/net/tun')
  const run = await world.run('nodes', 'check', poor.url)
  expect(run).toMatchObject({ exitCode: 1 })
  expect(run.stderr).toContain('the account bob is not root, and cannot have containers of its own yet')
  expect(run.stderr).toContain('usermod --add-subuids 100000-165535 --add-subgids 100000-165535 bob')
  expect(run.stderr).toContain('no use of /dev/net/tun (Permission denied): chmod 666 /dev/net/tun')
  expect(run.stderr).not.toContain('ssh-copy-id')
  expect(poor.run('ls', '-A', poor.home)).toBe('')
})

test('a machine whose account is not root can have pods by podman, and looking makes nothing', async () => {
  const run = await world.run('nodes', 'check', account.url)
  expect(run.stdout).toMatch(/can have pods with runtime: podman: .*podman \S+ rootless as alice/)
  expect(run.stderr).toContain('has no part in the cgroups')
  expect(run.exitCode).toBe(0)
  expect(
    account.run('find', account.home, '-mindepth', '1', '(', '-name', 'reconcile', '-o', '-type', 'f', ')'),
  ).toBe('')
  await eventually(
    () => Promise.resolve(account.run('ps', '-o', 'args', '-u', 'alice')),
    (processes) => !/slirp4netns|reconcile/.test(processes),
  )
})

test('an account that is not root is refused with another runtime, which is said', async () => {
  await world.commit({ ...wanted(), 'nodes.json': nodes().replace('"runtime":"podman"', '"runtime":"oci"') })
  const run = await world.once('--timeout', '20s')
  expect(run.stderr).toContain('runtime: podman')
  expect(run.exitCode).not.toBe(0)
})

test('workloads run there as the account, and are asked about as on any node', {
  timeout: 120_000,
}, async () => {
  await world.commit(wanted())
  const run = await world.once('--timeout', '90s')
  expect(run, run.stderr).toMatchObject({ exitCode: 0 })
  const name = await nameOf('web')
  expect(await world.exec(name, 'sh', '-c', 'echo $WORD on $(hostname)')).toBe(`first on ${name}`)
  const interactive = await world.run('exec', '-i', name, '--', 'cat', '/etc/hostname')
  expect(interactive).toMatchObject({ exitCode: 0, stdout: name })
  expect(await world.run('logs', name)).toMatchObject({ exitCode: 0, stdout: `I am ${name}` })
  expect(await world.run('logs', await nameOf('once'))).toMatchObject({ stdout: '0\ndone' })
  const owners = hosts.host('one').run('sh', '-c', 'ps -o uid= -p $(pgrep -d, httpd)')
  expect(new Set(owners.trim().split(/\s+/))).toEqual(new Set(['4242']))
  expect((await world.run('nodes')).stdout).toMatch(/^one .*podman:\/\/\S+ rootless as alice/m)
})

test('ports of the machine lead to its pods and Services', async () => {
  expect(await answerAt(HOST_PORT)).toBe(await nameOf('open'))
  const names = (await podsOf('web')).map(({ metadata }) => metadata.name)
  expect(names).toContain(await answerAt(NODE_PORT))
})

test('a Service and its name lead there to the pods of that node alone, and elsewhere to none of them', async () => {
  const agents = await podsOf('agent')
  expect(agents).toHaveLength(2)
  for (const { metadata } of agents) {
    const script = `for i in 1 2 3 4; do wget -q -O - http://agent.default.svc/hostname; done`
    const answers = await world.exec(metadata.name, 'sh', '-c', script)
    expect(new Set(answers.split('\n'))).toEqual(new Set([metadata.name]))
  }
  const machine = hosts.host('two').run('curl', '-s', `http://${serviceAddress()}/hostname`).trim()
  expect(agents.map(({ metadata }) => metadata.name)).toContain(machine)
})

test('what the account may not do is said, and nothing of it is made', { timeout: 120_000 }, async () => {
  const low = on('one', sh('exec sleep 3600', { ports: [{ containerPort: 80, hostPort: 80 }] }))
  await world.commit({ ...wanted(), 'low.json': JSON.stringify(workload('Deployment', 'low', low)) })
  const run = await world.once('--timeout', '15s')
  expect(run.stderr).toContain(
    'TCP port 80 of the machine cannot be had: an account that is not root may have none below net.ipv4.ip_unprivileged_port_start',
  )
  expect(run.exitCode).toBe(1)
  expect(await podsOf('low')).toEqual([])
  const frozen = await world.run('freeze', await nameOf('web'))
  expect(frozen.stderr).toContain('freezing takes cgroups, in which the account of this node has no part')
  expect(await world.exec(await nameOf('web'), 'echo', 'goes on')).toBe('goes on')
  await world.commit(wanted())
  expect(await world.once('--timeout', '60s')).toMatchObject({ exitCode: 0 })
})

test('what ends while no engine is there starts again by the node itself', async () => {
  hosts.host('one').run('pkill', '-KILL', '-x', 'httpd')
  const restarted = await eventually(
    async () => (await podsOf('web')).map((pod) => containerOf(pod)),
    (all) => all.every(({ restartCount, state }) => restartCount === 1 && state['running'] !== undefined),
  )
  expect(restarted.map(({ lastState }) => lastState?.['terminated']?.['exitCode'])).toEqual([137, 137])
})

test('a change of the commit replaces its pods, and the rest stays', { timeout: 120_000 }, async () => {
  const before = (await podsOf('db'))[0]?.metadata.uid
  await world.commit(wanted('second'))
  expect(await world.once('--timeout', '90s')).toMatchObject({ exitCode: 0 })
  for (const { metadata } of await podsOf('web'))
    expect(await world.exec(metadata.name, 'sh', '-c', 'echo $WORD')).toBe('second')
  expect((await podsOf('db'))[0]?.metadata.uid).toBe(before)
  expect(await answerAt(NODE_PORT)).toMatch(/^web-/)
})

test('without the first of its processes nothing runs there; the next engine makes the pods again, with their data', {
  timeout: 120_000,
}, async () => {
  hosts.host('one').run('pkill', '-KILL', '-f', '^reconcile keeps the namespaces')
  await setTimeout(500)
  expect(account.run('ps', '-o', 'args', '-u', 'alice')).not.toMatch(/httpd|conmon|slirp4netns/)
  expect(await world.once('--timeout', '90s')).toMatchObject({ exitCode: 0 })
  expect(await world.exec('db-0', 'cat', '/data/starts')).toBe('started\nstarted')
  expect(await answerAt(HOST_PORT)).toBe(await nameOf('open'))
})

test('a machine that was rebooted has its pods again', { timeout: 120_000 }, async () => {
  await hosts.host('one').reboot()
  account = addAccount(hosts, hosts.host('one'), 'alice')
  expect(await world.once('--timeout', '90s')).toMatchObject({ exitCode: 0 })
  expect(await world.exec('db-0', 'cat', '/data/starts')).toBe('started\nstarted\nstarted')
})

test('down leaves nothing of the account but the data of claims', async () => {
  const down = await world.run('down')
  expect(down).toMatchObject({ exitCode: 0 })
  expect(down.stdout).toContain(`kept ${account.home}/.local/share/reconcile/`)
  await eventually(
    () => Promise.resolve(machineTraces(world.root)),
    ({ processes }) => processes.length === 0,
  )
  expect(machineTraces(world.root)).toEqual(NO_TRACES)
  expect(leftOn(hosts, 'one')).toBe('')
  const found = account.run('find', account.home, '-type', 'f', '-printf', '%P\n').trim()
  expect(found).toMatch(/^\.local\/share\/reconcile\/[0-9a-f]{8}\/disk\/claims\/default\/data-db-0\/starts$/)
  await eventually(
    () => Promise.resolve(account.run('ps', '-o', 'args', '-u', 'alice')),
    (processes) => !/slirp4netns|reconcile|podman|conmon/.test(processes),
  )
})
