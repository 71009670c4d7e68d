import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { addressText, type ListenAddress, parseListenAddress } from '../../engine/daemon/address.ts'
import {
  type HealthChecks,
  listen,
  ListenError,
  type Listening,
  type ListenOptions,
} from '../../engine/daemon/listen.ts'

const LOOPBACK: ListenAddress = { host: '127.0.0.1', port: 0 }
const WELL: HealthChecks = { live: () => undefined, ready: () => undefined }

const open: Listening[] = []
let logged: string[] = []

beforeEach(() => {
  logged = []
})

afterEach(async () => {
  await Promise.all(open.splice(0).map((listening) => listening[Symbol.asyncDispose]()))
})

async function started(more: Partial<ListenOptions> = {}): Promise<Listening> {
  const listening = await listen({
    address: LOOPBACK,
    metrics: async (groups) => `told ${[...groups].join()}\n`,
    health: WELL,
    log: (_level, message) => logged.push(message),
    ...more,
  })
  open.push(listening)
  return listening
}

function get({ port }: Listening, path: string, init?: RequestInit): Promise<Response> {
  return fetch(`http://127.0.0.1:${port}${path}`, init)
}

async function answer(response: Promise<Response>): Promise<readonly [status: number, text: string]> {
  const { status, ...rest } = await response.then(async (got) => ({
    status: got.status,
    text: await got.text(),
  }))
  return [status, rest.text]
}

/** A client that speaks no HTTP of its own. */
async function raw({ port }: Listening): Promise<Socket> {
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return socket
}

/** All that comes until the other side ends the connection. */
async function untilClosed(socket: Socket): Promise<string> {
  let text = ''
  socket.on('data', (part: Buffer) => (text += part.toString('latin1')))
  await once(socket, 'close')
  return text
}

test.for([
  ['9464', '127.0.0.1', 9464],
  [':9464', '127.0.0.1', 9464],
  ['0.0.0.0:80', '0.0.0.0', 80],
  ['metrics.example:65535', 'metrics.example', 65_535],
  ['[::1]:0', '::1', 0],
  ['[fe80::1]:9464', 'fe80::1', 9464],
] as const)('%s is heard as an address', ([text, host, port]) => {
  expect(parseListenAddress(text)).toEqual({ host, port })
})

test.for(['', 'localhost', '65536', '::1:9464', '[::1]', '[nonsense]:80', '1.2.3.4:', 'a b:80/x', '-1'])(
  '%j is no address, and the words say what one looks like',
  (text) => {
    expect(parseListenAddress(text)).toContain('give a port, or an address and a port')
  },
)

test('an IPv6 address without brackets is told to have them', () => {
  expect(parseListenAddress('::1:9464')).toContain('an IPv6 address stands in brackets')
  expect(addressText({ host: '::1', port: 80 })).toBe('[::1]:80')
})

test('it says how it does, and why when it does not do well', async () => {
  const why: { live?: string; ready?: string } = { ready: 'no commit is in force yet' }
  const listening = await started({ health: { live: () => why.live, ready: () => why.ready } })
  expect(await answer(get(listening, '/healthz'))).toEqual([200, 'ok\n'])
  expect(await answer(get(listening, '/readyz'))).toEqual([503, 'no commit is in force yet\n'])
  why.live = 'the loop hangs'
  delete why.ready
  expect(await answer(get(listening, '/healthz'))).toEqual([503, 'the loop hangs\n'])
  expect(await answer(get(listening, '/readyz'))).toEqual([200, 'ok\n'])
})

