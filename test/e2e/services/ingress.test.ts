import { execa } from 'execa'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { DaemonProcess } from '../../support/daemon.ts'
import { eventually, type EngineRun, type World } from '../../support/engine.ts'
import { ownWorld } from '../../support/ownWorld.ts'
import { files, sh } from '../../support/pods.ts'
import type { Registry } from '../../support/registry.ts'
import { type Answer, ask, underLoad } from './ingressClient.ts'
import { MACHINE_VOLUME, peerContainer, service } from './pods.ts'

type Fields = Readonly<Record<string, unknown>>

const UPGRADE = new URL('upgrade.js', import.meta.url).pathname
const HTTP = 18_245
const HTTPS = 18_246

let registry: Registry
let world: World
let certificate: string
let key: string

ownWorld(async (own, its) => {
  world = own
  registry = its
  const [keyFile, certificateFile] = [join(world.folder, 'key.pem'), join(world.folder, 'certificate.pem')]
  await execa('openssl', [
    ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'],
    ...['-subj', '/CN=shop.test', '-addext', 'subjectAltName=DNS:shop.test'],
    ...['-keyout', keyFile, '-out', certificateFile],
  ])
  certificate = readFileSync(certificateFile, 'utf8')
  key = readFileSync(keyFile, 'utf8')
})

/** Answers with its name for every path of the test. */
function server(name: string, replicas: number, version: string): readonly Fields[] {
  const script = `mkdir -p /www/cart/items /www/cgi-bin; cd /www
for file in index.html cart/index.html cart/items/index.html cartoon exact; do echo ${name} ${version} >$file; done
printf '#!/bin/sh\\nprintf "Content-Type: text/plain\\\\r\\\\n\\\\r\\\\n"; env | grep ^HTTP_X | sort\\n' >cgi-bin/headers; chmod +x cgi-bin/headers
trap 'exit 0' TERM; httpd -f -p 8080 -h /www & wait $!`
  const container = sh(script, {
    ports: [{ name: 'http', containerPort: 8080 }],
    readinessProbe: { httpGet: { path: '/', port: 'http' }, periodSeconds: 1 },
    // Requests that it has are answered before it ends, as everywhere with Kubernetes.
    lifecycle: { preStop: { sleep: { seconds: 1 } } },
  })
  const labels = { app: name }
  const spec = { terminationGracePeriodSeconds: 5, containers: [container] }
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name },
      spec: { replicas, selector: { matchLabels: labels }, template: { metadata: { labels }, spec } },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name },
      spec: { selector: labels, ports: [{ name: 'web', port: 80, targetPort: 'http' }] },
    },
  ]
}

function ingress(name: string, spec: Fields): Fields {
  return { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', metadata: { name }, spec }
}

function path(text: string, name: string, pathType: 'Prefix' | 'Exact' = 'Prefix'): Fields {
  return { path: text, pathType, backend: backend(name) }
}

function backend(name: string, port: Fields = { name: 'web' }): Fields {
  return { service: { name, port } }
}

function secret(name: string, of: Readonly<Record<string, string>>): Fields {
  return { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name }, stringData: of }
}

function shop(...more: readonly Fields[]): Fields {
  return ingress('shop', {
    tls: [{ hosts: ['shop.test'], secretName: 'shop' }],
    rules: [
      {
        host: 'shop.test',
        http: {
          paths: [path('/', 'front'), path('/cart/', 'cart'), path('/exact', 'cart', 'Exact'), ...more],
        },
      },
      { host: '*.wild.test', http: { paths: [path('/', 'cart')] } },
    ],
  })
}

async function commit(...objects: readonly Fields[]): Promise<void> {
  const mirrors = { 'docker.io': [registry.url] }
  const ports = { httpPort: HTTP, httpsPort: HTTPS, address: '127.0.0.1' }
  const { podCIDR, serviceCIDR } = world.ranges
  const spec = {
    podCIDR,
    serviceCIDR,
    registries: { mirrors },
    ingress: ports,
  }
  const cluster = { apiVersion: 'reconcile.dev/v1', kind: 'Cluster', metadata: { name: 'e2e' }, spec }
  await world.commit({ ...files(...objects), 'cluster.yaml': JSON.stringify(cluster) })
}

async function get(host: string, at = '/'): Promise<string> {
  const { body, status } = await ask({ port: HTTP, host, path: at })
  return `${status} ${body}`
}

function expectDone({ exitCode, stderr }: EngineRun): void {
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 })
}

