import { expect, test } from 'vitest'
import { capabilitiesFor, parseBoundingSet } from '../../../engine/runtimes/oci/spec/capabilities.ts'
import { containerMounts } from '../../../engine/runtimes/oci/spec/mounts.ts'
import { processArgs, processEnvironment } from '../../../engine/runtimes/oci/spec/processArgs.ts'
import { linuxSeccomp, parseSeccompProfile } from '../../../engine/runtimes/oci/spec/seccomp.ts'
import { ociSpec } from '../../../engine/runtimes/oci/spec/spec.ts'
import { processUser } from '../../../engine/runtimes/oci/spec/user.ts'
import { SECURITY } from './support.ts'

const IMAGE = {
  entrypoint: ['/entry'],
  cmd: ['a', 'b'],
  env: ['PATH=/image', 'X=1'],
  workingDir: '',
  user: '',
  stopSignal: '',
  volumes: [],
}

test('command replaces entrypoint and cmd, args replace cmd alone', () => {
  expect(processArgs({ command: [], args: [] }, IMAGE)).toEqual(['/entry', 'a', 'b'])
  expect(processArgs({ command: [], args: ['c'] }, IMAGE)).toEqual(['/entry', 'c'])
  expect(processArgs({ command: ['x'], args: [] }, IMAGE)).toEqual(['x'])
  expect(processArgs({ command: ['x'], args: ['y'] }, IMAGE)).toEqual(['x', 'y'])
})

test('of two values for one name the manifest’s counts', () => {
  expect(
    processEnvironment(IMAGE, 'web', [
      ['X', '2'],
      ['Y', 'a=b'],
    ]),
  ).toEqual(['PATH=/image', 'HOSTNAME=web', 'X=2', 'Y=a=b'])
})

const ALL = parseBoundingSet('CapBnd:\t000001ffffffffff\n')

test('capabilities: the default, ALL and names, and what the engine lacks itself', () => {
  const names = (wish: object, available = ALL) => capabilitiesFor({ ...SECURITY, ...wish }, available)
  expect(names({})).toMatchObject({ names: expect.arrayContaining(['CAP_CHOWN', 'CAP_NET_RAW']) })
  expect(names({ dropCapabilities: ['ALL'] })).toEqual({ kind: 'capabilities', names: [] })
  expect(names({ dropCapabilities: ['ALL'], addCapabilities: ['net_admin'] })).toMatchObject({
    names: ['CAP_NET_ADMIN'],
  })
  const everything = names({ addCapabilities: ['ALL'], dropCapabilities: ['SYS_ADMIN'] })
  expect(everything.names).toHaveLength(40)
  expect(everything.names).not.toContain('CAP_SYS_ADMIN')
  const lesser = parseBoundingSet('CapBnd:\t000001fffeffffff\n')
  expect(names({ privileged: true }, lesser).names).not.toContain('CAP_SYS_RESOURCE')
  expect(names({ addCapabilities: ['SYS_RESOURCE'] }, lesser)).toEqual({
    kind: 'unavailable',
    names: ['CAP_SYS_RESOURCE'],
  })
})

const ACCOUNTS = {
  passwd: 'root:x:0:0::/:/bin/sh\nweb:x:33:44::/:/bin/sh\n',
  group: 'root:x:0:\nwww:x:44:\nextra:x:55:web,other\n',
}

test.each([
  ['nothing said', {}, '', { uid: 0, gid: 0, additionalGids: [0] }],
  ['a name', {}, 'web', { uid: 33, gid: 44, additionalGids: [44, 55] }],
  ['a number with an account', {}, '33', { uid: 33, gid: 44, additionalGids: [44, 55] }],
  ['a number without', {}, '1000', { uid: 1000, gid: 0, additionalGids: [0] }],
  ['name and group', {}, 'web:extra', { uid: 33, gid: 55, additionalGids: [55] }],
  ['the manifest’s user', { runAsUser: 33 }, 'root:extra', { uid: 33, gid: 44, additionalGids: [44, 55] }],
  ['the manifest’s group', { runAsGroup: 7 }, 'web', { uid: 33, gid: 7, additionalGids: [7, 55] }],
  ['supplementary groups', { supplementalGroups: [9] }, '', { uid: 0, gid: 0, additionalGids: [0, 9] }],
])('user: %s', (_, wish, image, expected) => {
  expect(processUser({ ...SECURITY, ...wish }, image, ACCOUNTS)).toEqual(expected)
})

test.each([
  ['an unknown name', {}, 'nobody', 'user "nobody" is not in the image\'s /etc/passwd'],
  ['an unknown group', {}, 'web:none', 'group "none" is not in the image\'s /etc/group'],
  ['root', { runAsNonRoot: true }, '', 'container has runAsNonRoot and image will run as root'],
  [
    'a name that might be root',
    { runAsNonRoot: true },
    'web',
    'container has runAsNonRoot and image has non-numeric user (web), cannot verify user is non-root',
  ],
  [
    'root by number',
    { runAsNonRoot: true, runAsUser: 0 },
    '',
    "container's runAsUser breaks non-root policy",
  ],
])('user refused: %s', (_, wish, image, message) => {
  expect(processUser({ ...SECURITY, ...wish }, image, ACCOUNTS)).toEqual({ kind: 'problem', message })
})

