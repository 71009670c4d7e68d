import { execFileSync, spawn } from 'node:child_process'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DaemonProcess } from '../support/daemon.ts'
import { eventually, World } from '../support/engine.ts'
import { workload } from '../support/manifests.ts'
import { files, pod, sh } from '../support/pods.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

let registry: Registry
let world: World
let daemon: DaemonProcess
let url: string

const web = workload('Deployment', 'web', {
  containers: [
    sh('mkdir -p /www && head -c 65536 /dev/zero > /www/index.html && exec httpd -f -p 80 -h /www', {
      readinessProbe: { httpGet: { path: '/', port: 80 }, periodSeconds: 1 },
      resources: { limits: { memory: '32Mi' } },
    }),
  ],
})

/** As fast as a tenth of a core lets it; and what is killed for want of memory again and again. */
const burns = pod('burns', {
  restartPolicy: 'Always',
  containers: [sh('while :; do :; done', { resources: { limits: { cpu: '100m' } } })],
})
const starves = pod('starves', {
  restartPolicy: 'Always',
  containers: [
    sh('while :; do head -c 64000000 /dev/zero | tail -c 64000000 > /dev/null; sleep 0.2; done', {
      resources: { limits: { memory: '16Mi' } },
    }),
  ],
})

async function listened(process: DaemonProcess): Promise<string> {
  const { message } = await process.until((line) => line.message.startsWith('listening on '))
  return message.replace('listening on ', '')
}

beforeAll(async () => {
  registry = await startRegistry()
  world = await World.create({ registry: registry.url })
  await world.commit(files(web, burns, starves))
  daemon = new DaemonProcess(world, ['--listen', '0'])
  url = await listened(daemon)
  const ready = /^kube_pod_status_ready\{condition="true",.*\} 1$/gm
  await eventually(
    async () => (await scrape('?collect[]=kube')).match(ready) ?? [],
    (pods) => pods.length === 3,
  )
})

