import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { removeRoot } from '../../../engine/runtimes/oci/node/removeRoot.ts'
import { lockRoot } from '../../../engine/runtimes/oci/node/root.ts'
import { machineTraces, NO_TRACES } from '../../support/machine.ts'
import { podRequest, TestNode } from './support.ts'

test('a root whose folder somebody has deleted is removed all the same, with the containers that run from it', async () => {
  await using node = await TestNode.create()
  const portMappings = [{ containerPort: 80, hostPort: 18_231, protocol: 'TCP' }] as const
  const uid = await node.start(['sleep', '1000'], {}, { portMappings })
  const [process] = machineTraces(node.root).processes
  rmSync(node.root, { recursive: true })
  const removed = await removeRoot({ transport: node.transport, root: node.root })
  expect(removed).toContain(`pod ${uid}`)
  expect(process).toContain('conmon')
  await expect.poll(() => machineTraces(node.root)).toEqual(NO_TRACES)
  expect(existsSync(node.root)).toBe(false)
})

test('a folder that is no root keeps what is in it', async () => {
  await using node = await TestNode.create()
  const folder = join(node.folder, 'other')
  mkdirSync(join(folder, 'images'), { recursive: true })
  writeFileSync(join(folder, 'lock'), 'mine')
  expect(await removeRoot({ transport: node.transport, root: folder })).toEqual([])
  expect(readdirSync(folder)).toEqual(['images', 'lock'])
})

test('a root that another engine has taken meanwhile is not removed', async () => {
  await using node = await TestNode.create()
  const uid = await node.start(['sleep', '1000'])
  const other = await lockRoot(node.transport, node.root, 'engine 4711')
  if (other.kind !== 'locked') throw new Error('somebody has the lock')
  await using _lock = other.lock
  await expect(removeRoot({ transport: node.transport, root: node.root })).rejects.toThrow('engine 4711')
  expect((await node.container(uid)).state.kind).toBe('running')
})

test('a folder of seccomp profiles stays, and nothing else of a root', async () => {
  await using node = await TestNode.create()
  mkdirSync(join(node.root, 'seccomp'))
  writeFileSync(join(node.root, 'seccomp/mine.json'), '{}')
  await node.runtime.createPod(podRequest(node.newUid()))
  await removeRoot({ transport: node.transport, root: node.root })
  expect(readdirSync(node.root)).toEqual(['seccomp'])
  expect(readdirSync(join(node.root, 'seccomp'))).toEqual(['mine.json'])
})
