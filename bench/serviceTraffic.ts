import { execa } from 'execa'
import { join } from 'node:path'
import { type Measurement, engine, median, timed } from './measure.ts'
import { commitFiles } from './repository.ts'
import { benchServiceTables } from './serviceTables.ts'

export interface TrafficBench {
  readonly folder: string
  /** `http://127.0.0.1:port` of the registry that holds busybox:1.36. */
  readonly registry: string
}

const SERVICE = '10.97.232.20'
/** No Service's, and on the node's way to them. */
const BARE = '10.97.232.99'
const BARE_TABLE = 'reconcile-bench-bare'
const NODE_PORTS = { web: 30_232, iperf: 30_233 }
const ROUNDS = 15
/** Two runs of the same differ by a tenth on a shared machine: it takes the median of so many to tell a hundredth or two. */
const LOAD_ROUNDS = 45
const SECONDS = 1

/**
 * Debian's nginx and iperf3, from the machine's own files; what they write goes to a volume in memory. One worker, and one thread that asks:
 * with more of them it is chance how many connections each one gets.
 */
const SERVE = `cat >/machine/mnt/nginx.conf <<'END'
daemon off; worker_processes 1; pid /mnt/nginx.pid; error_log stderr;
events { worker_connections 1024; }
http {
  access_log off; keepalive_requests 1000000;
  client_body_temp_path /mnt/a; proxy_temp_path /mnt/b; fastcgi_temp_path /mnt/c; uwsgi_temp_path /mnt/d; scgi_temp_path /mnt/e;
  server { listen 8080; location / { return 200 "here\\n"; } }
}
END
TMPDIR=/mnt chroot /machine iperf3 --server --port 5201 &
exec chroot /machine /usr/sbin/nginx -p /mnt -e stderr -c /mnt/nginx.conf`

function files(registry: string): Readonly<Record<string, string>> {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', labels: { app: 'web' } },
    spec: {
      terminationGracePeriodSeconds: 0,
      volumes: [
        { name: 'machine', hostPath: { path: '/' } },
        { name: 'scratch', emptyDir: { medium: 'Memory' } },
      ],
      containers: [
        {
          name: 'web',
          image: 'busybox:1.36',
          command: ['sh', '-c', SERVE],
          readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
          volumeMounts: [
            { name: 'machine', mountPath: '/machine', readOnly: true },
            { name: 'scratch', mountPath: '/machine/mnt' },
          ],
        },
      ],
    },
  }
  const ports = [
    { name: 'web', port: 80, targetPort: 8080, nodePort: NODE_PORTS.web },
    { name: 'iperf', port: 5201, targetPort: 5201, nodePort: NODE_PORTS.iperf },
  ]
  const service = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'web' },
    spec: { clusterIP: SERVICE, type: 'NodePort', selector: { app: 'web' }, ports },
  }
  const spec = {
    podCIDR: '10.232.0.0/16',
    serviceCIDR: '10.97.232.0/24',
    registries: { mirrors: { 'docker.io': [registry] } },
  }
  const cluster = { apiVersion: 'reconcile.dev/v1', kind: 'Cluster', metadata: { name: 'bench' }, spec }
  return { 'all.json': JSON.stringify({ apiVersion: 'v1', kind: 'List', items: [cluster, pod, service] }) }
}

interface Way {
  readonly name: string
  readonly host: string
  readonly web: number
  readonly iperf: number
  /** What it is to be of the first one; absent: it shows how far two of the same are from each other on this machine. */
  readonly target?: true
}

/** What a Service's address and a port of the node cost against the pod's own address, from the node itself; then what tables of many Services cost. */
export async function benchServiceTraffic(bench: TrafficBench): Promise<readonly Measurement[]> {
  const repo = join(bench.folder, 'services-repo')
  const root = join(bench.folder, 'services-root')
  try {
    await commitFiles(repo, files(bench.registry))
    await timed(engine('--once', '--repo', repo, '--root', root))
    const status = await timed(engine('status', '-o', 'json', '--repo', repo, '--root', root))
    const { host, node } = addresses(status.output)
    await addBareRule(host)
    const ways: readonly Way[] = [
      { name: "the pod's own address", host, web: 8080, iperf: 5201 },
      { name: 'the same once more', host, web: 8080, iperf: 5201 },
      { name: 'one bare rule of nftables', host: BARE, web: 80, iperf: 5201 },
      { name: 'a ClusterIP', host: SERVICE, web: 80, iperf: 5201, target: true },
      { name: 'a NodePort', host: node, web: NODE_PORTS.web, iperf: NODE_PORTS.iperf, target: true },
    ]
    return [...(await ofWays(ways)), ...(await benchServiceTables(host))]
  } finally {
    await execa('nft', ['delete', 'table', 'ip', BARE_TABLE], { reject: false })
    await timed(engine('down', '--root', root))
  }
}