test('requests are led by host and path, and a bad Ingress is told of beside the others', {
  timeout: 60_000,
}, async () => {
  const bad = ingress('bad', {
    tls: [{ hosts: ['bad.test'], secretName: 'bad' }],
    rules: [{ host: 'bad.test', http: { paths: [path('/', 'nobody'), path('/cart', 'cart')] } }],
  })
  const mismatch = secret('bad', { 'tls.crt': certificate, 'tls.key': await otherKey() })
  const rest = ingress('rest', { defaultBackend: backend('front', { number: 80 }) })
  await commit(
    ...[...server('front', 2, '1'), ...server('cart', 1, '1')],
    ...[shop(), rest, bad, mismatch, secret('shop', { 'tls.crt': certificate, 'tls.key': key })],
  )
  const { exitCode, stderr } = await world.once('--timeout', '30s')
  expect(exitCode).toBe(1)
  expect(stderr).toContain('there is no Service default/nobody')
  expect(stderr).toContain('the proxy does not take the certificate of Secret default/bad')
  expect(stderr).not.toContain('PRIVATE')
  const answers = {
    root: await get('shop.test'),
    upperCase: await get('SHOP.test:80'),
    prefix: await get('shop.test', '/cart/'),
    below: await get('shop.test', '/cart/items/'),
    noElement: await get('shop.test', '/cartoon'),
    exact: await get('shop.test', '/exact'),
    wildcard: await get('a.wild.test'),
    twoLabels: await get('a.b.wild.test'),
    otherHost: await get('other.test'),
    badHost: (await get('bad.test')).slice(0, 3),
    badHostsGoodPath: await get('bad.test', '/cart/'),
  }
  expect(answers).toEqual({
    root: '200 front 1',
    upperCase: '200 front 1',
    prefix: '200 cart 1',
    below: '200 cart 1',
    noElement: '200 front 1',
    exact: '200 cart 1',
    wildcard: '200 cart 1',
    twoLabels: '200 front 1',
    otherHost: '200 front 1',
    badHost: '503',
    badHostsGoodPath: '200 cart 1',
  })
})

async function otherKey(): Promise<string> {
  return (await execa('openssl', ['genpkey', '-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256']))
    .stdout
}

test('a host with a certificate is served by TLS, others are not, and pods are told of both', {
  timeout: 20_000,
}, async () => {
  const secure = await ask({ port: HTTPS, host: 'shop.test', ca: certificate })
  expect(secure).toEqual({ status: 200, body: 'front 1' } satisfies Answer)
  await expect(ask({ port: HTTPS, host: 'other.test', ca: certificate })).rejects.toThrow(
    /alert|unrecognized/i,
  )
  const { body } = await ask({ port: HTTPS, host: 'shop.test', ca: certificate, path: '/cgi-bin/headers' })
  expect(body.split('\n')).toEqual(
    expect.arrayContaining([
      'HTTP_X_FORWARDED_FOR=127.0.0.1',
      'HTTP_X_FORWARDED_PROTO=https',
      'HTTP_X_FORWARDED_HOST=shop.test',
    ]),
  )
})

test('a rollout and new rules drop no request, and what is asked is answered by the new pods', {
  timeout: 60_000,
}, async () => {
  const load = await underLoad({ port: HTTP, host: 'shop.test' }, 4, async () => {
    await commit(
      ...[...server('front', 2, '2'), ...server('cart', 1, '1')],
      ...[shop(path('/new', 'cart')), secret('shop', { 'tls.crt': certificate, 'tls.key': key })],
    )
    expectDone(await world.once('--timeout', '40s'))
  })
  expect(load.failures).toEqual([])
  expect([...load.answers.keys()].toSorted()).toEqual(['front 1', 'front 2'])
  expect([...load.answers.values()].reduce((a, b) => a + b)).toBeGreaterThan(200)
  expect(await get('shop.test')).toBe('200 front 2')
  expect(await get('other.test')).toBe('404 no Ingress leads here')
  const { stdout } = await world.run('status', '-o', 'json', '--repo', world.repo)
  const list = JSON.parse(stdout) as {
    readonly items: readonly { readonly kind: string; readonly status?: unknown }[]
  }
  expect(list.items.find(({ kind }) => kind === 'Ingress')?.status).toEqual({
    loadBalancer: { ingress: [{ ip: '127.0.0.1' }] },
  })
})

