import { existsSync, mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { objectKey } from '../../../engine/api/names.ts'
import { RECORD_VERSION } from '../../../engine/api/records.ts'
import type { ImageStore } from '../../../engine/runtimes/oci/images/store.ts'
import { lookAtNode } from '../../../engine/runtimes/oci/node/node.ts'
import { rootPaths } from '../../../engine/runtimes/oci/paths.ts'
import { choosePodCidr, lockRoot, readRoot } from '../../../engine/runtimes/oci/node/root.ts'
import { createOciRuntime } from '../../../engine/runtimes/oci/runtime.ts'
import { chooseRuntime } from '../../../engine/runtimes/oci/node/trial.ts'
import { machineTraces } from '../../support/machine.ts'
import { ownNode } from './ownNode.ts'
import { NODE, podRecord, podRequest, type TestNode } from './support.ts'

let node: TestNode

ownNode((own) => {
  node = own
})

test('a command in a container makes nothing on the node', async () => {
  const uid = await node.start(['sleep', '1000'])
  const hooks = join(node.root, 'hook')
  renameSync(hooks, `${hooks}-away`)
  const { output } = await (await node.another()).exec({ uid, container: 'main', command: ['echo', 'here'] })
  expect(output).toBe('here\n')
  expect(existsSync(hooks)).toBe(false)
  renameSync(`${hooks}-away`, hooks)
  await node.remove(uid)
})

test('while there is a pod that cannot be read, no image is collected: it may be the pod’s', async () => {
  const collect = async () => ({ images: 1, bytes: 1 })
  const images: ImageStore = { pull: neverAsked, resolve: neverAsked, incomplete: neverAsked, collect }
  const { root, transport } = node
  const runtime = await createOciRuntime({ transport, root, node: NODE, images })
  const uid = await node.start(['sleep', '1000'])
  expect(await runtime.collectImages([])).toEqual({ images: 1, bytes: 1 })
  const record = join(root, 'pods', uid, 'pod.json')
  renameSync(record, `${record}.away`)
  writeFileSync(record, JSON.stringify({ ...podRecord(uid), recordVersion: 99 }))
  expect(await runtime.collectImages([])).toEqual({ images: 0, bytes: 0 })
  renameSync(`${record}.away`, record)
  await node.remove(uid)
})

function neverAsked(): never {
  throw new Error('not asked for')
}

test('a pod whose volume cannot be made is removed at once and leaves nothing', async () => {
  const missing = { kind: 'hostPath', name: 'v', path: '/no/such/socket', type: 'Socket' } as const
  const portMappings = [{ containerPort: 80, hostPort: 18_232, protocol: 'TCP' }] as const
  for (let time = 0; time < 5; time += 1) {
    const uid = node.newUid()
    await expect(
      node.runtime.createPod(podRequest(uid, { portMappings, volumes: [missing] })),
    ).rejects.toThrow('/no/such')
    await node.runtime.removePod(uid)
    const { mounts, processes } = machineTraces(node.root)
    expect([...mounts, ...processes].filter((line) => line.includes(uid))).toEqual([])
    expect((await node.transport.run({ argv: ['iptables-save'] })).stdout).not.toContain('18232')
  }
})

test('a trial of the runtime that an engine was killed in is made again', async () => {
  const { transport } = node
  const paths = await rootPaths(transport, node.root)
  await node.runtime.prepare()
  const { cgroups, programs } = await lookAtNode(transport, paths, NODE)
  rmSync(join(paths.runDir, 'runtime.json'))
  mkdirSync(join(paths.runDir, 'trial-state/trial'), { recursive: true })
  const runtimes = programs.runtimes.filter(({ name }) => name === 'runc')
  expect(await chooseRuntime(transport, paths, { ...programs, runtimes }, cgroups)).toMatchObject({
    name: 'runc',
  })
})

test('secrets of the environment are on the tmpfs alone, for root alone', async () => {
  const uid = await node.start(['sleep', '1000'], { env: [['SECRET', 'hidden-value-1']] })
  const files = await node.transport.readTree(join(node.root, 'pods', uid), { depth: 9 })
  expect(files.filter(({ content }) => content?.includes('hidden-value-1'))).toEqual([])
  const config = `/run/reconcile/${await node.rootId()}/pods/${uid}/containers/main/config.json`
  expect(statSync(config).mode & 0o777).toBe(0o600)
  expect((await node.transport.run({ argv: ['stat', '-f', '-c', '%T', config] })).stdout).toBe('tmpfs\n')
  await node.remove(uid)
})

test('a log is followed until its container ends', async () => {
  const never = { policy: 'Never', delaysSeconds: [0], resetAfterSeconds: 600 } as const
  const uid = await node.start(['sh', '-c', 'echo one; read x < /go || :; sleep 0.3; echo two >&2; exit'], {
    restart: never,
  })
  const lines: string[] = []
  for await (const { stream, text } of node.runtime.logs({
    uid,
    container: 'main',
    previous: false,
    follow: true,
  })) {
    lines.push(`${stream} ${text}`)
  }
  expect(lines).toContain('stdout one')
  expect(lines.at(-1)).toBe('stderr two')
  const tail: string[] = []
  const request = { uid, container: 'main', previous: false, follow: false, tailLines: 1 }
  for await (const { text } of node.runtime.logs(request)) tail.push(text)
  expect(tail).toEqual(['two'])
})

test('a running container’s use of cpu and memory is told', async () => {
  const uid = await node.start(['sh', '-c', 'while :; do :; done'])
  const stats = async () => (await node.runtime.stats(uid))[0]
  const before = await stats()
  expect(before?.memoryBytes).toBeGreaterThan(0)
  await expect
    .poll(async () => (await stats())?.cpuNanoseconds ?? 0)
    .toBeGreaterThan(before?.cpuNanoseconds ?? 0)
  await node.remove(uid)
})

test('a damaged or unknown record is kept and told of; an empty folder is nobody’s', async () => {
  const damaged = node.newUid()
  const unknown = node.newUid()
  for (const uid of [damaged, unknown]) await node.runtime.createPod(podRequest(uid))
  writeFileSync(join(node.root, 'pods', damaged, 'pod.json'), '{"recordVersi')
  // Without its copy nothing tells whose the pod is.
  rmSync(join('/run/reconcile', await node.rootId(), 'pods', damaged, 'pod.json'))
  writeFileSync(
    join(node.root, 'pods', unknown, 'pod.json'),
    JSON.stringify({ ...podRecord(unknown), recordVersion: 99 }),
  )
  mkdirSync(join(node.root, 'pods', node.newUid()))
  const listing = await node.runtime.list()
  expect(listing.unreadable).toHaveLength(2)
  expect(listing.unreadable.find(({ uid }) => uid === unknown)?.message).toContain('version 99')
  await expect(node.runtime.inspect(damaged)).rejects.toThrow('damaged')
  for (const uid of [damaged, unknown]) await node.runtime.removePod(uid)
})

test('the folder of a pod whose record was never finished is cleared away, and no other', async () => {
  const [cutOff, strange] = [node.newUid(), node.newUid()].map((uid) => join(node.root, 'pods', uid))
  for (const [folder, name] of [
    [cutOff, '.pod.json.3.tmp'],
    [strange, 'containers'],
  ] as const) {
    mkdirSync(folder ?? '')
    writeFileSync(join(folder ?? '', name), '{')
  }
  await (await node.another()).prepare()
  expect([cutOff, strange].map((folder) => existsSync(folder ?? ''))).toEqual([false, true])
  rmSync(strange ?? '', { recursive: true })
})

test('a pod’s record is written for pods that are there, and no other', async () => {
  const uid = await node.start(['sleep', '1000'])
  await node.runtime.writePodRecord(podRecord(uid, 2))
  expect((await node.listing(uid)).record.generation).toBe(2)
  await node.remove(uid)
  await expect(node.runtime.writePodRecord(podRecord(uid, 3))).rejects.toMatchObject({ reason: 'NotFound' })
  expect(await node.runtime.inspect(uid)).toBeUndefined()
})

test('object records come back as they were written; one that cannot be read is an error', async () => {
  const key = objectKey('Deployment', 'default', 'web')
  const cluster = objectKey('Namespace', undefined, 'prod')
  const record = (of: typeof key, kind: 'Deployment' | 'Namespace') => ({
    recordVersion: RECORD_VERSION,
    generation: 1,
    key: of,
    commit: 'c0ffee',
    object: { apiVersion: 'v1', kind, metadata: { name: 'web' } },
  })
  await node.runtime.writeObjectRecord(record(key, 'Deployment'))
  await node.runtime.writeObjectRecord(record(cluster, 'Namespace'))
  const all = await node.runtime.readObjectRecords()
  expect([...all.keys()].toSorted()).toEqual([key, cluster])
  expect(all.get(key)).toEqual(record(key, 'Deployment'))
  await node.runtime.deleteObjectRecord(key)
  writeFileSync(join(node.root, 'records/Namespace/_/prod.json'), 'x')
  await expect(node.runtime.readObjectRecords()).rejects.toThrow('prod.json: it is damaged')
  await node.runtime.deleteObjectRecord(cluster)
  expect((await node.runtime.readObjectRecords()).size).toBe(0)
})

test('one engine at a time holds a root, and the second is told who', async () => {
  const first = await lockRoot(node.transport, node.root, 'engine 1')
  if (first.kind !== 'locked') throw new Error('not locked')
  expect(await lockRoot(node.transport, node.root, 'engine 2')).toEqual({ kind: 'held', by: 'engine 1' })
  await first.lock[Symbol.asyncDispose]()
  const second = await lockRoot(node.transport, node.root, 'engine 2')
  if (second.kind !== 'locked') throw new Error('not locked')
  await second.lock[Symbol.asyncDispose]()
})

test('the pods’ range is the first free one, and one in use is refused with a free one', async () => {
  const { podCIDR } = node
  expect((await readRoot(node.transport, node.root))?.podCIDR).toBe(podCIDR)
  await node.remove(await node.start(['sleep', '1000']))
  // Our own bridge's route does not stand in the way of our own range.
  expect(await choosePodCidr([node], node.root, podCIDR)).toBe(podCIDR)
  const chosen = await choosePodCidr([node], join(node.folder, 'another'), undefined)
  expect(chosen).toMatch(/^10\.\d+\.0\.0\/16$/)
  const taken = choosePodCidr([node], join(node.folder, 'another'), podCIDR.replace('0.0/17', '3.0/24'))
  await expect(taken).rejects.toThrow(
    new RegExp(`overlaps with ${RegExp.escape(podCIDR)} on rc-.*; 10\\.\\d+\\.0\\.0/16 is free`),
  )
})

test('a host port leads to the pod, and is free again afterwards', async () => {
  const mapping = { hostPort: 32_201, containerPort: 8080, protocol: 'TCP' } as const
  const script = 'while :; do nc -l -p 8080 -e echo hello; done'
  const uid = await node.start(['sh', '-c', script], {}, { portMappings: [mapping] })
  const { bootId: _, ...info } = await node.runtime.check()
  const connect = async () => {
    const socket = await node.runtime.connect(
      info.addresses[0] ?? '',
      mapping.hostPort,
      AbortSignal.timeout(2000),
    )
    socket.destroy()
    return 'connected'
  }
  await expect.poll(async () => await connect().catch(String)).toBe('connected')
  await node.remove(uid)
  await expect(connect()).rejects.toThrow('ECONNREFUSED')
})
