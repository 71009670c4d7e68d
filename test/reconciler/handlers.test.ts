import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import type { PodUid } from '../../engine/api/names.ts'
import type { HttpTarget } from '../../engine/kubelet/handlers.ts'
import type { HandlerResult } from '../../engine/reconciler/handlers.ts'
import { runHook, runProbe } from '../../engine/reconciler/handlers.ts'
import type { ContainerScript, HttpReply } from '../../engine/runtimes/simulated/script.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import type { Weather } from '../../engine/runtimes/simulated/weather.ts'
import { TransportError } from '../../engine/transport/transport.ts'
import type { World } from '../simulation/loop/engine.ts'
import { createWorld, once } from '../simulation/loop/engine.ts'
import { desiredOf, pod } from '../simulation/loop/manifests.ts'

interface Place {
  readonly world: World
  readonly uid: PodUid
  readonly host: string
}

async function running(script: ContainerScript): Promise<Place> {
  const world = createWorld(() => script)
  await once(world, desiredOf('a', [pod('web')]))
  const [found] = world.node.pods.values()
  if (found?.ip === undefined) throw new Error('the pod has no address')
  return { world, uid: found.uid, host: found.ip }
}

function http(host: string, more: Partial<HttpTarget> = {}): HttpTarget {
  return { kind: 'http', scheme: 'HTTP', host, port: 80, path: '/health', headers: [], ...more }
}

function run(
  place: Place,
  work: typeof runProbe | typeof runHook,
  target: Parameters<typeof runHook>[0] & Parameters<typeof runProbe>[0],
): Promise<HandlerResult> {
  const { world, uid } = place
  const { runtime } = connectTo(world.node)
  const { signal } = new AbortController()
  return world.clock.runUntil(work(target, { runtime, uid, container: 'app', clock: world.clock, signal }))
}

async function answers(
  http_: NonNullable<ContainerScript['http']>,
  more: Partial<HttpTarget> = {},
): Promise<HandlerResult> {
  const place = await running({ http: http_ })
  return run(place, runProbe, http(place.host, more))
}

test.each([
  { status: 200, succeeded: true },
  { status: 204, succeeded: true },
  { status: 399, succeeded: true },
  { status: 400, succeeded: false },
  { status: 503, succeeded: false },
])('an HTTP probe that is answered $status: succeeded $succeeded', async ({ status, succeeded }) => {
  expect(await answers(() => ({ status }))).toMatchObject({ succeeded })
})

test('a connection that is lost on the way to the node is no answer of the container', async () => {
  const place = await running({ http: () => ({ status: 200 }) })
  const silent: Weather = () => ({ latencyMs: 1, fault: 'silent' })
  const { runtime } = connectTo(place.world.node, { weather: silent })
  const { signal } = new AbortController()
  const { clock } = place.world
  const asked = [http(place.host), { kind: 'tcp', host: place.host, port: 80 } as const].map(
    async (target) => {
      await expect(
        runProbe(target, { runtime, uid: place.uid, container: 'app', clock, signal }),
      ).rejects.toThrow(TransportError)
    },
  )
  await clock.runUntil(Promise.all(asked))
})

test('the answer of a failed HTTP probe is in its message', async () => {
  const result = await answers(() => ({ status: 500, body: 'database is down\n' }))
  expect(result).toEqual({ succeeded: false, message: 'HTTP probe answered 500: database is down' })
})

test('path, headers and host are sent as asked for, and no others', async () => {
  const seen: unknown[] = []
  const record: NonNullable<ContainerScript['http']> = (path, sent) => {
    seen.push([path, sent['x-probe'], sent['host'], sent['user-agent'], sent['accept']])
    return { status: 200 }
  }
  const headers = [
    ['X-Probe', 'yes'],
    ['Host', 'example.com'],
  ] as const
  await answers(record, { path: '/health?deep=1', headers })
  expect(seen).toEqual([['/health?deep=1', 'yes', 'example.com', undefined, undefined]])
})

test('a redirect within the host is followed', async () => {
  const result = await answers(
    (path): HttpReply =>
      path === '/health' ? { status: 302, headers: { location: '/login' } } : { status: 500, body: path },
  )
  expect(result).toEqual({ succeeded: false, message: 'HTTP probe answered 500: /login' })
})

test('a redirect to another host is an answer', async () => {
  const result = await answers(() => ({ status: 301, headers: { location: 'http://elsewhere.example/' } }))
  expect(result).toEqual({
    succeeded: true,
    message: 'HTTP probe answered 301: redirect to elsewhere.example not followed',
  })
})

test('redirects in a circle end', async () => {
  const result = await answers(() => ({ status: 302, headers: { location: '/health' } }))
  expect(result).toMatchObject({ succeeded: false })
  expect(result.message).toContain('stopped after 10 redirects')
})

test('a long body is read only to its limit', async () => {
  const result = await answers(() => ({ status: 200, body: 'x'.repeat(1_000_000) }))
  expect(result.message.length).toBeLessThan(11_000)
})

test('where nothing listens, TCP and HTTP probes fail with the reason', async () => {
  const place = await running({ readyAfterMs: Infinity })
  const tcp = await run(place, runProbe, { kind: 'tcp', host: place.host, port: 80 })
  expect(tcp).toEqual({ succeeded: false, message: `connecting to ${place.host}:80: refused` })
  expect(await run(place, runProbe, http(place.host))).toMatchObject({ succeeded: false })
})

test('a TCP probe succeeds where something listens', async () => {
  const place = await running({})
  expect(await run(place, runProbe, { kind: 'tcp', host: place.host, port: 80 })).toMatchObject({
    succeeded: true,
  })
})

test('a command that exits with 1 fails, with what it wrote', async () => {
  const place = await running({ exec: () => ({ exitCode: 1, output: 'no such table\n', timedOut: false }) })
  const result = await run(place, runProbe, { kind: 'exec', command: ['check'] })
  expect(result).toEqual({ succeeded: false, message: 'command ["check"] exited with 1: no such table' })
})

test('a hook is content with any answer over HTTP', async () => {
  const place = await running({ http: () => ({ status: 500 }) })
  expect(await run(place, runHook, http(place.host))).toMatchObject({ succeeded: true })
})

test.each([
  ['before the answer', ''],
  ['in the middle of it', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
])('a line to the node that ends %s says nothing of the container', async (_, part) => {
  const place = await running({})
  const connect = async () =>
    new Duplex({
      read: () => undefined,
      write(_chunk, _encoding, done) {
        done()
        if (part !== '') this.push(part)
        setImmediate(() => this.destroy(new TransportError('the line has ended')))
      },
    })
  const runtime = { ...connectTo(place.world.node).runtime, connect }
  const { signal } = new AbortController()
  const asked = { runtime, uid: place.uid, container: 'app', clock: place.world.clock, signal }
  await expect(runProbe(http(place.host), asked)).rejects.toThrow(TransportError)
})
