import { execa } from 'execa'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { PodUid } from '../../../engine/api/names.ts'
import { addressIn } from '../../support/ranges.ts'
import { ownNode } from './ownNode.ts'
import { containerRequest, podRecord, podRequest, type TestNode } from './support.ts'

let node: TestNode
let run: string

ownNode(async (own) => {
  node = own
  run = `/run/reconcile/${await node.rootId()}`
})

const gateway = (): string => addressIn(node.podCIDR, 1)

function started(uid: PodUid, key: 'pid' | 'monitor', container = 'main'): number {
  const containers = join(node.root, 'pods', uid, 'containers', container)
  const attempt = Math.max(...readdirSync(containers).map(Number).filter(Number.isInteger))
  const text = readFileSync(join(containers, String(attempt), 'started'), 'utf8')
  return Number(new RegExp(`^${key}=(\\d+)$`, 'm').exec(text)?.[1])
}

function sandbox(uid: PodUid): { readonly ip: string; readonly link: { readonly name: string } } {
  return JSON.parse(readFileSync(`${run}/pods/${uid}/sandbox.json`, 'utf8')) as ReturnType<typeof sandbox>
}

function stateOf(pid: number): string {
  return /^State:\s+(\w)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? ''
}

/** Looks, mends as the engine does, and looks again: the same process runs all the while. */
async function mended(uid: PodUid, damage: RegExp): Promise<void> {
  const pid = started(uid, 'pid')
  expect(await node.listing(uid)).toMatchObject({
    sandbox: 'ready',
    damage: [expect.stringMatching(damage)],
  })
  expect((await node.runtime.list()).pods.get(uid)?.damage).toEqual([expect.stringMatching(damage)])
  await node.runtime.createPod(podRequest(uid))
  const after = await node.listing(uid)
  expect(after.sandbox).toBe('ready')
  expect(after.damage).toBeUndefined()
  expect(started(uid, 'pid')).toBe(pid)
  expect(after.containers.get('main')).toMatchObject({ attempt: 0, state: { kind: 'running' } })
}

async function upkeep() {
  return await node.runtime.upkeep({ mend: true })
}

async function reaches(uid: PodUid, address: string): Promise<boolean> {
  const result = await node.runtime.exec({ uid, container: 'main', command: ['ping', '-c1', '-W3', address] })
  return result.exitCode === 0
}

test('what is taken from a pod is told and put right while its container runs on', async () => {
  const uid = await node.start(['sleep', '1000'])
  const { ip, link } = sandbox(uid)
  expect(await node.listing(uid)).not.toHaveProperty('damage')

  await execa('umount', [`${run}/pods/${uid}/net`])
  await mended(uid, /pin of its net namespace/)
  await execa('ip', ['link', 'delete', link.name])
  await mended(uid, /network link veth\w+ is gone/)
  expect(sandbox(uid).ip).toBe(ip)
  expect(await reaches(uid, gateway())).toBe(true)
  for (const change of ['link set eth0 down', 'address flush dev eth0']) {
    await execa('nsenter', [`--net=${run}/pods/${uid}/net`, 'ip', ...change.split(' ')])
    await mended(uid, /network leads nowhere: eth0 was set down, or has lost its address/)
    expect(sandbox(uid).ip).toBe(ip)
    expect(await reaches(uid, gateway())).toBe(true)
  }
  rmSync(`${run}/addresses/reconcile-${await node.rootId()}/${ip}`)
  await mended(uid, /address .* is not booked any more/)
  rmSync(join(node.root, 'pods', uid, 'etc/hosts'))
  rmSync(join(node.root, 'pods', uid, 'etc/resolv.conf'))
  await mended(uid, /\/etc\/hosts, \/etc\/resolv.conf are gone/)
  expect(readFileSync(join(node.root, 'pods', uid, 'etc/hosts'), 'utf8')).toContain(ip)
  rmSync(join(node.root, 'pods', uid, 'pod.json'))
  await mended(uid, /record was removed or damaged/)
  writeFileSync(join(node.root, 'pods', uid, 'pod.json'), '{"recordVe')
  await mended(uid, /record was removed or damaged/)
  process.kill(started(uid, 'monitor'), 'SIGSTOP')
  await expect.poll(() => stateOf(started(uid, 'monitor'))).toBe('T')
  await mended(uid, /monitor of container main was stopped/)
  await expect.poll(() => stateOf(started(uid, 'monitor'))).not.toBe('T')
  await node.remove(uid)
})

