import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { StartContainerRequest } from '../../../engine/api/cri.ts'
import type { FilesVolume, VolumeRequest } from '../../../engine/api/volumeRequests.ts'
import { removeRoot } from '../../../engine/runtimes/oci/node/removeRoot.ts'
import { makeClaim } from '../../../engine/runtimes/oci/volumes/claims.ts'
import { ownNode } from './ownNode.ts'
import { IMAGE, podRecord, podRequest, SECURITY, TestNode } from './support.ts'

let node: TestNode

ownNode((own) => {
  node = own
})

const CLAIM: VolumeRequest = { kind: 'claim', name: 'v', namespace: 'default', claim: 'data' }
const MOUNTED: Partial<StartContainerRequest> = {
  mounts: [{ volume: 'v', mountPath: '/v', readOnly: false, propagation: 'private' }],
}

const folder = (name = 'data'): string => join(node.root, 'claims/default', name)

function files(version: string, text: string, secret = false): FilesVolume {
  const content = new TextEncoder().encode(text)
  return { kind: 'files', name: 'v', secret, version, files: [{ path: 'file', mode: 0o644, content }] }
}

test('a claim is a folder that outlives the pods that have it, whoever they run as', async () => {
  const user = { security: { ...SECURITY, runAsUser: 1234 } }
  const script = ['sh', '-c', 'cat /v/x; echo kept > /v/x']
  const never = { policy: 'Never', delaysSeconds: [0], resetAfterSeconds: 600 } as const
  const uid = await node.start(script, { ...MOUNTED, ...user, restart: never }, { volumes: [CLAIM] })
  await node.until(uid, ({ state }) => state.kind === 'exited')
  await node.remove(uid)
  expect(statSync(folder()).mode & 0o7777).toBe(0o777)
  expect(await node.output(script, { ...MOUNTED, ...user }, { volumes: [CLAIM] })).toBe('kept')
})

test('a claim that is a copy begins with the files of its source, and is its own from then on', async () => {
  mkdirSync(join(folder('source'), 'deep'), { recursive: true })
  writeFileSync(join(folder('source'), 'deep/x'), 'first', { mode: 0o640 })
  mkdirSync(join(node.root, 'claims/default/.copy.part'))
  const copy: VolumeRequest = { ...CLAIM, claim: 'copy', copyOf: 'source' }
  const script = ['sh', '-c', 'cat /v/deep/x; echo second > /v/deep/x']
  expect(await node.output(script, MOUNTED, { volumes: [copy] })).toBe('first')
  expect(await node.output(script, MOUNTED, { volumes: [copy] })).toBe('second')
  expect(readFileSync(join(folder('source'), 'deep/x'), 'utf8')).toBe('first')
  expect(statSync(join(folder('copy'), 'deep/x')).mode & 0o777).toBe(0o640)
  expect(existsSync(join(node.root, 'claims/default/.copy.part'))).toBe(false)
})

test('pods that begin together have one and the same claim', async () => {
  const claims = join(node.root, 'claims')
  const owner = { group: undefined, onMismatchOnly: false }
  const pods = Array.from({ length: 8 }, async (_, index) => {
    const claim = { namespace: 'default', claim: 'shared' }
    const path = await makeClaim(node.transport, claims, claim, owner)
    mkdirSync(join(path, String(index)))
  })
  await Promise.all(pods)
  expect(readdirSync(folder('shared'))).toHaveLength(8)
})

test('its files are given to the pod’s group, and no link leads that out of it', async () => {
  const outside = join(node.folder, 'outside')
  mkdirSync(join(folder('grouped'), 'deep'), { recursive: true })
  writeFileSync(outside, '', { mode: 0o600 })
  writeFileSync(join(folder('grouped'), 'deep/file'), '', { mode: 0o600 })
  symlinkSync(outside, join(folder('grouped'), 'link'))
  const grouped: VolumeRequest = { ...CLAIM, claim: 'grouped' }
  const uid = await node.start(['sleep', '600'], MOUNTED, { volumes: [grouped], fsGroup: 2000 })
  const modes = ['', 'deep', 'deep/file'].map((path) => {
    const { gid, mode } = statSync(join(folder('grouped'), path))
    return `${(mode & 0o7777).toString(8)} ${gid}`
  })
  expect(modes).toEqual(['2775 2000', '2775 2000', '660 2000'])
  expect([statSync(outside).gid, statSync(outside).mode & 0o777]).toEqual([0, 0o600])
  await node.remove(uid)
})

test('with OnRootMismatch a folder that is the group’s already is left as it is', async () => {
  const path = join(folder('grouped'), 'deep/file')
  chownSync(path, 0, 3000)
  const grouped: VolumeRequest = { ...CLAIM, claim: 'grouped' }
  const withPolicy = (policy: 'Always' | 'OnRootMismatch') => {
    const record = podRecord(node.newUid())
    const spec = { ...record.pod.spec, securityContext: { fsGroupChangePolicy: policy } }
    return { ...record, pod: { ...record.pod, spec } }
  }
  for (const [policy, gid] of [
    ['OnRootMismatch', 3000],
    ['Always', 2000],
  ] as const) {
    const record = withPolicy(policy)
    await node.runtime.createPod({
      ...podRequest(node.newUid(), { volumes: [grouped], fsGroup: 2000 }),
      record,
    })
    expect(statSync(path).gid, policy).toBe(gid)
  }
})

