import { connect } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { HandlerResult } from '../../engine/reconciler/handlers.ts'
import { runProbe } from '../../engine/reconciler/handlers.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { createWorld } from '../simulation/loop/engine.ts'
import { answered, type GrpcServer, refused, type Reply, startGrpcServer } from '../support/grpc.ts'

const SERVING = Uint8Array.of(0x08, 1)

const open: GrpcServer[] = []

afterEach(async () => {
  for (const server of open.splice(0)) await server[Symbol.asyncDispose]()
})

async function serve(reply: Reply): Promise<GrpcServer> {
  const server = await startGrpcServer({ port: 0, host: '127.0.0.1' }, reply)
  open.push(server)
  return server
}

async function probe(
  port: number,
  service = '',
  signal = new AbortController().signal,
): Promise<HandlerResult> {
  const world = createWorld()
  const { runtime } = connectTo(world.node)
  const direct = { ...runtime, connect: async (host: string, at: number) => connect(at, host) }
  const [uid] = [...world.node.pods.keys()]
  const place = {
    runtime: direct,
    uid: uid ?? ('none' as never),
    container: 'app',
    clock: world.clock,
    signal,
  }
  return await runProbe({ kind: 'grpc', host: '127.0.0.1', port, service }, place)
}

test.each([
  ['SERVING', [0x08, 1], true, 'service healthy'],
  ['NOT_SERVING', [0x08, 2], false, 'service unhealthy (responded with "NOT_SERVING")'],
  ['SERVICE_UNKNOWN', [0x08, 3], false, 'service unhealthy (responded with "SERVICE_UNKNOWN")'],
  ['nothing, which is UNKNOWN', [], false, 'service unhealthy (responded with "UNKNOWN")'],
  ['a status nobody knows', [0x08, 0x96, 0x01], false, 'service unhealthy (responded with "UNKNOWN")'],
  [
    'SERVING among fields of a later version',
    [0x12, 2, 65, 66, 0x08, 1, 0x1d, 1, 2, 3, 4],
    true,
    'service healthy',
  ],
] as const)('a server that answers %s', async (_name, message, succeeded, words) => {
  const { port } = await serve(answered(Uint8Array.from(message)))
  expect(await probe(port)).toEqual({ succeeded, message: words })
})

test('the service is asked for by name, as grpc.health.v1 has it', async () => {
  const { calls, port } = await serve(answered(SERVING))
  await probe(port, 'shop.Cart')
  await probe(port)
  const name = [...Buffer.from('shop.Cart')]
  expect(calls).toEqual([
    {
      path: '/grpc.health.v1.Health/Check',
      contentType: 'application/grpc',
      te: 'trailers',
      body: Buffer.from([0, 0, 0, 0, name.length + 2, 0x0a, name.length, ...name]),
    },
    expect.objectContaining({ body: Buffer.from([0, 0, 0, 0, 0]) }),
  ])
})

test('a name longer than one byte can count is sent whole', async () => {
  const { calls, port } = await serve(answered(SERVING))
  await probe(port, 'x'.repeat(300))
  expect([...(calls[0]?.body.subarray(0, 9) ?? [])]).toEqual([0, 0, 0, 1, 47, 0x0a, 0xac, 0x02, 120])
})

test('a server without the health service fails in the words of Kubernetes', async () => {
  const { port } = await serve(refused('12', 'unknown service grpc.health.v1.Health'))
  expect(await probe(port)).toEqual({
    succeeded: false,
    message:
      'error: this server does not implement the grpc health protocol (grpc.health.v1.Health): unknown service grpc.health.v1.Health',
  })
})

test('a service that the server does not know fails with its code and words', async () => {
  const { port } = await serve(answered(new Uint8Array(), '5', 'unknown%20service%3A%20a'))
  expect(await probe(port, 'a')).toEqual({
    succeeded: false,
    message: 'error: health rpc probe failed: code 5: unknown service: a',
  })
})

test('what answers without a gRPC status is no gRPC server', async () => {
  const { port } = await serve((stream) => stream.respond({ ':status': 404 }, { endStream: true }))
  expect(await probe(port)).toMatchObject({
    succeeded: false,
    message: expect.stringContaining('with HTTP status 404'),
  })
})

test('where nothing listens the probe fails with the reason', async () => {
  const { port } = await serve(answered(SERVING))
  await open.pop()?.[Symbol.asyncDispose]()
  expect(await probe(port)).toMatchObject({
    succeeded: false,
    message: expect.stringContaining('ECONNREFUSED'),
  })
})

test('a server that hangs up in the middle fails the probe', async () => {
  const { port } = await serve((stream) => stream.session?.destroy())
  expect(await probe(port)).toMatchObject({ succeeded: false })
})

test('a server that never answers is left when the probe is given up', async () => {
  const given = new AbortController()
  const { port } = await serve(() => given.abort(new Error('too late')))
  await expect(probe(port, '', given.signal)).rejects.toThrow('too late')
})

test('a server that answers with more than a health answer has fails the probe', async () => {
  const { port } = await serve(answered(new Uint8Array(20_000)))
  expect(await probe(port)).toEqual({
    succeeded: false,
    message: 'grpc.health.v1.Health/Check: the server answered with more than 10240 bytes',
  })
})
