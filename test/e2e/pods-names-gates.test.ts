import { expect, test } from 'vitest'
import { eventually, type World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import {
  containerOf,
  engineAtWork,
  files,
  logs,
  NEVER_READY,
  pod,
  scriptPod,
  sh,
  untilPod,
} from '../support/pods.ts'
import { RUNTIME } from '../support/runtimes.ts'

let world: World

ownWorld((own) => {
  world = own
})

const SAY_NAMES = 'echo $HOSTNAME; hostname; hostname -f; cat /etc/hostname; tail -n 1 /etc/hosts'

/** Octal, for printf: it knows no other numbers everywhere. */
function octal(bytes: readonly number[]): string {
  return bytes.map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}

/** https://httpwg.org/specs/rfc9113.html#FrameHeader */
function frame(type: number, flags: number, stream: number, payload: readonly number[]): readonly number[] {
  return [0, 0, payload.length, type, flags, 0, 0, 0, stream, ...payload]
}

/** Uncompressed, under names that no table has: https://httpwg.org/specs/rfc7541.html#literal.header.without.indexing */
function header(name: string, value: string): readonly number[] {
  return [0, name.length, ...Buffer.from(name), value.length, ...Buffer.from(value)]
}

const STREAM = 1
const END_HEADERS = 4
const END_STREAM = 1
const GREETING = octal(frame(4, 0, 0, []))

/** A gRPC server's whole answer to the first call on a connection: it has been asked by the time that this is sent. */
function answer(status: number): string {
  return octal([
    ...frame(4, 1, 0, []),
    // 0x88: the static table's `:status: 200`.
    ...frame(1, END_HEADERS, STREAM, [0x88, ...header('content-type', 'application/grpc')]),
    ...frame(0, 0, STREAM, [0, 0, 0, 0, 2, 0x08, status]),
    ...frame(1, END_HEADERS | END_STREAM, STREAM, header('grpc-status', '0')),
  ])
}

/** Serves what stands in /data/answer, which is SERVING at first. */
const GRPC_SERVER = [
  `printf '%b' '${answer(1)}' > /data/answer`,
  `printf '#!/bin/sh\\nprintf "%%b" "${GREETING.replaceAll('\\', '\\\\\\\\')}"; sleep 0.2; cat /data/answer; sleep 0.2\\n' > /data/serve`,
  'chmod +x /data/serve',
  'exec nc -ll -p 9090 -e /data/serve',
].join('\n')

const MARK = 'example.com/traffic'

function gated(annotation: string | undefined) {
  const metadata = annotation === undefined ? {} : { annotations: { 'reconcile.dev/conditions': annotation } }
  const container = sh('exec sleep 3600')
  return pod('gated', { readinessGates: [{ conditionType: MARK }], containers: [container] }, metadata)
}

test('host names are what the pod asks for, whole in /etc/hosts', async () => {
  await world.commit(
    files(
      scriptPod('plain', SAY_NAMES),
      scriptPod('sub', SAY_NAMES, {}, { subdomain: 'shop' }),
      scriptPod('whole', SAY_NAMES, {}, { hostname: 'w', subdomain: 'shop', setHostnameAsFQDN: true }),
      scriptPod('other', SAY_NAMES, {}, { hostnameOverride: 'db.example.com' }),
    ),
  )
  expect((await world.once()).exitCode).toBe(0)
  const said = async (name: string): Promise<readonly string[]> =>
    (await logs(world, name)).split('\n').map((line) => line.replace(/^10\.[0-9.]+\t/, ''))
  expect(await said('plain')).toEqual(['plain', 'plain', 'plain', 'plain', 'plain'])
  const sub = 'sub.shop.default.svc.cluster.local'
  expect(await said('sub')).toEqual(['sub', 'sub', sub, 'sub', `${sub}\tsub`])
  const whole = 'w.shop.default.svc.cluster.local'
  expect(await said('whole')).toEqual([whole, whole, whole, whole, `${whole}\tw`])
  expect(await said('other')).toEqual(Array.from({ length: 5 }, () => 'db.example.com'))
})

test('a commit opens a readiness gate, and restarts nothing', async () => {
  await world.commit(files(gated(undefined)))
  // podman and docker take longer to start what then waits.
  const waits = await world.once('--timeout', RUNTIME === 'oci' ? '2s' : '10s')
  expect(waits.exitCode).toBe(1)
  expect(waits.stderr).toContain(`corresponding condition of pod readiness gate "${MARK}" does not exist`)
  const before = await world.pod('gated')
  await world.commit(files(gated(`${MARK}=True`)))
  expect((await world.once()).exitCode).toBe(0)
  const after = await world.pod('gated')
  expect(after.metadata.uid).toBe(before.metadata.uid)
  expect(containerOf(after).restartCount).toBe(0)
  expect(after.status.conditions).toContainEqual(expect.objectContaining({ type: MARK, status: 'True' }))
  expect(after.status.conditions).toContainEqual(expect.objectContaining({ type: 'Ready', status: 'True' }))
})

test('a gate of a Deployment’s pod is opened by hand, and the engine that waits for it hears of it', async () => {
  const spec = { readinessGates: [{ conditionType: MARK }], containers: [sh('exec sleep 3600')] }
  const template = {
    metadata: { labels: { app: 'web' } },
    spec: { ...spec, terminationGracePeriodSeconds: 0 },
  }
  const metadata = { name: 'web' }
  const selector = { matchLabels: { app: 'web' } }
  await world.commit(
    files({ apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec: { selector, template } }),
  )
  const waits = world.start('--once', '--approve', '--timeout', '60s', '--repo', world.repo)
  await eventually(
    () => world.run('status'),
    ({ stdout }) => stdout.includes('web-') && stdout.includes('Running'),
  )
  expect((await world.run('condition', 'deployment/web', `${MARK}=maybe`)).exitCode).toBe(3)
  const said = await world.run('condition', 'deployment/web', `${MARK}=True`)
  expect([said.exitCode, said.stderr, said.stdout]).toEqual([
    0,
    '',
    expect.stringMatching(new RegExp(`^pod default/web-.*: ${MARK} is True\n?$`)),
  ])
  expect((await waits).exitCode).toBe(0)
  const [shown] = await world.pods()
  expect(shown?.status.conditions).toContainEqual(expect.objectContaining({ type: MARK, status: 'True' }))
})

test('a gRPC probe asks the server in the pod, and believes it', async () => {
  const volumes = [{ name: 'data', emptyDir: {} }]
  const grpc = { grpc: { port: 9090, service: 'shop' }, periodSeconds: 1, timeoutSeconds: 5 }
  const container = sh(GRPC_SERVER, {
    volumeMounts: [{ name: 'data', mountPath: '/data' }],
    readinessProbe: { ...grpc, failureThreshold: 1 },
    startupProbe: { ...grpc, failureThreshold: 30 },
  })
  await world.commit(files(NEVER_READY, pod('grpc', { volumes, containers: [container] })))
  await using _engine = await engineAtWork(world)
  const isReady = (status: string) => (shown: Awaited<ReturnType<World['pod']>>) =>
    shown.status.conditions?.some((one) => one.type === 'Ready' && one.status === status) === true
  await untilPod(world, 'grpc', isReady('True'))
  await world.exec('grpc', 'sh', '-c', `printf '%b' '${answer(2)}' > /data/answer`)
  const unready = await untilPod(world, 'grpc', isReady('False'))
  expect(containerOf(unready)).toMatchObject({ restartCount: 0, started: true, ready: false })
})