test('a claim that is deleted lies in the trash until that is emptied, and again is no error', async () => {
  const request = { namespace: 'default', claim: 'gone', at: '2026-11-21T12:45:00.123Z' }
  mkdirSync(folder('gone'), { recursive: true })
  writeFileSync(join(folder('gone'), 'file'), 'data')
  await node.runtime.deleteClaim(request)
  await node.runtime.deleteClaim(request)
  const trash = join(node.root, 'trash')
  expect(readdirSync(trash)).toEqual(['20261121T124500.123Z-default-gone'])
  expect(readFileSync(join(trash, '20261121T124500.123Z-default-gone/file'), 'utf8')).toBe('data')
  mkdirSync(join(trash, 'not-ours'))
  expect(await node.runtime.emptyTrash('2026-11-21T12:45:00.123Z')).toEqual([])
  expect(await node.runtime.emptyTrash('2026-11-21T12:45:00.124Z')).toEqual([
    join(trash, '20261121T124500.123Z-default-gone'),
  ])
  expect(readdirSync(trash)).toEqual(['not-ours'])
})

test.each(['../pods', 'a/b', '..'])('a claim is never another folder: %s', async (claim) => {
  const request = { namespace: 'default', claim, at: '2026-11-21T12:45:00Z' }
  await expect(node.runtime.deleteClaim(request)).rejects.toThrow('is no name for a folder')
})

test('files change under a running container, all at once, and the node tells which version is there', async () => {
  const uid = await node.start(['sleep', '600'], MOUNTED, { volumes: [files('a1', 'one', true)] })
  expect((await node.listing(uid)).volumes).toEqual({ v: 'a1' })
  expect(await node.exec(uid, ['cat', '/v/file'])).toBe('one')
  await node.runtime.updateVolumes({ uid, volumes: [files('b2', 'two', true)] })
  expect((await node.listing(uid)).volumes).toEqual({ v: 'b2' })
  expect(await node.exec(uid, ['cat', '/v/file'])).toBe('two')
  expect(await node.exec(uid, ['ls', '-A', '/v'])).toBe('..b2\n..data\nfile')
  expect(existsSync(join(node.root, 'pods', uid, 'volumes/v'))).toBe(false)
  await node.remove(uid)
})

test('a file of a volume is read, and nothing outside of it', async () => {
  const empty: VolumeRequest = { kind: 'emptyDir', name: 'v', medium: '' }
  const uid = node.newUid()
  await node.runtime.createPod(podRequest(uid, { volumes: [empty] }))
  const volume = join(node.root, 'pods', uid, 'volumes/v')
  mkdirSync(join(volume, 'sub'))
  writeFileSync(join(volume, 'sub/env'), "A='1'")
  symlinkSync('sub/env', join(volume, 'inner'))
  symlinkSync('/etc/passwd', join(volume, 'trap'))
  symlinkSync('/etc', join(volume, 'dir'))
  const read = (path: string) => node.runtime.readVolumeFile({ uid, volume: 'v', path })
  expect(await read('sub/env')).toBe("A='1'")
  expect(await read('inner')).toBe("A='1'")
  expect(await read('none')).toBeUndefined()
  expect(await read('none/deep')).toBeUndefined()
  expect(existsSync(join(volume, 'none'))).toBe(false)
  for (const path of ['trap', 'dir/passwd', '../../pod.json'])
    await expect(read(path), path).rejects.toThrow('leads out of the volume')
  await node.runtime.removePod(uid)
})

test('what empty directories and containers hold is told, holes in files not counted', async () => {
  const empty: VolumeRequest = { kind: 'emptyDir', name: 'v', medium: '' }
  const uid = node.newUid()
  await node.runtime.createPod(podRequest(uid, { volumes: [empty] }))
  const volume = join(node.root, 'pods', uid, 'volumes/v')
  writeFileSync(join(volume, 'full'), Buffer.alloc(2 ** 20, 1))
  writeFileSync(join(volume, 'hole'), '')
  truncateSync(join(volume, 'hole'), 2 ** 30)
  const written = join(node.root, 'pods', uid, 'containers/app/0/upper')
  mkdirSync(written, { recursive: true })
  writeFileSync(join(written, 'big'), Buffer.alloc(2 ** 20, 1))
  const parts = ['v', 'none', 'container/app', 'container/none']
  const { v = 0, 'container/app': app = 0, ...others } = await node.runtime.diskBytes(uid, parts)
  expect(app).toBeGreaterThanOrEqual(2 ** 20)
  expect(others).toEqual({})
  expect(v).toBeGreaterThanOrEqual(2 ** 20)
  expect(v).toBeLessThan(2 ** 21)
  await node.runtime.removePod(uid)
})

test('an image is a volume that can be read, and neither written to nor run', async () => {
  const image: VolumeRequest = {
    kind: 'image',
    name: 'v',
    pull: { image: 'busybox', policy: 'IfNotPresent', auths: [] },
    image: IMAGE,
  }
  const request: Partial<StartContainerRequest> = {
    mounts: [
      { volume: 'v', mountPath: '/v', readOnly: true, propagation: 'private', noExec: true },
      { volume: 'v', mountPath: '/e', subPath: 'etc', readOnly: true, propagation: 'private', noExec: true },
    ],
  }
  const script = '(/v/bin/busybox true) 2>&1; (touch /v/x) 2>&1; head -c 4 /e/passwd'
  const text = await node.output(['sh', '-c', script], request, { volumes: [image] })
  expect(text).toBe('sh: /v/bin/busybox: Permission denied\ntouch: /v/x: Read-only file system\nroot')
})

test('taking the root down leaves the data of claims, and nothing else', async () => {
  await using other = await TestNode.create()
  await other.start(['sleep', '600'], MOUNTED, { volumes: [CLAIM] })
  writeFileSync(join(other.root, 'claims/default/data/file'), 'data')
  await removeRoot({ transport: other.transport, root: other.root })
  expect(readdirSync(other.root)).toEqual(['claims'])
  expect(readFileSync(join(other.root, 'claims/default/data/file'), 'utf8')).toBe('data')
})
