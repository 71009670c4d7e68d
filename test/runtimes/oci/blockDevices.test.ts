import { execFileSync } from 'node:child_process'
import { truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { CreatePodRequest, DeviceRequest } from '../../../engine/api/cri.ts'
import { ownNode } from './ownNode.ts'
import { podRequest, type TestNode } from './support.ts'

let node: TestNode
let disk: string

// Once the node is gone: hooks of the end run from the last to the first.
afterAll(() => {
  execFileSync('losetup', ['--detach', disk])
})

ownNode((own) => {
  node = own
  const file = join(node.folder, 'disk')
  writeFileSync(file, 'first block')
  truncateSync(file, 2 ** 20)
  disk = execFileSync('losetup', ['--find', '--show', file], { encoding: 'utf8' }).trim()
})

async function told(script: string, device: DeviceRequest): Promise<string> {
  const volumes: CreatePodRequest['volumes'] = [{ kind: 'block', name: 'v', path: disk }]
  return await node.output(['sh', '-c', `(${script}) 2>&1`], { devices: [device] }, { volumes })
}

const READ = 'head -c 11 /dev/xvda; echo; [ -b /dev/xvda ] && echo block'
const WRITE = 'echo written | dd of=/dev/xvda conv=fsync 2>&1 | grep -c "not permitted"'

test('a volume that is a disk is a device in the container, and may be written to unless it is only to be read', async () => {
  const device = { volume: 'v', devicePath: '/dev/xvda', readOnly: false }
  expect(await told(READ, device)).toBe('first block\nblock')
  expect(await told(WRITE, { ...device, readOnly: true })).toBe('1')
  expect(await told(WRITE, device)).toBe('0')
  expect(await told('head -c 7 /dev/xvda', device)).toBe('written')
})

test('what is no disk is no volume of this kind', async () => {
  const volumes: CreatePodRequest['volumes'] = [{ kind: 'block', name: 'v', path: '/dev/null' }]
  await expect(node.runtime.createPod(podRequest(node.newUid(), { volumes }))).rejects.toMatchObject({
    message: expect.stringContaining('path "/dev/null" is a charDevice, not a block device'),
  })
})
