import { expect, test } from 'vitest'
import { containerMounts, type MountParts } from '../../../engine/runtimes/oci/spec/mounts.ts'
import { ociSpec, type SpecParts } from '../../../engine/runtimes/oci/spec/spec.ts'
import { processUser } from '../../../engine/runtimes/oci/spec/user.ts'
import { SECURITY } from './support.ts'

const PARTS: SpecParts = {
  rootfs: '/b/rootfs',
  cgroup: '/g/c',
  namespaces: { net: '/r/net', ipc: '/r/ipc', uts: '/r/uts', pid: 'own', cgroup: false },
  hostname: 'web',
  args: ['x'],
  env: [],
  cwd: '/',
  user: { uid: 0, gid: 0, additionalGids: [] },
  capabilities: [],
  seccomp: undefined,
  mounts: [],
  devices: [],
}

test('a specification has users, kernel parameters, a terminal, a score, profiles and disks where they are asked for', () => {
  const blockIo = { weight: 200, readBps: 1, writeBps: 2, readIops: 3, writeIops: 4 }
  const spec = ociSpec(
    {
      security: SECURITY,
      resources: { cpuShares: 2, blockIo },
      mounts: [],
      sysctls: [['net.ipv4.tcp_syncookies', '1']],
      tty: true,
    },
    {
      ...PARTS,
      userNamespace: { path: '/r/user', hostId: 1_073_741_824, size: 65_536 },
      oomScoreAdj: 999,
      disk: { major: 8, minor: 16, weighs: true },
      cpus: '1,2',
      appArmorProfile: 'mine',
      seLinux: { process: 'p', mount: 'm' },
    },
  )
  const rate = (value: number) => [{ major: 8, minor: 16, rate: value }]
  expect(spec).toMatchObject({
    process: { terminal: true, oomScoreAdj: 999, apparmorProfile: 'mine', selinuxLabel: 'p' },
    linux: {
      mountLabel: 'm',
      sysctl: { 'net.ipv4.tcp_syncookies': '1' },
      uidMappings: [{ containerID: 0, hostID: 1_073_741_824, size: 65_536 }],
      gidMappings: [{ containerID: 0, hostID: 1_073_741_824, size: 65_536 }],
      resources: {
        cpu: { shares: 2, cpus: '1,2' },
        blockIO: {
          weight: 200,
          throttleReadBpsDevice: rate(1),
          throttleWriteBpsDevice: rate(2),
          throttleReadIOPSDevice: rate(3),
          throttleWriteIOPSDevice: rate(4),
        },
      },
    },
  })
  expect(spec).toHaveProperty('linux.namespaces.1', { type: 'user', path: '/r/user' })
})

test('a disk that cannot be limited is not, and one that is not weighed is limited still', () => {
  const wish = {
    security: SECURITY,
    resources: { cpuShares: 2, blockIo: { weight: 200, readBps: 1 } },
    mounts: [],
  }
  expect(ociSpec(wish, PARTS)).not.toHaveProperty('linux.resources.blockIO')
  const spec = ociSpec(wish, { ...PARTS, disk: { major: 8, minor: 0, weighs: false } })
  expect(spec).not.toHaveProperty('linux.resources.blockIO.weight')
  expect(spec).toHaveProperty('linux.resources.blockIO.throttleReadBpsDevice')
})

test('mounts go both ways only with a root that passes them on', () => {
  const mount = (propagation: 'private' | 'rslave' | 'rshared') => ({
    volume: 'v',
    mountPath: '/v',
    readOnly: false,
    propagation,
  })
  const root = (...mounts: ReturnType<typeof mount>[]) =>
    ociSpec({ security: SECURITY, resources: { cpuShares: 2 }, mounts }, PARTS)
  expect(root(mount('rslave'), mount('rshared'))).toHaveProperty('linux.rootfsPropagation', 'rshared')
  expect(root(mount('rslave'))).toHaveProperty('linux.rootfsPropagation', 'rslave')
  expect(root(mount('private'))).not.toHaveProperty('linux.rootfsPropagation')
})

const MOUNTS: MountParts = {
  privileged: false,
  readOnlyRootFilesystem: false,
  etc: { hosts: '/p/hosts', hostname: '/p/hostname', resolvConf: '/p/resolv.conf', locked: ['nodev'] },
  sharedMemory: undefined,
  terminationLog: { source: '/p/log', destination: '/dev/termination-log' },
  volumes: [],
  recursiveReadOnly: true,
}

test('a read-only volume is read-only to the ground where the kernel can; what is locked stays', () => {
  const request = { volume: 'v', mountPath: '/v', readOnly: true, propagation: 'private' } as const
  const options = (more: object, recursiveReadOnly = true) => {
    const volumes = [{ request: { ...request, ...more }, source: '/s', locked: ['nosuid'] }]
    const mounts = containerMounts({ ...MOUNTS, volumes, recursiveReadOnly })
    return mounts.find(({ destination }) => destination === '/v')?.options
  }
  expect(options({ recursiveReadOnly: 'IfPossible' })).toEqual(['rbind', 'rprivate', 'ro', 'rro', 'nosuid'])
  expect(options({ recursiveReadOnly: 'IfPossible' }, false)).toEqual(['rbind', 'rprivate', 'ro', 'nosuid'])
  expect(options({})).toEqual(['rbind', 'rprivate', 'ro', 'nosuid'])
  expect(options({ readOnly: false, recursiveReadOnly: 'Enabled' })).not.toContain('rro')
})

test('with lxcfs the files of /proc that tell of limits are its own', () => {
  const at = (lxcfs: string | undefined) =>
    containerMounts({ ...MOUNTS, lxcfs }).filter(({ source }) => source.startsWith('/l/'))
  expect(at('/l').map(({ destination, source }) => `${source} ${destination}`)).toContain(
    '/l/proc/meminfo /proc/meminfo',
  )
  expect(at('/l')).toHaveLength(7)
  expect(at(undefined)).toEqual([])
})

test('with a strict policy the groups of the image’s accounts do not count', () => {
  const accounts = { passwd: 'web:x:33:44::/:/bin/sh\n', group: 'extra:x:55:web\n' }
  const wish = { ...SECURITY, supplementalGroups: [9], strictGroups: true }
  expect(processUser(wish, 'web', accounts)).toEqual({ uid: 33, gid: 44, additionalGids: [9, 44] })
})