test('a container that has ended while its monitor stood still is told to have ended once the monitor goes on', async () => {
  const uid = await node.start(['sleep', '1000'])
  await stop(started(uid, 'monitor'))
  process.kill(started(uid, 'pid'), 'SIGKILL')
  await expect
    .poll(async () => (await node.listing(uid)).damage)
    .toEqual(['the monitor of container main was stopped'])
  expect(existsSync(join(node.root, 'pods', uid, 'containers/main/0/exited'))).toBe(false)
  await node.runtime.createPod(podRequest(uid))
  await expect.poll(() => existsSync(join(node.root, 'pods', uid, 'containers/main/0/exited'))).toBe(true)
  expect((await node.listing(uid)).damage).toBeUndefined()
  await node.remove(uid)
})

test('a process that was moved out of its cgroup is put back with all that it has begun; without its cgroup it starts anew', async () => {
  const uid = await node.start(['sh', '-c', 'sleep 1000 & wait'])
  const pid = started(uid, 'pid')
  const groups = readFileSync(`/proc/${pid}/cgroup`, 'utf8')
  const [, controller = '', path = ''] = /^\d+:([^:]*memory[^:]*|):(.*)$/m.exec(groups) ?? []
  const hierarchy = controller === '' ? '/sys/fs/cgroup' : `/sys/fs/cgroup/${controller}`
  const children = () => readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  await expect.poll(children).toMatch(/^\d+$/)
  const child = children()
  for (const each of [pid, Number(child)]) writeFileSync(`${hierarchy}/cgroup.procs`, String(each))
  await mended(uid, /moved out of its cgroup/)
  for (const each of [pid, Number(child)])
    expect(readFileSync(`/proc/${each}/cgroup`, 'utf8')).toContain(path)
  await node.remove(uid)
})

/** Its processes stand still, and nobody has said so. */
function freeze(uid: PodUid): void {
  const groups = readFileSync(`/proc/${started(uid, 'pid')}/cgroup`, 'utf8')
  const old = /^\d+:freezer:(.*)$/m.exec(groups)?.[1]
  if (old !== undefined) writeFileSync(`/sys/fs/cgroup/freezer${old}/freezer.state`, 'FROZEN')
  else writeFileSync(`/sys/fs/cgroup${/^0::(.*)$/m.exec(groups)?.[1]}/cgroup.freeze`, '1')
}

test('a container that somebody has frozen goes on; one that is to end ends all the same', async () => {
  const uid = await node.start(['sleep', '1000'])
  freeze(uid)
  await mended(uid, /container main stands still: its cgroup was frozen/)
  expect(await node.exec(uid, ['echo', 'goes on'])).toBe('goes on')
  freeze(uid)
  await node.remove(uid)
})

test('two pods with one address in CNI’s book: the one that is not in it gets another', async () => {
  const [one, other] = [await node.start(['sleep', '1000']), await node.start(['sleep', '1000'])]
  const { ip } = sandbox(other)
  const file = `${run}/pods/${one}/sandbox.json`
  writeFileSync(file, readFileSync(file, 'utf8').replace(`"ip":"${sandbox(one).ip}"`, `"ip":"${ip}"`))
  await mended(one, new RegExp(`booked for ${other}`))
  expect(sandbox(one).ip).not.toBe(ip)
  expect(await node.exec(one, ['ip', 'addr'])).toContain(sandbox(one).ip)
  expect(await reaches(one, ip)).toBe(true)
  // The address that it had is booked for nobody by now; nothing stays booked in vain.
  await upkeep()
  await upkeep()
  const leases = readdirSync(`${run}/addresses/reconcile-${await node.rootId()}`).filter((name) =>
    /^\d/.test(name),
  )
  expect(leases.toSorted()).toEqual([sandbox(one).ip, ip].toSorted())
  for (const uid of [one, other]) await node.remove(uid)
})

test('a pod whose folder was removed is told to be broken, and is made again with its uid; nothing of the old one is left', async () => {
  const uid = await node.start(['sleep', '1000'])
  const pid = started(uid, 'pid')
  rmSync(join(node.root, 'pods', uid), { recursive: true })
  const listing = (await node.runtime.list()).pods.get(uid)
  expect(listing).toMatchObject({ sandbox: 'broken', broken: expect.stringContaining('lost its folder') })
  expect(listing?.record).toEqual(podRecord(uid))
  await node.runtime.createPod(podRequest(uid))
  expect(existsSync(`/proc/${pid}`)).toBe(false)
  expect((await node.listing(uid)).sandbox).toBe('ready')
  await node.runtime.startContainer(containerRequest(uid, ['sleep', '1000']))
  expect((await node.container(uid)).state.kind).toBe('running')
  await node.remove(uid)
})