test('metrics are told in Prometheus’ format, all of them or by group', async () => {
  const listening = await started()
  const response = await get(listening, '/metrics')
  expect(response.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  expect(await response.text()).toBe('told \n')
  expect(await answer(get(listening, '/metrics?collect[]=kube&collect[]=engine'))).toEqual([
    200,
    'told kube,engine\n',
  ])
  const [status, text] = await answer(get(listening, '/metrics?collect[]=cubes'))
  expect([status, text]).toEqual([
    400,
    'there is no such group of metrics; there are engine, kube, containers\n',
  ])
})

test.for([
  ['GET', '/', 404, null],
  ['GET', '/metrics/', 404, null],
  ['GET', '/healthz/../../etc/passwd', 404, null],
  ['GET', '/constructor', 404, null],
  ['POST', '/metrics', 405, 'GET, HEAD'],
  ['DELETE', '/healthz', 405, 'GET, HEAD'],
  ['PUT', '/readyz', 405, 'GET, HEAD'],
  ['GET', '/webhook', 404, null],
  ['POST', '/webhook', 404, null],
] as const)('%s %s is answered with %i', async ([method, path, status, allow]) => {
  const response = await get(await started(), path, { method })
  expect([response.status, response.headers.get('allow')]).toEqual([status, allow])
})

test('HEAD has no body', async () => {
  const response = await get(await started(), '/metrics', { method: 'HEAD' })
  expect([response.status, await response.text()]).toEqual([200, ''])
})

test('a bug while answering is an answer and a line in the log, and the next one is answered well', async () => {
  const listening = await started({ metrics: () => Promise.reject(new Error('boom')) })
  expect(await answer(get(listening, '/metrics'))).toEqual([500, 'a bug in the engine; its log says more\n'])
  expect(logged).toEqual(['a bug in the engine: answering GET failed: boom'])
  expect(await answer(get(listening, '/healthz'))).toEqual([200, 'ok\n'])
})

test('no more scrapes are answered at one time than there may be, and room is made when one is through', async () => {
  const { promise, resolve } = Promise.withResolvers<string>()
  const asked = Promise.withResolvers<void>()
  const listening = await started({
    limits: { scrapesAtOnceMax: 1 },
    metrics: () => {
      asked.resolve()
      return promise
    },
  })
  const first = answer(get(listening, '/metrics'))
  await asked.promise
  expect(await answer(get(listening, '/metrics'))).toEqual([503, 'busy\n'])
  expect(await answer(get(listening, '/healthz'))).toEqual([200, 'ok\n'])
  resolve('all\n')
  expect(await first).toEqual([200, 'all\n'])
  // The client has all of it a moment before the server knows.
  await vi.waitFor(async () => expect(await answer(get(listening, '/metrics'))).toEqual([200, 'all\n']))
})

test('a port that another has is an error that says what to do', async () => {
  const { port } = await started()
  const second = listen({
    address: { host: '127.0.0.1', port },
    metrics: async () => '',
    health: WELL,
    log: () => undefined,
  })
  await expect(second).rejects.toThrow(ListenError)
  await expect(second).rejects.toThrow(
    `listening on 127.0.0.1:${port}: another process has this port; name another one with --listen`,
  )
})

test('an address that is another machine’s is an error that says so', async () => {
  const elsewhere = listen({
    address: { host: '192.0.2.77', port: 0 },
    metrics: async () => '',
    health: WELL,
    log: () => undefined,
  })
  await expect(elsewhere).rejects.toThrow('this machine has no such address')
})

const HAS_IPV6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

test('it is heard on an IPv6 address, and a machine that has none is told so', async () => {
  const listening = started({ address: { host: '::1', port: 0 } })
  if (!HAS_IPV6) {
    await expect(listening).rejects.toThrow('listening on [::1]:0: this machine has no such address')
    return
  }
  const { port } = await listening
  expect(await answer(fetch(`http://[::1]:${port}/healthz`))).toEqual([200, 'ok\n'])
})

test('whoever does not come to the end of the headers is let go of', async () => {
  const socket = await raw(await started({ limits: { headersMs: 50, requestMs: 100 } }))
  socket.write('GET /healthz HTTP/1.1\r\nhost: ')
  expect(await untilClosed(socket)).toContain('408 Request Timeout')
})

test('whoever says nothing at all is let go of', async () => {
  const socket = await raw(await started({ limits: { idleMs: 50 } }))
  expect(await untilClosed(socket)).toBe('')
})

test('no more connections are held than there may be', async () => {
  const listening = await started({ limits: { connectionsMax: 2 } })
  const [one, two] = [await raw(listening), await raw(listening)]
  const three = await raw(listening)
  expect(await untilClosed(three)).toBe('')
  one.destroy()
  two.destroy()
})

test('its end cuts off whoever is connected', async () => {
  const listening = await started()
  const socket = await raw(listening)
  const closed = untilClosed(socket)
  await listening[Symbol.asyncDispose]()
  expect(await closed).toBe('')
})

const line = fc.oneof(
  fc.string(),
  fc.constantFrom(
    'GET /metrics HTTP/1.1',
    'POST /webhook HTTP/1.1',
    'GET http://[::1 HTTP/1.1',
    'GET // HTTP/1.1',
    'OPTIONS * HTTP/1.1',
    'CONNECT a:1 HTTP/1.1',
    'host: x',
    'content-length: 99999999999999999999',
    'content-length: -1',
    'transfer-encoding: chunked',
    'expect: 100-continue',
    'connection: upgrade',
    'upgrade: websocket',
    'x-hub-signature-256: sha256=00',
    'ffffffffff',
    '',
  ),
)

test('nothing that anybody sends ends it', async () => {
  const listening = await started({
    webhook: { secret: () => 's', branch: () => 'main', nudge: () => undefined },
    limits: { idleMs: 200, headersMs: 100, requestMs: 200, webhooksBurst: 1_000_000 },
  })
  await fc.assert(
    fc.asyncProperty(
      fc.array(line, { maxLength: 8 }),
      fc.uint8Array({ maxLength: 64 }),
      async (lines, bytes) => {
        const socket = await raw(listening)
        socket.end(Buffer.concat([Buffer.from(lines.join('\r\n'), 'latin1'), bytes, Buffer.from('\r\n\r\n')]))
        await untilClosed(socket)
      },
    ),
    { numRuns: 150 },
  )
  expect(await answer(get(listening, '/healthz'))).toEqual([200, 'ok\n'])
  expect(logged).toEqual([])
}, 60_000)
