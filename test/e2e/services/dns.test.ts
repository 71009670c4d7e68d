import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { World } from '../../support/engine.ts'
import { rootIdOf } from '../../support/machine.ts'
import { files, pod, sh } from '../../support/pods.ts'
import { addressIn, ownRanges } from '../../support/ranges.ts'
import { type Registry, startRegistry } from '../../support/registry.ts'
import { machineNames, OUTSIDE } from './machineNames.ts'

type Fields = Readonly<Record<string, unknown>>

let registry: Registry
let machine: Awaited<ReturnType<typeof machineNames>>
let world: World

const RANGES = await ownRanges()
const at = (last: number) => addressIn(RANGES.serviceCIDR, last)
const [SERVER, WEB, OTHER, LATE] = [at(10), at(20), at(21), at(30)] as const

function service(name: string, spec: Fields, namespace = 'default'): Fields {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace }, spec }
}

/** The machine's programs, above all getent and dig, see the pod's own /etc. */
const MACHINES = [
  ['usr', '/usr'],
  ['lib', '/usr/lib', '/lib'],
  ['lib64', '/usr/lib64', '/lib64'],
].map(([name = '', path = '', mountPath = path]) => ({
  volume: { name, hostPath: { path } },
  mount: { name, mountPath, readOnly: true },
}))

function client(name: string, spec: Fields = {}): Fields {
  const volumeMounts = MACHINES.map(({ mount }) => mount)
  const volumes = MACHINES.map(({ volume }) => volume)
  return pod(name, { containers: [sh('exec sleep 3600', { volumeMounts })], volumes, ...spec })
}

function peer(name: string, subdomain: string): Fields {
  const labels = { app: subdomain }
  return pod(name, { hostname: name, subdomain, containers: [sh('exec sleep 3600')] }, { labels })
}

const PORTS = [{ name: 'http', port: 80 }]
const OBJECTS = [
  client('client'),
  client('plain', { dnsPolicy: 'Default' }),
  client('on-host', { hostNetwork: true, dnsPolicy: 'ClusterFirstWithHostNet' }),
  peer('db-0', 'db'),
  peer('db-1', 'db'),
  service('web', { clusterIP: WEB, ports: PORTS }),
  service('other', { clusterIP: OTHER, ports: PORTS }, 'shop'),
  service('db', { clusterIP: 'None', selector: { app: 'db' }, ports: [{ name: 'sql', port: 5432 }] }),
  service('away', { type: 'ExternalName', externalName: OUTSIDE.name }),
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
]

