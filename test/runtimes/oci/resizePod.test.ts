import { execa } from 'execa'
import { once } from 'node:events'
import { mkdirSync, renameSync } from 'node:fs'
import { watch } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { PodUid } from '../../../engine/api/names.ts'
import { ownNode } from './ownNode.ts'
import type { TestNode } from './support.ts'

let node: TestNode

ownNode((own) => {
  node = own
})

const MIB = 1024 ** 2
const LIMIT = 'cat /sys/fs/cgroup/memory/memory.limit_in_bytes /sys/fs/cgroup/memory.max 2>/dev/null || true'

async function resize(uid: PodUid, memoryLimitBytes: number): Promise<void> {
  const group = { cpuShares: 512, memoryLimitBytes }
  const container = { name: 'main', resources: group, live: true }
  await node.runtime.resizePod({ uid, first: group, last: group, containers: [container] })
}

/** As the node's hook has it while it makes a container: with the pod's lock, of which others can be told that it is held. */
async function withLock(lock: string, work: () => Promise<void>): Promise<void> {
  const holder = execa('flock', ['--no-fork', lock, 'sh', '-c', 'echo held; read -r _'], { buffer: false })
  await once(holder.stdout, 'data')
  await work()
  holder.stdin.end('\n')
  await holder
}

test('a container that the node is just making from what was written before gets the other resources too', async () => {
  const uid = await node.start(['sleep', '1000'], { resources: { cpuShares: 2, memoryLimitBytes: 64 * MIB } })
  const run = join('/run/reconcile', await node.rootId())
  const made = join(run, 'runtime', `${uid}-main`)
  const bundle = join(run, 'pods', uid, 'containers', 'main')
  const aside = join(run, 'aside')
  mkdirSync(aside)
  let resizing: Promise<void> | undefined
  await withLock(join(run, 'pods', uid, 'lock'), async () => {
    // The OCI runtime has read the configuration, and knows of no container yet.
    renameSync(made, join(aside, 'main'))
    const writes = watch(bundle)[Symbol.asyncIterator]()
    const written = writes.next()
    resizing = resize(uid, 32 * MIB)
    await written
    await writes.return?.()
    renameSync(join(aside, 'main'), made)
  })
  await resizing
  expect(await node.exec(uid, ['sh', '-c', LIMIT])).toBe(String(32 * MIB))
})