afterAll(async () => {
  await daemon[Symbol.asyncDispose]()
  await world[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

async function scrape(query = ''): Promise<string> {
  return (await fetch(`${url}/metrics${query}`)).text()
}

/** Of a container_ metric of a pod, in what one scrape said. */
function figure(text: string, metric: string, name: string): number | undefined {
  const found = new RegExp(`^${metric}\\{[^}]*pod="${name}[^}]*\\} (\\S+)$`, 'm').exec(text)
  return found === null ? undefined : Number(found[1])
}

async function used(metric: string, name: string): Promise<number | undefined> {
  return figure(await scrape('?collect[]=containers'), metric, name)
}

test('cpu grows in a pod that burns it, and being held back does, too', async () => {
  const cpu = (await used('container_cpu_usage_seconds_total', 'burns')) ?? Number.NaN
  const throttled = (await used('container_cpu_cfs_throttled_periods_total', 'burns')) ?? Number.NaN
  await eventually(
    () => used('container_cpu_usage_seconds_total', 'burns'),
    (now = 0) => now > cpu + 0.05,
  )
  await eventually(
    () => used('container_cpu_cfs_throttled_periods_total', 'burns'),
    (now = 0) => now > throttled,
  )
  expect(await used('container_spec_cpu_quota', 'burns')).toBe(10_000)
  expect(await used('container_spec_cpu_period', 'burns')).toBe(100_000)
})

test('memory is what the kernel says, within the limit that it was given', async () => {
  // From one moment: the kernel counts on from one scrape to the next.
  const text = await scrape('?collect[]=containers')
  const limit = figure(text, 'container_spec_memory_limit_bytes', 'web')
  const [working = 0, usage = 0] = ['working_set', 'usage'].map((name) =>
    figure(text, `container_memory_${name}_bytes`, 'web'),
  )
  expect(limit).toBe(32 * 2 ** 20)
  expect(working).toBeGreaterThan(0)
  expect(working).toBeLessThanOrEqual(usage)
  expect(usage).toBeLessThanOrEqual(32 * 2 ** 20)
  expect(await used('container_processes', 'web')).toBeGreaterThanOrEqual(1)
})

test('processes that are killed for want of memory are counted, though the container lives', async () => {
  await eventually(
    () => used('container_oom_events_total', 'starves'),
    (kills = 0) => kills >= 2,
  )
})

test('what a pod sends and receives is counted on its own interface', async () => {
  await eventually(
    () => used('container_network_transmit_bytes_total', 'web'),
    (sent = 0) => sent > 65_536,
  )
  expect(await used('container_network_receive_packets_total', 'web')).toBeGreaterThan(0)
})

test('promtool has nothing to say against the metrics of real containers', async () => {
  expect(execFileSync('promtool', ['check', 'metrics'], { input: await scrape(), encoding: 'utf8' })).toBe('')
})

test('it is alive, and at work', async () => {
  expect(await (await fetch(`${url}/healthz`)).text()).toBe('ok\n')
  expect(await (await fetch(`${url}/readyz`)).text()).toBe('ok\n')
})

test('a port that is taken ends a second engine at once, with status 3', async () => {
  await using other = await World.create({
    registry: registry.url,
    cluster: 'other',
  })
  await other.commit({})
  const { exitCode, stderr } = await other.run('--repo', other.repo, '--listen', new URL(url).port)
  expect([exitCode, stderr]).toEqual([3, expect.stringContaining('another process has this port')])
})

/** A Prometheus that scrapes as docs/metrics.md says, each second. */
class Prometheus implements AsyncDisposable {
  readonly #process: ReturnType<typeof spawn>
  readonly #url: string

  private constructor(folder: string, port: number) {
    this.#url = `http://127.0.0.1:${port}`
    const options = [`--config.file=${folder}/prometheus.yml`, `--storage.tsdb.path=${folder}/data`]
    this.#process = spawn('prometheus', [...options, `--web.listen-address=127.0.0.1:${port}`], {
      stdio: 'ignore',
    })
  }

  static async start(folder: string, target: string): Promise<Prometheus> {
    const docs = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8')
    const [, config = ''] = /^```yml\n(scrape_configs[^]*?)^```$/m.exec(docs) ?? []
    mkdirSync(folder)
    const ours = config.replaceAll('127.0.0.1:9464', target)
    writeFileSync(join(folder, 'prometheus.yml'), `global: {scrape_interval: 1s}\n${ours}`)
    return new Prometheus(folder, await freePort())
  }

  /** The values of all series that answer; none while it has not begun. */
  async query(expression: string): Promise<readonly string[]> {
    const response = await fetch(`${this.#url}/api/v1/query?query=${encodeURIComponent(expression)}`).catch(
      () => undefined,
    )
    if (response?.ok !== true) return []
    const { data } = (await response.json()) as {
      readonly data: { readonly result: readonly { readonly value: readonly [number, string] }[] }
    }
    return data.result.map(({ value: [, text] }) => text)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await ended
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

test('a real Prometheus that scrapes as the docs say answers the queries of Kubernetes’ dashboards', async () => {
  await using prometheus = await Prometheus.start(join(world.folder, 'prometheus'), new URL(url).host)
  const answers = (expression: string): Promise<readonly string[]> =>
    eventually(
      () => prometheus.query(expression),
      (values) => values.length > 0,
      30_000,
    )
  await eventually(
    () => prometheus.query('sum(kube_pod_status_phase{job="kube-state-metrics",phase="Running"})'),
    ([running]) => running === '3',
    30_000,
  )
  // As kubernetes-mixin records them.
  const cpu = await answers(
    'sum by (namespace, pod, container) (rate(container_cpu_usage_seconds_total{job="cadvisor", image!="", pod="burns"}[1m])) * on (namespace, pod) group_left(node) topk by (namespace, pod) (1, max by (namespace, pod, node) (kube_pod_info{node!=""}))',
  )
  expect(Number(cpu[0])).toBeGreaterThan(0)
  const owners = await answers(
    'max by (namespace, workload, pod) (label_replace(label_replace(kube_pod_owner{job="kube-state-metrics", owner_kind="ReplicaSet"}, "replicaset", "$1", "owner_name", "(.*)") * on (replicaset, namespace) group_left(owner_name) topk by (replicaset, namespace) (1, max by (replicaset, namespace, owner_name) (kube_replicaset_owner{job="kube-state-metrics"})), "workload", "$1", "owner_name", "(.*)"))',
  )
  expect(owners).toEqual(['1'])
  expect(
    await answers(
      'max by (pod) (container_memory_working_set_bytes{container!="", image!="", pod=~"web-.*"}) / max by (pod) (kube_pod_container_resource_limits{resource="memory"}) < 1',
    ),
  ).toHaveLength(1)
  expect(await answers('reconcile_sync_lag_seconds{job="reconcile"}')).toEqual(['0'])
})

test('a push that a webhook tells of is in force at once, however seldom the repository is asked', async () => {
  const secret = 'the secret of the tests'
  await using far = await World.create({ registry: registry.url, cluster: 'far' })
  const cluster = `apiVersion: reconcile.dev/v1
kind: Cluster
metadata: {name: far}
spec: {podCIDR: ${far.ranges.podCIDR}, sync: {pollIntervalSeconds: 3600}}
`
  const config = (data: string): string =>
    JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'settings' }, data: { data } })
  await far.commit({ 'cluster.yaml': cluster, 'settings.json': config('old') })
  const file = join(far.folder, 'secret')
  writeFileSync(file, `${secret}\n`, { mode: 0o600 })
  await using engine = new DaemonProcess(
    far,
    ['--listen', '0', '--webhook-secret-file', file],
    `file://${far.repo}`,
  )
  const address = await listened(engine)
  await eventually(
    async () => (await fetch(`${address}/readyz`)).status,
    (status) => status === 200,
  )

  const commit = await far.commit({ 'cluster.yaml': cluster, 'settings.json': config('new') })
  const body = JSON.stringify({ ref: 'refs/heads/main', after: commit })
  const push = async (key: string): Promise<number> => {
    const signature = createHmac('sha256', key).update(body).digest('hex')
    const headers = { 'x-github-event': 'push', 'x-hub-signature-256': `sha256=${signature}` }
    return (await fetch(`${address}/webhook`, { method: 'POST', headers, body })).status
  }
  expect(await push('another')).toBe(401)
  expect(await push(secret)).toBe(202)
  await engine.until((line) => line.reason === 'CommitApplied' && line.commit === commit)
  expect(await (await fetch(`${address}/metrics`)).text()).toContain(
    'reconcile_webhook_requests_total{code="202"} 1',
  )
  expect(engine.lines.some((line) => JSON.stringify(line).includes(secret))).toBe(false)
})