/** What the kernel's address translation costs by itself, with nothing to look up. */
async function addBareRule(host: string): Promise<void> {
  const input = `table ip ${BARE_TABLE} {
  chain output {
    type nat hook output priority -101;
    ip daddr ${BARE} tcp dport 80 dnat to ${host}:8080
    ip daddr ${BARE} tcp dport 5201 dnat to ${host}:5201
  }
}
`
  await execa('nft', ['-f', '-'], { input })
}

function addresses(output: string): { readonly host: string; readonly node: string } {
  const pod = /"podIP": ?"([^"]+)"/.exec(output)?.[1]
  const node = /"hostIP": ?"([^"]+)"/.exec(output)?.[1]
  if (pod === undefined || node === undefined) throw new Error(`no addresses in the status: ${output}`)
  return { host: pod, node }
}

/** By turns, so that a noisy moment of the machine hits all of them, and each round begins with another one. */
async function ofWays(ways: readonly Way[]): Promise<readonly Measurement[]> {
  const found = new Map(
    ways.map((way) => [way, { gbits: [] as number[], requests: [] as number[], p99: [] as number[] }]),
  )
  for (let round = 0; round < LOAD_ROUNDS; round += 1) {
    const first = round % ways.length
    for (const way of [...ways.slice(first), ...ways.slice(0, first)]) {
      const of = found.get(way)
      if (round < ROUNDS) of?.gbits.push(await throughput(way))
      const { p99Ms, requests } = await load(way)
      of?.requests.push(requests)
      of?.p99.push(p99Ms)
    }
  }
  const [direct] = [...found.values()]
  return [...found].flatMap(([{ name, target }, { gbits, p99, requests }], index) => {
    // Each against the one of its own round: the machine is not as fast all the time.
    const share = (own: readonly number[], first: readonly number[] = []) =>
      median(own.map((value, round) => (value / (first[round] ?? Number.NaN)) * 100))
    const absolute: readonly Measurement[] = [
      { what: `${name}: throughput (iperf3)`, value: median(gbits), unit: 'Gbit/s', runs: ROUNDS },
      {
        what: `${name}: requests (wrk, 32 connections)`,
        value: median(requests),
        unit: 'requests/s',
        runs: LOAD_ROUNDS,
      },
      { what: `${name}: p99 of a request`, value: median(p99), unit: 'ms', runs: LOAD_ROUNDS },
    ]
    if (index === 0) return absolute
    return [
      ...absolute,
      {
        what: `${name}: throughput of direct`,
        value: share(gbits, direct?.gbits),
        unit: '%',
        runs: ROUNDS,
        ...(target && { target: { text: 'at least 97 %', least: 97 } }),
      },
      {
        what: `${name}: requests of direct`,
        value: share(requests, direct?.requests),
        unit: '%',
        runs: LOAD_ROUNDS,
        ...(target && { target: { text: 'at least 97 %', least: 97 } }),
      },
      {
        what: `${name}: p99 of direct`,
        value: share(p99, direct?.p99),
        unit: '%',
        runs: LOAD_ROUNDS,
        ...(target && { target: { text: 'at most 110 %', most: 110 } }),
      },
    ]
  })
}

async function throughput({ host, iperf }: Way): Promise<number> {
  const { stdout } = await execa('iperf3', ['-c', host, '-p', String(iperf), '-t', String(SECONDS), '-J'])
  const bits = /"sum_received":\s*\{[^}]*"bits_per_second":\s*([\d.e+]+)/.exec(stdout)?.[1]
  if (bits === undefined) throw new Error(`iperf3 told no throughput: ${stdout}`)
  return Number(bits) / 1e9
}

async function load({ host, web }: Way): Promise<{ readonly requests: number; readonly p99Ms: number }> {
  const argv = ['-t1', '-c32', `-d${SECONDS}s`, '--latency', `http://${host}:${web}/`]
  const { stdout } = await execa('wrk', argv)
  const requests = Number(/Requests\/sec:\s*([\d.]+)/.exec(stdout)?.[1])
  const [, number, unit] = /99%\s*([\d.]+)(us|ms|s)/.exec(stdout) ?? []
  if (!(requests > 0) || number === undefined || /Socket errors|Non-2xx/.test(stdout))
    throw new Error(`wrk: ${stdout}`)
  return { requests, p99Ms: Number(number) * ({ us: 0.001, ms: 1, s: 1000 }[unit ?? 'ms'] ?? 1) }
}
