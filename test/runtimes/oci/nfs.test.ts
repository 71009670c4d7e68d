import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { CreatePodRequest, StartContainerRequest } from '../../../engine/api/cri.ts'
import type { PodUid } from '../../../engine/api/names.ts'
import { podPaths, rootPaths } from '../../../engine/runtimes/oci/paths.ts'
import { mountNfs, nfsCommand, removeMountPoints } from '../../../engine/runtimes/oci/volumes/nfs.ts'
import { ownNode } from './ownNode.ts'
import { IMAGE, podRequest, SECURITY, type TestNode } from './support.ts'

let node: TestNode

ownNode((own) => {
  node = own
})

const SHARE = { server: 'nas', path: '/srv/data', readOnly: false, options: [] } as const
const MOUNTED: Partial<StartContainerRequest> = {
  mounts: [{ volume: 'v', mountPath: '/v', readOnly: false, propagation: 'private' }],
}

test.each([
  [{}, ['nas:/srv/data', '/m']],
  [{ readOnly: true }, ['-o', 'ro', 'nas:/srv/data', '/m']],
  [
    { readOnly: true, options: ['nfsvers=4.1', 'hard'] },
    ['-o', 'ro,nfsvers=4.1,hard', 'nas:/srv/data', '/m'],
  ],
  [{ server: 'fd00::1' }, ['[fd00::1]:/srv/data', '/m']],
])(
  'a folder of a server is mounted as the node does by default, but for what is asked: %o',
  (changes, end) => {
    expect(nfsCommand({ ...SHARE, ...changes }, '/m').argv).toEqual(['mount', '-t', 'nfs', ...end])
  },
)

test('a node without mount.nfs says which package has it', async () => {
  const without = { ...node.transport, stat: async () => undefined }
  const paths = podPaths(await rootPaths(node.transport, node.root), node.newUid())
  await expect(
    mountNfs(without, paths, { kind: 'nfs', name: 'v', ...SHARE }, new Set()),
  ).rejects.toMatchObject({
    reason: 'FailedMount',
    message: 'mount.nfs is missing on this node; on Debian: apt-get install nfs-common',
    certain: true,
  })
  expect(existsSync(paths.mounts)).toBe(false)
})

interface Shared {
  readonly uid: PodUid
  readonly mounts: string
  readonly server: string
}

/** A bind mount in the server's place: what is mounted below the pod is the same to all that comes after. */
async function shared(name: string, kept: string): Promise<Shared> {
  const uid = node.newUid()
  const { mounts } = podPaths(await rootPaths(node.transport, node.root), uid)
  const server = join(node.folder, name)
  mkdirSync(server)
  writeFileSync(join(server, 'file'), kept)
  mkdirSync(join(mounts, 'v'), { recursive: true })
  execFileSync('mount', ['--bind', server, join(mounts, 'v')])
  const volumes: CreatePodRequest['volumes'] = [{ kind: 'nfs', name: 'v', ...SHARE }]
  await node.runtime.createPod(podRequest(uid, { volumes }))
  return { uid, mounts, server }
}

test('it is unmounted when the pod is removed, and when it is released; the server’s files stay', async () => {
  for (const verb of ['removePod', 'releasePod'] as const) {
    const { mounts, server, uid } = await shared(verb, 'kept')
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).toContain(mounts)
    await node.runtime.disarm(uid)
    await node.runtime[verb](uid)
    expect(readFileSync('/proc/self/mountinfo', 'utf8')).not.toContain(mounts)
    expect(existsSync(mounts)).toBe(false)
    expect(readFileSync(join(server, 'file'), 'utf8')).toBe('kept')
  }
})

test('what lies where nothing is mounted is not deleted: nobody knows whose it is', async () => {
  const mounts = join(node.folder, 'mounts')
  mkdirSync(join(mounts, 'v'), { recursive: true })
  writeFileSync(join(mounts, 'v/file'), 'kept')
  await expect(removeMountPoints(node.transport, { mounts })).rejects.toMatchObject({
    message: expect.stringContaining(`${mounts}/v, ${mounts} is not empty, and nothing is mounted there`),
  })
  expect(readFileSync(join(mounts, 'v/file'), 'utf8')).toBe('kept')
})

test('a local volume is a folder that is there already, and is its group’s', async () => {
  const path = join(node.folder, 'disk')
  const volumes: CreatePodRequest['volumes'] = [{ kind: 'local', name: 'v', path }]
  await expect(node.runtime.createPod(podRequest(node.newUid(), { volumes }))).rejects.toMatchObject({
    reason: 'FailedMount',
    message: expect.stringContaining('does not exist'),
  })
  mkdirSync(path)
  writeFileSync(join(path, 'file'), 'there', { mode: 0o600 })
  const security = { ...SECURITY, runAsUser: 1234, supplementalGroups: [2000] }
  const script = ['sh', '-c', 'cat /v/file; stat -c %g /v']
  const output = await node.output(script, { ...MOUNTED, security, image: IMAGE }, { volumes, fsGroup: 2000 })
  expect(output).toBe('there2000')
})