const PROFILE = JSON.stringify({
  defaultAction: 'SCMP_ACT_ERRNO',
  defaultErrnoRet: 38,
  archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86', 'SCMP_ARCH_X32'] }],
  syscalls: [
    { names: ['read'], action: 'SCMP_ACT_ALLOW', args: null, includes: {}, excludes: {} },
    { names: ['mount'], action: 'SCMP_ACT_ALLOW', args: [], includes: { caps: ['CAP_SYS_ADMIN'] } },
    { names: ['mount'], action: 'SCMP_ACT_ERRNO', errnoRet: 1, excludes: { caps: ['CAP_SYS_ADMIN'] } },
    { names: ['breakpoint'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['arm64'] } },
    { names: ['ptrace'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '4.8' } },
  ],
})

test('the seccomp profile is resolved for capabilities, architecture and kernel', () => {
  const profile = parseSeccompProfile(PROFILE)
  if (profile === undefined) throw new Error('not read')
  expect(linuxSeccomp(profile, [], { machine: 'x86_64', kernel: '6.1.0-9-amd64' })).toEqual({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    architectures: ['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86'],
    syscalls: [
      { names: ['read'], action: 'SCMP_ACT_ALLOW' },
      { names: ['mount'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 },
      { names: ['ptrace'], action: 'SCMP_ACT_ALLOW' },
    ],
  })
  const other = linuxSeccomp(profile, ['CAP_SYS_ADMIN'], { machine: 'aarch64', kernel: '4.4.0' })
  expect(other).toMatchObject({
    architectures: ['SCMP_ARCH_AARCH64'],
    syscalls: [
      { names: ['read'] },
      { names: ['mount'], action: 'SCMP_ACT_ALLOW' },
      { names: ['breakpoint'] },
    ],
  })
  expect(parseSeccompProfile('{}')).toBeUndefined()
})

const MOUNT_PARTS = {
  privileged: false,
  readOnlyRootFilesystem: true,
  etc: { hosts: '/p/hosts', hostname: '/p/hostname', resolvConf: '/p/resolv.conf' },
  sharedMemory: undefined,
  terminationLog: { source: '/p/log', destination: '/dev/termination-log' },
  volumes: [],
  recursiveReadOnly: true,
}

test('mounts: parents first, and the manifest’s word before ours', () => {
  const volume = (mountPath: string, readOnly: boolean, propagation: 'private' | 'rslave' = 'private') => ({
    request: { volume: 'v', mountPath, readOnly, propagation },
    source: `/v${mountPath}`,
  })
  const volumes = [volume('/a/b', true), volume('/a', false, 'rslave'), volume('/etc/hosts', false)]
  const mounts = containerMounts({ ...MOUNT_PARTS, volumes })
  const at = (path: string) => mounts.filter(({ destination }) => destination === path)
  expect(at('/etc/hosts').map(({ source }) => source)).toEqual(['/v/etc/hosts'])
  expect(at('/etc/hostname')[0]?.options).toContain('ro')
  expect(at('/a')[0]?.options).toEqual(['rbind', 'rslave', 'rw'])
  expect(at('/a/b')[0]?.options).toEqual(['rbind', 'rprivate', 'ro'])
  const order = mounts.map(({ destination }) => destination)
  expect(order.indexOf('/a')).toBeLessThan(order.indexOf('/a/b'))
  expect(order.indexOf('/dev')).toBeLessThan(order.indexOf('/dev/termination-log'))
})

test('a specification joins the pod’s namespaces and makes the rest anew', () => {
  const spec = ociSpec(
    { security: SECURITY, resources: { cpuShares: 2, memoryLimitBytes: 1024 }, mounts: [] },
    {
      rootfs: '/b/rootfs',
      cgroup: '/g/c',
      namespaces: { net: '/r/net', ipc: undefined, uts: '/r/uts', pid: 'own', cgroup: false },
      hostname: 'web',
      args: ['x'],
      env: [],
      cwd: '/',
      user: { uid: 0, gid: 0, additionalGids: [] },
      capabilities: ['CAP_KILL'],
      seccomp: undefined,
      mounts: [],
      devices: [],
    },
  )
  expect(spec).toMatchObject({
    process: { noNewPrivileges: false, capabilities: { bounding: ['CAP_KILL'] } },
    linux: {
      cgroupsPath: '/g/c',
      namespaces: [
        { type: 'mount' },
        { type: 'network', path: '/r/net' },
        { type: 'uts', path: '/r/uts' },
        { type: 'pid' },
      ],
      resources: { memory: { limit: 1024 }, cpu: { shares: 2 }, devices: [{ allow: false, access: 'rwm' }] },
      readonlyPaths: expect.arrayContaining(['/proc/sys']),
    },
  })
  // Never more than the process has: limits are inherited.
  expect(JSON.stringify(spec)).not.toMatch(/rlimits|oomScoreAdj/)
})
