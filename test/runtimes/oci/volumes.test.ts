import { mkdirSync, readFileSync, readlinkSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { StartContainerRequest } from '../../../engine/api/cri.ts'
import type { VolumeRequest } from '../../../engine/api/volumeRequests.ts'
import { writeVolumeFiles } from '../../../engine/runtimes/oci/volumes/volumes.ts'
import { ownNode } from './ownNode.ts'
import { containerRequest, podRequest, SECURITY, type TestNode } from './support.ts'

let node: TestNode

ownNode((own) => {
  node = own
})

const bytes = (text: string) => new TextEncoder().encode(text)

function mount(
  changes: Partial<StartContainerRequest['mounts'][number]> = {},
): Partial<StartContainerRequest> {
  return { mounts: [{ volume: 'v', mountPath: '/v', readOnly: false, propagation: 'private', ...changes }] }
}

const EMPTY: VolumeRequest = { kind: 'emptyDir', name: 'v', medium: '' }

test('an emptyDir is shared by a pod’s containers and survives a restart', async () => {
  const script = 'cat /v/x; echo again >> /v/x; exit 1'
  const restart = { policy: 'Always', delaysSeconds: [0, 300], resetAfterSeconds: 600 } as const
  const uid = await node.start(['sh', '-c', script], { ...mount(), restart }, { volumes: [EMPTY] })
  await node.until(uid, ({ attempt, state }) => attempt === 1 && state.kind === 'exited')
  expect(await node.log(uid)).toBe('again')
  const never = { ...restart, policy: 'Never' } as const
  const other = containerRequest(uid, ['cat', '/v/x'], {
    ...mount({ readOnly: true }),
    container: 'other',
    restart: never,
  })
  await node.runtime.startContainer(other)
  await node.until(uid, ({ state }) => state.kind === 'exited', 'other')
  expect(await node.log(uid, 'other')).toBe('again\nagain')
  await node.remove(uid)
})

test('an emptyDir in memory has its size limit', async () => {
  const memory: VolumeRequest = { kind: 'emptyDir', name: 'v', medium: 'Memory', sizeLimitBytes: 2 ** 20 }
  const script =
    'dd if=/dev/zero of=/v/x bs=1M count=2 2>&1 | grep -o "No space left"; stat -f -c %T /v; stat -c %s /v/x'
  expect(await node.output(['sh', '-c', script], mount(), { volumes: [memory] })).toBe(
    `No space left\ntmpfs\n${2 ** 20}`,
  )
})

test('an fsGroup owns the volume, and what is made in it', async () => {
  const security = { ...SECURITY, runAsUser: 1000, supplementalGroups: [2000] }
  const script = 'stat -c "%a %g" /v; touch /v/x && stat -c "%u %g" /v/x'
  const text = await node.output(
    ['sh', '-c', script],
    { ...mount(), security },
    { volumes: [EMPTY], fsGroup: 2000 },
  )
  expect(text).toBe('2777 2000\n1000 2000')
})

test('files have their modes, lie behind ..data, and those of a secret never touch the disk', async () => {
  const files = [
    { path: 'plain', mode: 0o644, content: bytes('one') },
    { path: 'deep/er/file', mode: 0o400, content: bytes('two') },
  ]
  const volume: VolumeRequest = { kind: 'files', name: 'v', secret: true, files, version: 'a1' }
  const script =
    'cd /v; cat plain deep/er/file; echo; stat -L -c %a plain deep/er/file; readlink plain; stat -f -c %T .'
  const uid = await node.start(['sh', '-c', script], mount({ readOnly: true }), { volumes: [volume] })
  await node.until(uid, ({ state }) => state.kind === 'exited')
  expect(await node.log(uid)).toBe('onetwo\n644\n400\n..data/plain\ntmpfs')
  await node.remove(uid)
  const grouped = await node.output(['sh', '-c', 'stat -L -c "%a %g" /v/deep/er/file'], mount(), {
    volumes: [volume],
    fsGroup: 2000,
  })
  expect(grouped).toBe('440 2000')
})

test('files are swapped all at once, and what is no longer there goes', async () => {
  const path = join(node.folder, 'swapped')
  const file = (name: string, text: string) => ({ path: name, mode: 0o644, content: bytes(text) })
  const first = { files: [file('a', '1'), file('b', '1')], version: 'a1' }
  await writeVolumeFiles(node.transport, path, first, undefined)
  const before = readlinkSync(join(path, '..data'))
  const second = { files: [file('a', '2'), file('c/d', '2')], version: 'b2' }
  await writeVolumeFiles(node.transport, path, second, undefined)
  expect(readlinkSync(join(path, '..data'))).not.toBe(before)
  expect(readFileSync(join(path, 'a'), 'utf8')).toBe('2')
  expect(readFileSync(join(path, 'c/d'), 'utf8')).toBe('2')
  expect(await node.transport.listDirectory(path)).toEqual(
    [readlinkSync(join(path, '..data')), '..data', 'a', 'c'].toSorted(),
  )
})

test('a subPath is a file or a folder of the volume, made when it is missing', async () => {
  const files = [{ path: 'key', mode: 0o644, content: bytes('value') }]
  const volume: VolumeRequest = { kind: 'files', name: 'v', secret: false, files, version: 'a1' }
  const single = mount({ subPath: 'key', mountPath: '/etc/app.conf', readOnly: true })
  expect(await node.output(['cat', '/etc/app.conf'], single, { volumes: [volume] })).toBe('value')
  const made = await node.output(['sh', '-c', 'touch /v/x; ls /v'], mount({ subPath: 'a/b' }), {
    volumes: [EMPTY],
  })
  expect(made).toBe('x')
})

test('a subPath never leads out of its volume', async () => {
  const outside = join(node.folder, 'outside')
  mkdirSync(outside)
  const uid = node.newUid()
  await node.runtime.createPod(podRequest(uid, { volumes: [EMPTY] }))
  const volume = join(node.root, 'pods', uid, 'volumes/v')
  symlinkSync(outside, join(volume, 'trap'))
  symlinkSync('real', join(volume, 'inner'))
  mkdirSync(join(volume, 'real'))
  for (const subPath of ['trap', 'trap/new', '../..', 'inner/../../..']) {
    const refused = node.runtime.startContainer(containerRequest(uid, ['true'], mount({ subPath })))
    await expect(refused, subPath).rejects.toThrow('leads out of the volume')
  }
  expect(await node.transport.listDirectory(outside)).toEqual([])
  // A link that stays inside is as good as what it leads to.
  await node.runtime.startContainer(containerRequest(uid, ['touch', '/v/x'], mount({ subPath: 'inner' })))
  await node.until(uid, ({ state }) => state.kind === 'exited')
  expect(await node.transport.listDirectory(join(volume, 'real'))).toEqual(['x'])
  await node.remove(uid)
})

test('a hostPath is checked for its type, or made', async () => {
  const base = join(node.folder, 'host')
  const at = (name: string) => join(base, name)
  const volume = (path: string, type: (VolumeRequest & { kind: 'hostPath' })['type']): VolumeRequest => ({
    kind: 'hostPath',
    name: 'v',
    path,
    type,
  })
  const create = async (request: VolumeRequest) => {
    const uid = node.newUid()
    try {
      await node.runtime.createPod(podRequest(uid, { volumes: [request] }))
    } finally {
      await node.runtime.removePod(uid)
    }
  }
  await create(volume(base, 'DirectoryOrCreate'))
  expect(statSync(base).mode & 0o777).toBe(0o755)
  await create(volume(at('file'), 'FileOrCreate'))
  expect(statSync(at('file')).mode & 0o777).toBe(0o644)
  writeFileSync(at('other'), '')
  await create(volume('/dev/null', 'CharDevice'))
  for (const [path, type] of [
    [at('none'), 'Directory'],
    [at('none'), 'File'],
    [at('other'), 'Directory'],
    [at('other'), 'Socket'],
    [base, 'File'],
    ['/dev/null', 'BlockDevice'],
    [at('none/deep'), 'FileOrCreate'],
  ] as const) {
    await expect(create(volume(path, type)), `${path} ${type}`).rejects.toMatchObject({
      reason: 'FailedMount',
    })
  }
})