test.each([
  ['a volume in memory that was unmounted', 'Memory', /lost its volume v, which was in memory/],
  ['a volume whose folder was removed', '', /lost its volume v$/],
] as const)('%s cannot be put right under its containers: the pod is broken', async (_, medium, why) => {
  const volumes = [{ kind: 'emptyDir', name: 'v', medium }] as const
  const mounts = [{ volume: 'v', mountPath: '/v', readOnly: false, propagation: 'private' }] as const
  const uid = await node.start(['sleep', '1000'], { mounts }, { volumes })
  const path = join(node.root, 'pods', uid, 'volumes/v')
  if (medium === 'Memory') await execa('umount', [path])
  else rmSync(path, { recursive: true })
  expect(await node.listing(uid)).toMatchObject({ sandbox: 'broken', broken: expect.stringMatching(why) })
  await node.runtime.createPod(podRequest(uid, { volumes }))
  expect((await node.listing(uid)).sandbox).toBe('ready')
  await node.runtime.startContainer(containerRequest(uid, ['sleep', '1000'], { mounts, attempt: 1 }))
  expect(await node.exec(uid, ['touch', '/v/file'])).toBe('')
  await node.remove(uid)
})

test('what runs of a pod without a record and its copy is ended and cleared away, also when the runtime has forgotten it; others are left alone', async () => {
  const [orphan, forgotten, other] = [
    await node.start(['sleep', '1000']),
    await node.start(['sleep', '1000']),
    await node.start(['sleep', '1000']),
  ]
  const pids = [orphan, forgotten, other].map((uid) => started(uid, 'pid'))
  for (const uid of [orphan, forgotten]) {
    rmSync(join(node.root, 'pods', uid), { recursive: true })
    rmSync(`${run}/pods/${uid}/pod.json`)
  }
  rmSync(`${run}/runtime/${forgotten}-main`, { recursive: true })
  expect((await node.runtime.list()).unreadable.map(({ uid }) => uid).toSorted()).toEqual(
    [orphan, forgotten].toSorted(),
  )
  const left = await node.runtime.upkeep({ mend: false })
  expect(left.map(({ done }) => done)).toEqual([undefined, undefined])
  expect(pids.map((pid) => existsSync(`/proc/${pid}`))).toEqual([true, true, true])
  const findings = await upkeep()
  expect(findings.map(({ found }) => found).join()).toContain(orphan)
  expect(findings).toEqual([
    expect.objectContaining({ done: 'it was ended and cleared away' }),
    expect.objectContaining({ done: 'it was ended and cleared away' }),
  ])
  expect(pids.map((pid) => existsSync(`/proc/${pid}`))).toEqual([false, false, true])
  expect([...(await node.runtime.list()).pods.keys()]).toEqual([other])
  expect(readdirSync(`${run}/pods`)).toEqual([other])
  expect(await upkeep()).toEqual([])
  await node.remove(other)
})

test('a removed bridge is made again with its address, and the pods reach each other and the node without a restart', async () => {
  const [one, other] = [await node.start(['sleep', '1000']), await node.start(['sleep', '1000'])]
  const pids = [one, other].map((uid) => started(uid, 'pid'))
  expect(await reaches(one, sandbox(other).ip)).toBe(true)
  await execa('ip', ['link', 'delete', `rc-${await node.rootId()}`])
  expect(await reaches(one, sandbox(other).ip)).toBe(false)
  expect(await upkeep()).toEqual([
    {
      found: `bridge rc-${await node.rootId()} is gone`,
      done: 'it was made again, and 2 pods were attached to it as they run',
    },
  ])
  expect(await reaches(one, sandbox(other).ip)).toBe(true)
  expect(await reaches(other, gateway())).toBe(true)
  expect([one, other].map((uid) => started(uid, 'pid'))).toEqual(pids)
  expect(await upkeep()).toEqual([])
  for (const change of ['nomaster', 'down']) {
    await execa('ip', ['link', 'set', 'dev', sandbox(one).link.name, change])
    expect(await upkeep()).toMatchObject([{ found: expect.stringContaining('1 links of pods') }])
    expect(await reaches(one, sandbox(other).ip)).toBe(true)
  }
  for (const uid of [one, other]) await node.remove(uid)
})

test('the hook, the events file, the table and the folder on the tmpfs come back, and events are heard from the new file', async () => {
  const uid = await node.start(['sleep', '1000'])
  const hooks = join(node.root, 'hook')
  for (const name of readdirSync(hooks)) rmSync(join(hooks, name))
  rmSync(join(node.root, 'events'))
  await execa('nft', ['delete', 'table', 'ip', `reconcile-${await node.rootId()}`])
  const found = (await upkeep()).map((finding) => `${finding.found}: ${finding.done}`)
  expect(found).toHaveLength(3)
  expect(found.join('\n')).toMatch(/hook.*\n.*events is gone.*\n.*table .* is gone: it was loaded again/)
  process.kill(started(uid, 'pid'), 'SIGKILL')
  await node.until(uid, ({ attempt, state }) => attempt === 1 && state.kind === 'running')
  await node.remove(uid)
})