/** Answers what it is sent, as a WebSocket. */
function sockets(): readonly Fields[] {
  const labels = { app: 'sockets' }
  const command = ['chroot', '/machine', process.execPath, UPGRADE, 'serve', '8080']
  const container = peerContainer([], {
    command,
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
  })
  const spec = { terminationGracePeriodSeconds: 0, containers: [container], volumes: [MACHINE_VOLUME] }
  return [
    { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'sockets', labels }, spec },
    service('sockets', 'sockets', { ports: [{ name: 'web', port: 80, targetPort: 8080 }] }),
    ingress('sockets', { rules: [{ http: { paths: [path('/socket', 'sockets')] } }] }),
  ]
}

test('a WebSocket goes on through new rules, in which a new process takes over', {
  timeout: 60_000,
}, async () => {
  const own = [...server('front', 2, '2'), ...server('cart', 1, '1'), ...sockets()]
  const tls = secret('shop', { 'tls.crt': certificate, 'tls.key': key })
  await commit(...own, tls, shop())
  expectDone(await world.once('--timeout', '40s'))
  const socket = new WebSocket(`ws://127.0.0.1:${HTTP}/socket`)
  const echoOf = async (text: string): Promise<unknown> => {
    socket.send(text)
    const [message]: readonly unknown[] = await once(socket, 'message')
    return message instanceof MessageEvent ? message.data : undefined
  }
  await once(socket, 'open')
  expect(await echoOf('one')).toBe('one')
  const before = await proxyPid()
  await commit(...own, tls, shop(path('/newer', 'cart')))
  expectDone(await world.once('--timeout', '40s'))
  expect(await proxyPid()).not.toBe(before)
  expect(await echoOf('two')).toBe('two')
  socket.close()
  await once(socket, 'close')
})

/** Resolves to the port of this machine that leads to the pod. */
async function forwarded(forwarding: ReturnType<World['start']>): Promise<number> {
  const local = Promise.withResolvers<number>()
  forwarding.stdout.on('data', (text: Buffer) => {
    const [, port] = /Forwarding from 127\.0\.0\.1:(\d+) -> 8080\n/.exec(String(text)) ?? []
    if (port !== undefined) local.resolve(Number(port))
  })
  void forwarding.then(({ stderr }) => local.reject(new Error(stderr)))
  return await local.promise
}

test('port-forward leads to a pod behind a Service until it is interrupted', {
  timeout: 30_000,
}, async () => {
  const forwarding = world.start('port-forward', 'service/front', ':web')
  expect(await ask({ port: await forwarded(forwarding), host: 'any' })).toEqual({
    status: 200,
    body: 'front 2',
  })
  forwarding.kill('SIGINT')
  expect(await forwarding).toMatchObject({ exitCode: 130 })
})

test('port-forward works beside an engine that drives the root, to a Service and to a pod', {
  timeout: 60_000,
}, async () => {
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy')
  const [front] = (await world.pods()).filter(({ metadata }) => metadata.name.startsWith('front-'))
  for (const [target, remote] of [
    ['service/front', ':80'],
    [`pod/${front?.metadata.name ?? ''}`, ':http'],
  ] as const) {
    const forwarding = world.start('port-forward', target, remote)
    const port = await forwarded(forwarding)
    expect(await ask({ port, host: 'any' }), target).toEqual({ status: 200, body: 'front 2' })
    forwarding.kill('SIGINT')
    await forwarding
  }
  expect(daemon.isRunning).toBe(true)
})

test('a proxy that is killed comes back while an engine runs, and none is left after down', {
  timeout: 60_000,
}, async () => {
  const daemon = world.start('--repo', world.repo)
  const pid = await proxyPid()
  expect(pid).toBeDefined()
  process.kill(Number(pid), 'SIGKILL')
  await eventually(proxyPid, (found) => found !== undefined && found !== pid, 30_000)
  expect(
    await eventually(
      async () => await get('shop.test').catch(String),
      (answer) => answer.startsWith('200'),
    ),
  ).toBe('200 front 2')
  // By now whoever has started it has ended.
  const next = await proxyPid()
  daemon.kill('SIGTERM')
  await daemon
  expect(await proxyPid()).toBe(next)
  expectDone(await world.run('down'))
  expect(await proxyPid()).toBeUndefined()
  await expect(get('shop.test')).rejects.toThrow('ECONNREFUSED')
})

/** Of whoever listens at the port. */
async function proxyPid(): Promise<string | undefined> {
  const { stdout } = await execa('ss', ['-Hltnp', `sport = ${HTTP}`])
  return /pid=(\d+)/.exec(stdout)?.[1]
}
