import { execa } from 'execa'
import { once } from 'node:events'
import { existsSync, readFileSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { PodUid } from '../../../engine/api/names.ts'
import { machineTraces } from '../../support/machine.ts'
import { ownNode } from './ownNode.ts'
import {
  containerRequest,
  podRequest,
  richContainerRequest,
  richPodRequest,
  type TestNode,
} from './support.ts'

let node: TestNode

ownNode(async (own) => {
  node = own
  // The bridge stays from the first pod on, and is no trace of a pod.
  await node.remove(await node.start(['sleep', '1000']))
})

const MOMENTS = 20
/** A pod's whole life takes about this long on a small machine; the kills are spread over it. */
const LIFE_MS = 300

/** Kills the engine's process while it makes, starts, stops and removes a pod; what it began goes on or not. */
async function killDuring(uid: PodUid, users: boolean, afterMs: number): Promise<void> {
  const script = new URL('oneVerb.ts', import.meta.url).pathname
  const doomed = execa(process.execPath, [script, node.folder, uid, ...(users ? ['users'] : [])], {
    reject: false,
    stdin: 'ignore',
    buffer: false,
  })
  await once(doomed.stdout, 'data')
  const timer = setTimeout(() => doomed.kill('SIGKILL'), afterMs)
  await doomed
  clearTimeout(timer)
}

function mountsOf(uid: PodUid): readonly string[] {
  return machineTraces(node.root).mounts.filter((line) => line.includes(uid))
}

test('whenever the engine is killed in the life of a pod, doing it again leads to one running container, and removing it to nothing', async () => {
  for (let moment = 0; moment < MOMENTS; moment += 1) {
    const uid = node.newUid()
    const users = moment % 2 === 1
    await killDuring(uid, users, (moment * LIFE_MS) / MOMENTS)
    const disarmed = existsSync(join(node.root, 'pods', uid, 'disarmed'))
    if (!disarmed) {
      await node.runtime.createPod(richPodRequest(uid, users))
      await node.runtime.startContainer(richContainerRequest(uid))
      const { sandbox } = await node.listing(uid)
      expect(sandbox, `moment ${moment}`).toBe('ready')
      const running = machineTraces(node.root).processes.filter(
        (line) => line.includes('conmon') && line.includes(uid),
      )
      const { state } = await node.container(uid)
      if (state.kind === 'running') expect(running, `moment ${moment}`).toHaveLength(1)
      await node.runtime.disarm(uid)
    }
    const listing = await node.runtime.inspect(uid)
    for (const name of listing?.containers.keys() ?? []) await node.stop(uid, name)
    if (listing !== undefined && moment % 4 < 2) {
      await node.runtime.releasePod(uid)
      expect(mountsOf(uid), `moment ${moment}`).toEqual([])
      expect((await node.listing(uid)).sandbox).toBe('released')
    }
    await node.runtime.removePod(uid)
    expect(mountsOf(uid), `moment ${moment}`).toEqual([])
    expect(await node.runtime.inspect(uid)).toBeUndefined()
  }
  const { links, processes } = machineTraces(node.root)
  expect(links).toHaveLength(1)
  await expect.poll(() => machineTraces(node.root).processes, { message: processes.join('\n') }).toEqual([])
  expect((await node.runtime.list()).pods.size).toBe(0)
}, 120_000)

test('a start that was cut off while it was being recorded is done again, and what it had begun has ended', async () => {
  const uid = await node.start(['sleep', '1000'])
  const started = join(node.root, 'pods', uid, 'containers/main/0/started')
  const first = Number(/^pid=(\d+)$/m.exec(readFileSync(started, 'utf8'))?.[1])
  truncateSync(started)
  expect((await node.container(uid)).state.kind).toBe('created')
  await node.runtime.startContainer(containerRequest(uid, ['sleep', '1000']))
  expect((await node.container(uid)).state.kind).toBe('running')
  expect(existsSync(`/proc/${first}`)).toBe(false)
  await node.remove(uid)
})

test('removing what is not there is done', async () => {
  const uid = node.newUid()
  await node.runtime.disarm(uid)
  await node.runtime.removePod(uid)
  expect(await node.runtime.inspect(uid)).toBeUndefined()
})

test('a sandbox that lost its namespaces is told to be broken, and is made again with its record and its disk volumes', async () => {
  const volumes = [{ kind: 'emptyDir', name: 'v', medium: '' }] as const
  const mounts = [{ volume: 'v', mountPath: '/v', readOnly: false, propagation: 'private' }] as const
  const uid = await node.start(['sh', '-c', 'echo kept > /v/file; sleep 1000'], { mounts }, { volumes })
  await expect.poll(() => existsSync(join(node.root, 'pods', uid, 'volumes/v/file'))).toBe(true)
  const pin = mountsOf(uid)
    .map((line) => line.split(' ')[4])
    .find((path) => path?.endsWith('/net'))
  // While its container runs the namespace is there, and is pinned again.
  await node.runtime.disarm(uid)
  await node.stop(uid)
  await execa('umount', [pin ?? ''])
  expect(await node.listing(uid)).toMatchObject({ sandbox: 'broken', broken: 'lost its net namespace' })
  await node.runtime.createPod(podRequest(uid, { volumes }))
  expect((await node.listing(uid)).sandbox).toBe('ready')
  expect((await node.container(uid)).state.kind).toBe('exited')
  await node.runtime.startContainer(containerRequest(uid, ['sleep', '1000'], { attempt: 1, mounts }))
  expect(await node.exec(uid, ['cat', '/v/file'])).toBe('kept')
  await node.remove(uid)
})