test('a folder in the place of a file is no file: the hook and the events come back, and a pod without its sandbox is told among the others', async () => {
  const [uid, other] = [await node.start(['sleep', '1000']), await node.start(['sleep', '1000'])]
  const hooks = join(node.root, 'hook')
  const places = [...readdirSync(hooks).map((name) => join(hooks, name)), join(node.root, 'events')]
  for (const path of [...places, `${run}/pods/${uid}/sandbox.json`]) {
    rmSync(path)
    mkdirSync(path)
  }
  const { pods } = await node.runtime.list()
  expect(pods.get(uid)).toMatchObject({
    sandbox: 'broken',
    broken: expect.stringContaining('lost what it has'),
  })
  expect(pods.get(other)?.sandbox).toBe('ready')
  expect((await upkeep()).map(({ done }) => done)).toEqual(['it was written again', 'it was made again'])
  expect(await upkeep()).toEqual([])
  process.kill(started(other, 'pid'), 'SIGKILL')
  await node.until(other, ({ attempt, state }) => attempt === 1 && state.kind === 'running')
  for (const each of [uid, other]) await node.remove(each)
})

test('a pod whose files the disk does not give is unknown, and hinders no other', async () => {
  const [uid, other] = [await node.start(['sleep', '1000']), await node.start(['sleep', '1000'])]
  const record = join(node.root, 'pods', uid, 'pod.json')
  // What begins where no memory is can be opened, and not read: EIO.
  await execa('mount', ['--bind', `/proc/${process.pid}/mem`, record])
  try {
    const { pods, unreadable } = await node.runtime.list()
    expect([...pods.keys()]).toEqual([other])
    expect(unreadable).toEqual([{ uid, message: expect.stringMatching(/^its folder cannot be read: EIO/) }])
    await expect(node.runtime.inspect(uid)).rejects.toThrow('EIO')
    expect(await upkeep()).toEqual([])
  } finally {
    await execa('umount', [record])
  }
  expect([...(await node.runtime.list()).pods.keys()].toSorted()).toEqual([uid, other].toSorted())
  for (const each of [uid, other]) await node.remove(each)
})

test('a running container whose monitor was killed is told to be lost', async () => {
  const uid = await node.start(['sleep', '1000'])
  process.kill(started(uid, 'monitor'), 'SIGKILL')
  await expect.poll(async () => (await node.container(uid)).lost).toMatch(/monitor has ended/)
  await node.remove(uid)
})

test('a monitor that somebody has stopped does not outlive its pod, whichever way the pod goes', async () => {
  const removed = await node.start(['sleep', '1000'])
  const forgotten = await node.start(['sleep', '1000'])
  const monitors = [removed, forgotten].map((uid) => started(uid, 'monitor'))
  for (const monitor of monitors) await stop(monitor)
  await node.runtime.removePod(removed)
  rmSync(join(node.root, 'pods', forgotten), { recursive: true })
  rmSync(`${run}/pods/${forgotten}/pod.json`)
  expect((await upkeep()).map(({ done }) => done)).toEqual([
    'it was ended and cleared away',
    'it was ended',
    'it was ended',
  ])
  for (const monitor of monitors) await untilGone(monitor)
})

test('a monitor that somebody has stopped does not outlive the start of its container, whose records were removed', async () => {
  const uid = await node.start(['sleep', '1000'])
  const monitor = started(uid, 'monitor')
  await stop(monitor)
  process.kill(started(uid, 'pid'), 'SIGKILL')
  rmSync(join(node.root, 'pods', uid, 'containers'), { recursive: true })
  await node.runtime.startContainer(containerRequest(uid, ['sleep', '1000'], { image: node.image }))
  expect(await upkeep()).toEqual([
    {
      found: `a monitor of pod ${uid} stands still (process ${monitor}), and no record tells of it`,
      done: 'it was ended',
    },
  ])
  await untilGone(monitor)
  await node.remove(uid)
})

/** A process stands still once it has been given a processor after the signal. */
async function stop(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP')
  while (stateOf(pid) !== 'T') await new Promise((resolve) => setTimeout(resolve, 10))
}

/** No event tells of a process that is nobody's child here. */
async function untilGone(pid: number): Promise<void> {
  while (existsSync(`/proc/${pid}`) && stateOf(pid) !== 'Z')
    await new Promise((resolve) => setTimeout(resolve, 10))
}
