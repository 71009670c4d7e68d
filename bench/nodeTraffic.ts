import { execa } from 'execa'
import { join } from 'node:path'
import { Hosts, type Host } from '../test/support/hosts/hosts.ts'
import { nodesYaml } from '../test/support/hosts/fleet.ts'
import { rootIdOf } from '../test/support/machine.ts'
import { ownRanges } from '../test/support/ranges.ts'
import { engine, type Measurement, median, timed } from './measure.ts'
import { commitFiles } from './repository.ts'

export interface NodeTrafficBench {
  readonly folder: string
  /** `http://127.0.0.1:port` of the registry that holds busybox:1.36. */
  readonly registry: string
}

/** Two machines on one link, and one beyond a router. */
const LINKS = [['one', 'near'], ['far']] as const
const NODES = LINKS.flat()
const PORT = '5201'
const ROUNDS = 15
const SECONDS = '1'

interface Way {
  readonly name: string
  /** From the machine `one`, or from the network of its pod. */
  readonly within: readonly string[]
  readonly host: string
  /** The way between the machines themselves that it is held against. */
  readonly bare?: string
}

/** From a pod to one of another node, by a plain route and by VXLAN, against the same links without pods: `iperf3` for a second, by turns. */
export async function benchNodeTraffic(bench: NodeTrafficBench): Promise<readonly Measurement[]> {
  await using hosts = await Hosts.create(...LINKS)
  const repo = join(bench.folder, 'nodes-repo')
  await commitFiles(repo, await files(hosts, await hosts.expose(Number(new URL(bench.registry).port))))
  const run = async (...args: readonly string[]) =>
    await timed(engine(...args, '--root', hosts.root), hosts.keys.environment)
  await using stack = new AsyncDisposableStack()
  stack.defer(async () => void (await run('down')))
  await run('--once', '--repo', repo)
  const { output } = await run('status', '-o', 'json', '--repo', repo)
  for (const name of ['near', 'far']) stack.use(await serving(hosts.host(name)))
  return await measured(waysOf(hosts, podsOf(output)))
}

async function files(hosts: Hosts, registry: string): Promise<Readonly<Record<string, string>>> {
  const { podCIDR, serviceCIDR } = await ownRanges()
  const apiVersion = 'reconcile.dev/v1'
  const spec = { podCIDR, serviceCIDR, registries: { mirrors: { 'docker.io': [registry] } } }
  const cluster = { apiVersion, kind: 'Cluster', metadata: { name: 'bench' }, spec }
  return {
    'cluster.json': JSON.stringify(cluster),
    'nodes.json': nodesYaml(hosts, NODES),
    'pods.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items: NODES.map(podOn) }),
  }
}

/** Debian's iperf3, from the machine's own files. */
function podOn(node: string) {
  const container = {
    name: 'iperf',
    image: 'busybox:1.36',
    command: ['sh', '-c', `TMPDIR=/mnt exec chroot /machine iperf3 --server --port ${PORT}`],
    readinessProbe: { tcpSocket: { port: Number(PORT) }, periodSeconds: 1 },
    volumeMounts: [
      { name: 'machine', mountPath: '/machine', readOnly: true },
      { name: 'scratch', mountPath: '/machine/mnt' },
    ],
  }
  const volumes = [
    { name: 'machine', hostPath: { path: '/' } },
    { name: 'scratch', emptyDir: { medium: 'Memory' } },
  ]
  const spec = { nodeName: node, terminationGracePeriodSeconds: 0, volumes, containers: [container] }
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: `on-${node}` }, spec }
}

interface ShownPod {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly uid: string }
  readonly status: { readonly podIP?: string }
}

function podsOf(output: string): (node: string) => ShownPod {
  const { items } = JSON.parse(output) as { readonly items: readonly ShownPod[] }
  return (node) => {
    const found = items.find(({ kind, metadata }) => kind === 'Pod' && metadata.name === `on-${node}`)
    if (found === undefined) throw new Error(`no pod on node ${node} in the status: ${output}`)
    return found
  }
}

function waysOf(hosts: Hosts, pod: (node: string) => ShownPod): readonly Way[] {
  const { within } = hosts.host('one')
  const pin = `/run/reconcile/${rootIdOf(hosts.root)}/pods/${pod('one').metadata.uid}/net`
  const fromPod = [...within, 'nsenter', `--net=${pin}`]
  const [link, router] = ['the bare veth on one link', 'the bare veth by a router']
  const address = (node: string) => pod(node).status.podIP ?? ''
  return [
    { name: link, within, host: hosts.host('near').address },
    { name: 'pod to pod by a plain route', within: fromPod, host: address('near'), bare: link },
    { name: router, within, host: hosts.host('far').address },
    { name: 'pod to pod across VXLAN', within: fromPod, host: address('far'), bare: router },
  ]
}

/** On the machine itself, until it is disposed of. */
async function serving(host: Host): Promise<AsyncDisposable> {
  const [program, ...args] = host.within
  const server = execa(program, [...args, 'iperf3', '--server', '--port', PORT], {
    reject: false,
    // Who entered the machine ends before what was begun there, which the machine's end ends.
    stdio: 'ignore',
  })
  let isOver = false
  void server.finally(() => {
    isOver = true
  })
  // It says nothing of it itself but to a terminal.
  const once = ['iperf3', '--client', '127.0.0.1', '--port', PORT, '--bytes', '1K']
  while ((await execa(program, [...args, ...once], { reject: false })).exitCode !== 0)
    if (isOver) throw new Error(`iperf3 ended on ${host.name}`)
  return {
    [Symbol.asyncDispose]: async () => {
      server.kill()
      await server
    },
  }
}

async function measured(ways: readonly Way[]): Promise<readonly Measurement[]> {
  const found = new Map(ways.map(({ name }) => [name, [] as number[]]))
  for (let round = 0; round < ROUNDS; round += 1) {
    const first = round % ways.length
    for (const way of [...ways.slice(first), ...ways.slice(0, first)])
      found.get(way.name)?.push(await gbits(way))
  }
  const of = (name: string) => found.get(name) ?? []
  return ways.flatMap(({ bare, name }): Measurement[] => {
    const own = of(name)
    const throughput = {
      what: `throughput, ${name}`,
      value: median(own),
      unit: 'Gbit/s',
      runs: ROUNDS,
    } as const
    if (bare === undefined) return [throughput]
    // Each against the one of its own round.
    const parts = own.map((value, round) => (100 * value) / (of(bare)[round] ?? Number.NaN))
    return [throughput, { what: `that of ${bare}`, value: median(parts), unit: '%', runs: ROUNDS }]
  })
}

async function gbits({ host, within }: Way): Promise<number> {
  const [program = '', ...args] = within
  const client = ['iperf3', '--client', host, '--port', PORT, '--time', SECONDS, '--json']
  const { stdout } = await execa(program, [...args, ...client])
  const { end } = JSON.parse(stdout) as {
    readonly end: { readonly sum_received: { readonly bits_per_second: number } }
  }
  return end.sum_received.bits_per_second / 1e9
}
