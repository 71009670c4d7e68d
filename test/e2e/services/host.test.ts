import { execa } from 'execa'
import { mkdtempSync, rmSync } from 'node:fs'
import { once } from 'node:events'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { disposedAfterTest } from '../../support/cutOff.ts'
import { eventually, World } from '../../support/engine.ts'
import { files } from '../../support/pods.ts'
import { type Registry, startRegistry } from '../../support/registry.ts'
import { ask, byPod, servers, service } from './pods.ts'

const PEER = new URL('peer.js', import.meta.url).pathname

let registry: Registry

beforeAll(async () => {
  registry = await startRegistry()
})

afterAll(async () => await registry[Symbol.asyncDispose]())

/** Nobody has made any link, rule or route here before, and packets are not passed on: as a machine that was never used for containers. */
const HOST = `set -e
mkdir -p "$0/cgroup" /run/reconcile
mount --rbind /sys/fs/cgroup "$0/cgroup"
mount -t sysfs sysfs /sys
mount --move "$0/cgroup" /sys/fs/cgroup
mount -t tmpfs reconcile /run/reconcile
ip link set lo up
ip link add eth0 type bridge
sysctl -q -w net.ipv6.conf.eth0.disable_ipv6=1
ip addr add 192.0.2.9/24 dev eth0
ip link set eth0 up
ip route add default via 192.0.2.1
sysctl -q -w net.ipv4.ip_forward=0 net.bridge.bridge-nf-call-iptables=0
echo ready
exec sleep 600
`

/** A network and mounts of its own, from which the registry of the test is reached all the same. */
class Host implements AsyncDisposable {
  readonly within: readonly [string, ...string[]]
  readonly #ends: (() => void)[] = []
  readonly #folder = mkdtempSync(join(tmpdir(), 'reconcile-host-'))
  readonly #holder

  constructor() {
    const argv = ['--net', '--mount', '--propagation', 'private', 'sh', '-c', HOST, this.#folder]
    this.#holder = execa('unshare', argv, { reject: false })
    this.within = [
      'nsenter',
      `--net=/proc/${this.#holder.pid}/ns/net`,
      `--mount=/proc/${this.#holder.pid}/ns/mnt`,
    ]
    disposedAfterTest(this)
  }

  static async create(port: number): Promise<Host> {
    const host = new Host()
    const failed = host.#holder.then(({ stderr }) => {
      throw new Error(`making a host of its own: ${stderr}`)
    })
    await Promise.race([once(host.#holder.stdout, 'data'), failed])
    failed.catch(() => undefined)
    await host.#lead(port)
    return host
  }

  async #lead(port: number): Promise<void> {
    const path = join(this.#folder, 'registry.sock')
    const server = createServer((socket) => {
      const other = connect({ host: '127.0.0.1', port })
      for (const one of [socket, other]) one.on('error', () => undefined)
      socket.pipe(other).pipe(socket)
    })
    server.listen(path)
    await once(server, 'listening')
    const [program, ...args] = [...this.within, process.execPath, PEER, 'forward', String(port), path]
    const forward = execa(program ?? '', args, { reject: false })
    await once(forward.stdout, 'data')
    this.#ends.push(
      () => server.close(),
      () => forward.kill('SIGKILL'),
    )
  }

  async run(...argv: readonly string[]): Promise<string> {
    const [program, ...args] = [...this.within, ...argv]
    return (await execa(program ?? '', args)).stdout
  }

  /** All that can be changed of a machine's network, but what counts. */
  async state(): Promise<Readonly<Record<string, string>>> {
    const settings = (await this.run('sysctl', '-a', '--pattern', '^net\\.')).split('\n')
    return {
      rules: await this.run('nft', 'list', 'ruleset'),
      links: await this.run('ip', '-o', 'link'),
      addresses: await this.run('ip', '-o', 'address'),
      routes: await this.run('ip', 'route', 'show', 'table', 'all'),
      routes6: await this.run('ip', '-6', 'route', 'show', 'table', 'all'),
      settings: settings.filter((line) => !COUNTS.test(line)).join('\n'),
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.splice(0)) end()
    this.#holder.kill('SIGKILL')
    await this.#holder
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const COUNTS = /nf_conntrack_count|random|fib6?_nh|inet_peer|tcp_fastopen_key/

test('the ruleset, links, routes and settings of the host are the same before the first pod and after down', async () => {
  await using host = await Host.create(registry.port)
  const before = await host.state()
  await using world = await World.create({
    podCIDR: '10.242.0.0/16',
    serviceCIDR: '10.97.242.0/24',
    registry: registry.url,
    within: host.within,
  })
  const mapped = servers('mapped', 1)
  await world.commit(
    files(
      servers('web', 1),
      service('web', 'web', {
        clusterIP: '10.97.242.40',
        type: 'NodePort',
        ports: [{ port: 80, targetPort: 8080, nodePort: 30_280 }],
      }),
      mapped,
      {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'port' },
        spec: {
          terminationGracePeriodSeconds: 0,
          containers: [
            {
              name: 'main',
              image: 'busybox:1.36',
              command: ['sleep', '600'],
              ports: [{ containerPort: 80, hostPort: 8242 }],
            },
          ],
        },
      },
    ),
  )
  const run = await world.once('--timeout', '60s')
  expect(run.exitCode, run.stderr).toBe(0)
  expect([...byPod(await ask('10.97.242.40', 80, 1, { within: host.within })).values()]).toEqual([1])
  expect([...byPod(await ask('192.0.2.9', 30_280, 1, { within: host.within })).values()]).toEqual([1])
  const during = await host.state()
  expect(during['settings']).toContain('net.ipv4.ip_forward = 1')
  expect(during['rules']).toContain('CNI-HOSTPORT-DNAT')
  expect((await world.run('down')).exitCode).toBe(0)
  // The kernel takes links away a moment after their namespaces.
  const after = await eventually(
    () => host.state(),
    (state) => state['links'] === before['links'],
    10_000,
  )
  expect(after).toEqual(before)
})