beforeAll(async () => {
  registry = await startRegistry()
  machine = await machineNames()
  world = await World.create({
    ranges: RANGES,
    registry: registry.url,
    within: machine.within,
  })
  await world.commit(files(...OBJECTS))
  await applied()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await machine[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

async function applied(): Promise<void> {
  const run = await world.once('--timeout', '60s')
  if (run.exitCode !== 0) throw new Error(run.stderr + run.stdout)
}

/** From inside a pod, with no engine running: each script's output, in one go. */
async function inside(podName: string, ...scripts: readonly string[]): Promise<readonly string[]> {
  const all = scripts.map((script) => `${script}; echo "=$?"; echo ---`).join('\n')
  const output = await world.exec(podName, 'sh', '-c', `PATH=/usr/bin:/bin; ${all}`)
  return output.split(/\n---\n?/).slice(0, scripts.length)
}

const lookUp = (name: string) => `getent ahostsv4 ${name} | cut -d' ' -f1 | sort -u | tr '\\n' ' '`
const dig = (question: string) => `dig +time=2 +tries=1 ${question}`

describe('from inside a pod', () => {
  test('the server of the cluster is asked, with the namespace first and the machine’s list last', async () => {
    expect(await world.exec('client', 'cat', '/etc/resolv.conf')).toBe(
      `nameserver ${SERVER}\nsearch default.svc.cluster.local svc.cluster.local cluster.local outside.test\noptions ndots:5`,
    )
    expect(await world.exec('on-host', 'cat', '/etc/resolv.conf')).toContain(`nameserver ${SERVER}\n`)
    expect(await world.exec('plain', 'cat', '/etc/resolv.conf')).not.toContain(SERVER)
  })

  test('names of all forms lead to addresses', async () => {
    const names = ['web', 'web.default', 'web.default.svc', 'web.default.svc.cluster.local', 'other.shop']
    expect(await inside('client', ...names.map(lookUp))).toEqual([
      ...Array.from({ length: 4 }, () => `${WEB} =0`),
      `${OTHER} =0`,
    ])
    const shown = await Promise.all([world.pod('db-0'), world.pod('db-1')])
    const addresses = shown.map(({ status }) => status.podIP ?? '')
    const [all = '', first, onHost] = await inside(
      'client',
      lookUp('db'),
      lookUp('db-0.db'),
      lookUp('db-1.db'),
    )
    expect(all.split(' ').slice(0, 2).toSorted()).toEqual(addresses.toSorted())
    expect([first, onHost]).toEqual(addresses.map((address) => `${address} =0`))
    expect(await inside('on-host', lookUp('other.shop'))).toEqual([`${OTHER} =0`])
  })

  test('ports, addresses and aliases are found, by udp and by tcp', async () => {
    const address = (await world.pod('db-0')).status.podIP ?? ''
    for (const by of ['+notcp', '+tcp']) {
      expect(
        await inside(
          'client',
          dig(`${by} +short _http._tcp.web.default.svc.cluster.local SRV`),
          `${dig(`${by} +short _sql._tcp.db.default.svc.cluster.local SRV`)} | sort | tr '\\n' ' '`,
          dig(`${by} +short -x ${WEB}`),
          dig(`${by} +short -x ${address}`),
          dig(`${by} +short away.default.svc.cluster.local`),
          dig(`${by} +short dns-version.cluster.local TXT`),
        ),
      ).toEqual([
        '0 100 80 web.default.svc.cluster.local.\n=0',
        '0 100 5432 db-0.db.default.svc.cluster.local. 0 100 5432 db-1.db.default.svc.cluster.local. =0',
        'web.default.svc.cluster.local.\n=0',
        'db-0.db.default.svc.cluster.local.\n=0',
        `${OUTSIDE.name}.\n${OUTSIDE.address}\n=0`,
        '"1.1.0"\n=0',
      ])
    }
  })

  test('a name that is there has no data of other types; one that is not there is no name', async () => {
    const status = (question: string) =>
      `${dig(question)} | grep -o 'status: [A-Z]*\\|ANSWER: [0-9]*' | tr '\\n' ' '`
    expect(
      await inside(
        'client',
        status('web.default.svc.cluster.local AAAA'),
        status('svc.cluster.local A'),
        status('nobody.default.svc.cluster.local A'),
        status(`-x ${at(99)}`),
      ),
    ).toEqual([
      'status: NOERROR ANSWER: 0 =0',
      'status: NOERROR ANSWER: 0 =0',
      'status: NXDOMAIN ANSWER: 0 =0',
      'status: NXDOMAIN ANSWER: 0 =0',
    ])
  })

  test('everything else is asked of the machine’s own resolver, in its search list too, and nothing of the cluster’s is', async () => {
    expect(await inside('client', lookUp(OUTSIDE.name), lookUp('www'), lookUp('away'))).toEqual(
      Array.from({ length: 3 }, () => `${OUTSIDE.address} =0`),
    )
    expect(machine.asked).toContain(OUTSIDE.name)
    expect(machine.asked.filter((name) => name.endsWith('.cluster.local'))).toEqual([])
  })
})

test('records follow a commit, and a server that was killed is there again', async () => {
  const [before = 0] = servers()
  await world.commit(files(...OBJECTS, service('late', { clusterIP: LATE, ports: PORTS })))
  await applied()
  expect(await inside('client', lookUp('late'))).toEqual([`${LATE} =0`])
  expect(servers()).toEqual([before])
  process.kill(before, 'SIGKILL')
  await applied()
  expect(await inside('client', lookUp('late'))).toEqual([`${LATE} =0`])
  expect(servers()).not.toEqual([before])
})

test('down leaves no server, no address and no mount', async () => {
  const folder = `reconcile-${rootIdOf(world.root)}`
  expect(readdirSync('/var/cache/bind')).toContain(folder)
  const run = await world.run('down')
  expect(run.stdout + run.stderr).toContain('DNS server')
  expect(servers()).toEqual([])
  expect(execFileSync('ip', ['-brief', 'address'], { encoding: 'utf8' })).not.toContain(`${SERVER}/`)
  expect(readdirSync('/var/cache/bind')).not.toContain(folder)
})

/** The DNS servers that answer here. */
function servers(): readonly number[] {
  const listening = execFileSync('ss', ['-Hltnp', 'src', SERVER, 'sport', '=', ':53'], { encoding: 'utf8' })
  return [...new Set([...listening.matchAll(/pid=(\d+)/g)].map(([, pid]) => Number(pid)))]
}
