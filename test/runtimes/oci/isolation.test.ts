import { describe, expect, test } from 'vitest'
import { podUid } from '../../../engine/api/names.ts'
import { freeCpus } from '../../../engine/runtimes/oci/pods/allocations.ts'
import type { CgroupLayout } from '../../../engine/runtimes/oci/node/cgroups.ts'
import { confinementOf } from '../../../engine/runtimes/oci/containers/confinement.ts'
import {
  cpuNumbers,
  defaultProfile,
  featureWarnings,
  isSince,
  lxcfsOf,
  type NodeFeatures,
} from '../../../engine/runtimes/oci/node/features.ts'
import { hookAttachUsersCommand, hookFreezeCommand } from '../../../engine/runtimes/oci/hook/hookCommands.ts'
import { parseMountTable } from '../../../engine/runtimes/oci/node/mountTable.ts'
import { bandwidthCommand } from '../../../engine/runtimes/oci/network/network.ts'
import { cpuLimitWrite, podCgroupWrites, weightOf } from '../../../engine/runtimes/oci/pods/podCgroup.ts'
import { updateCpusCommand } from '../../../engine/runtimes/oci/runtimeCommands.ts'
import { freeUsers, mapIdsCommand } from '../../../engine/runtimes/oci/pods/users.ts'
import { SECURITY } from './support.ts'

const V1: CgroupLayout = {
  version: 'v1',
  hierarchies: [
    { path: '/c/cpu', version: 1, controllers: ['cpu', 'cpuacct'] },
    { path: '/c/memory', version: 1, controllers: ['memory'] },
    { path: '/c/pids', version: 1, controllers: ['pids'] },
  ],
}
const V2: CgroupLayout = { version: 'v2', hierarchies: [{ path: '/c', version: 2, controllers: [] }] }
const LIMITS = { cpuShares: 1024, cpuQuotaUs: 50_000, memoryLimitBytes: 1024 }

const written = (layout: CgroupLayout, wish: Parameters<typeof podCgroupWrites>[2]) =>
  podCgroupWrites(layout, '/r/pod1', wish).map(
    ({ directory, file, value }) => `${directory}/${file}=${value}`,
  )

describe('the group of a pod', () => {
  test('in v1 has each controller’s files in its own hierarchy; what is not limited is not written', () => {
    expect(written(V1, LIMITS)).toEqual([
      '/c/cpu/r/pod1/cpu.shares=1024',
      '/c/cpu/r/pod1/cpu.cfs_period_us=100000',
      '/c/cpu/r/pod1/cpu.cfs_quota_us=50000',
      '/c/memory/r/pod1/memory.limit_in_bytes=1024',
    ])
    expect(written(V1, { cpuShares: 2 })).toEqual(['/c/cpu/r/pod1/cpu.shares=2'])
    expect(written(V1, { cpuShares: 2, pidsMax: 64 }).at(-1)).toBe('/c/pids/r/pod1/pids.max=64')
  })
  test('leaves a container’s own time of processors to be limited once the container is made', () => {
    expect(cpuLimitWrite(V1, '/r/pod1/main', 50_000)).toEqual({
      file: '/c/cpu/r/pod1/main/cpu.cfs_quota_us',
      value: '50000',
    })
    expect(cpuLimitWrite(V2, '/r/pod1/main', 50_000)).toEqual({
      file: '/c/r/pod1/main/cpu.max',
      value: '50000 100000',
    })
    expect(cpuLimitWrite(V2, '/r/pod1/main', undefined)).toBeUndefined()
  })
  test('in v2 is handed its controllers down from the top first', () => {
    expect(written(V2, LIMITS)).toEqual([
      '/c/cgroup.subtree_control=+cpu +memory',
      '/c/r/cgroup.subtree_control=+cpu +memory',
      '/c/r/pod1/cpu.weight=39',
      '/c/r/pod1/cpu.max=50000 100000',
      '/c/r/pod1/memory.max=1024',
    ])
    expect(written(V2, { cpuShares: 2 }).slice(2)).toEqual([
      '/c/r/pod1/cpu.weight=1',
      '/c/r/pod1/cpu.max=max 100000',
      '/c/r/pod1/memory.max=max',
    ])
    const limited = written(V2, { cpuShares: 2, pidsMax: 64 })
    expect([limited[0], limited.at(-1)]).toEqual([
      '/c/cgroup.subtree_control=+cpu +memory +pids',
      '/c/r/pod1/pids.max=64',
    ])
  })
  test.each([
    [2, 1],
    [1024, 39],
    [262_144, 10_000],
  ])('%i shares are a weight of %i', (shares, weight) => {
    expect(weightOf(shares)).toBe(weight)
  })
})

describe('what is one pod’s alone', () => {
  test('users: ranges never meet, and the search goes round', () => {
    const first = freeUsers('00000000', new Set())
    expect(first).toBe(1 << 30)
    expect(freeUsers('00000000', new Set([1 << 30]))).toBe((1 << 30) + 65_536)
    const last = freeUsers('00003fff', new Set())
    expect(last).toBe(2 ** 31 - 65_536)
    expect(freeUsers('00003fff', new Set([last ?? 0]))).toBe(1 << 30)
    const all = new Set(Array.from({ length: 16_384 }, (_, index) => (1 << 30) + index * 65_536))
    expect(freeUsers('00000000', all)).toBeUndefined()
  })
  test('cpus: the first stays everybody’s, and nobody gets a part of what he asks for', () => {
    expect(freeCpus([0, 1, 2, 3], new Set(), { b: 2, a: 1 })).toEqual({ a: [1], b: [2, 3] })
    expect(freeCpus([0, 1, 2, 3], new Set([2]), { a: 3, b: 1 })).toEqual({ b: [1] })
    expect(freeCpus([0, 1], new Set([1]), { a: 1 })).toEqual({})
    expect(freeCpus([0], new Set(), { a: 1 })).toEqual({})
  })
  test('the others are told to the runtime as a list', () => {
    expect(updateCpusCommand({ path: '/runc', state: '/s' }, 'id', '0,2').argv).toEqual([
      ...['/runc', '--root', '/s', 'update', '--cpuset-cpus', '0,2', 'id'],
    ])
  })
})

describe('what a node can do', () => {
  test('cpus as the kernel lists them', () => {
    expect(cpuNumbers('0-2,5\n')).toEqual([0, 1, 2, 5])
    expect(cpuNumbers('')).toEqual([])
  })
  test.each([
    ['5.12.0', true],
    ['5.4.0-150-generic', false],
    ['6.1.0-9-amd64', true],
    ['4.19.0', false],
  ])('kernel %s is since 5.12: %s', (kernel, expected) => {
    expect(isSince(kernel, 5, 12)).toBe(expected)
  })
  test('of several lxcfs the one of the system’s service is taken', () => {
    const line = (path: string) => `30 24 0:6 / ${path} rw,nosuid - fuse.lxcfs lxcfs rw\n`
    expect(lxcfsOf(parseMountTable(line('/a') + line('/var/lib/lxcfs')))).toBe('/var/lib/lxcfs')
    expect(lxcfsOf(parseMountTable(line('/a')))).toBe('/a')
    expect(lxcfsOf(parseMountTable('30 24 0:6 / /a rw - tmpfs a rw\n'))).toBeUndefined()
  })
  test('a loaded profile that stands for the default one', () => {
    expect(defaultProfile('firefox (enforce)\ndocker-default (enforce)\n')).toBe('docker-default')
    expect(defaultProfile('containers-default-0.57.4 (enforce)\n')).toBe('containers-default-0.57.4')
    expect(defaultProfile('firefox (enforce)\n')).toBeUndefined()
  })
  test('what a node cannot do it says, a sentence each', () => {
    const all = { ...FEATURES, lxcfs: '/var/lib/lxcfs' }
    expect(featureWarnings(all)).toEqual([])
    const said = (less: Partial<NodeFeatures>) => featureWarnings({ ...all, ...less })
    expect(said({ oomScoreAdjMin: 0 })).toEqual([expect.stringContaining('below 0')])
    expect(said({ lxcfs: undefined })).toEqual([expect.stringContaining('lxcfs is not mounted')])
    expect(said({ idMapper: undefined })).toEqual([expect.stringContaining('hostUsers')])
    expect(said({ disk: undefined })).toEqual([expect.stringContaining('no single disk')])
    expect(said({ disk: { major: 8, minor: 0, weighs: false } })).toEqual([
      expect.stringContaining('blkio-weight'),
    ])
  })
})

const FEATURES: NodeFeatures = {
  oomScoreAdjMin: -1000,
  appArmor: false,
  appArmorDefault: undefined,
  seLinux: false,
  lxcfs: undefined,
  disk: { major: 8, minor: 0, weighs: true },
  mountAttributes: true,
  idMapper: '/usr/bin/perl',
  cpus: [0, 1],
}

const confined = (
  more: Partial<Parameters<typeof confinementOf>[0]['security']>,
  features: Partial<NodeFeatures> = {},
  oomScoreAdj = -997,
) =>
  confinementOf(
    { container: 'app', security: { ...SECURITY, ...more }, resources: { cpuShares: 2, oomScoreAdj } },
    { ...FEATURES, ...features },
    {},
    '/pin',
  )

describe('profiles and labels', () => {
  test('a score is no lower than the engine may set', () => {
    expect(confined({}, { oomScoreAdjMin: 0 })).toMatchObject({ oomScoreAdj: 0 })
    expect(confined({}, { oomScoreAdjMin: 0 }, 999)).toMatchObject({ oomScoreAdj: 999 })
  })
  test.each([
    ['nothing asked', undefined, {}, undefined],
    ['the default without AppArmor', 'RuntimeDefault' as const, {}, undefined],
    [
      'the default with one',
      'RuntimeDefault' as const,
      { appArmor: true, appArmorDefault: 'docker-default' },
      'docker-default',
    ],
    ['its own', { localhostProfile: 'mine' }, { appArmor: true }, 'mine'],
    ['none', 'Unconfined' as const, { appArmor: true }, undefined],
  ])('AppArmor: %s', (_, appArmor, features, expected) => {
    const found = confined(appArmor === undefined ? {} : { appArmor }, features)
    expect(typeof found === 'string' ? found : found.appArmorProfile).toBe(expected)
  })
  test('a profile that cannot be enforced keeps the container from running', () => {
    expect(confined({ appArmor: { localhostProfile: 'mine' } })).toBe(
      'Cannot enforce AppArmor: AppArmor is not enabled on the host',
    )
    expect(confined({ appArmor: 'RuntimeDefault' }, { appArmor: true })).toContain(
      'no default AppArmor profile',
    )
  })
  test('SELinux labels are written where the kernel has SELinux', () => {
    expect(confined({ seLinux: { level: 's0:c1,c2' } }, { seLinux: true })).toMatchObject({
      seLinux: {
        process: 'system_u:system_r:container_t:s0:c1,c2',
        mount: 'system_u:object_r:container_file_t:s0:c1,c2',
      },
    })
    expect(confined({ seLinux: { level: 's0' } })).not.toHaveProperty('seLinux')
  })
})

test('bandwidth is limited by the plugin, each way that is asked for', () => {
  const parts = {
    plugins: '/usr/lib/cni',
    podCIDR: '10.244.0.0/16',
    paths: { bridge: 'rc-0', table: 'reconcile-0', addresses: '/a' },
  }
  const attachment = { uid: podUid('u-1'), netns: '/r/net' }
  const command = bandwidthCommand('ADD', parts, attachment, { ingressBits: 1000 }, { ips: [] })
  expect(command.argv).toEqual(['/usr/lib/cni/bandwidth'])
  expect(command.env).toMatchObject({ CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'u-1', CNI_NETNS: '/r/net' })
  expect(JSON.parse(String(command.stdin))).toEqual({
    cniVersion: '0.4.0',
    name: 'reconcile-0',
    type: 'bandwidth',
    capabilities: { bandwidth: true },
    runtimeConfig: { bandwidth: { ingressRate: 1000, ingressBurst: 2_147_483_647 } },
    prevResult: { ips: [] },
  })
  const gone = bandwidthCommand('DEL', parts, attachment, { egressBits: 2000 }, undefined)
  expect(JSON.parse(String(gone.stdin))).toMatchObject({
    runtimeConfig: { bandwidth: { egressRate: 2000, egressBurst: 2_147_483_647 } },
  })
})

test('the hook’s verbs for users of a pod’s own, and for standing still', () => {
  const users = { first: 1_073_741_824, count: 65_536 }
  expect(
    hookAttachUsersCommand('/h.sh', '/r', undefined, users, ['--user=/r/user', '--net=/r/net']).argv,
  ).toEqual([
    ...[
      '/bin/sh',
      '/h.sh',
      'attach-users',
      '/r',
      '',
      '1073741824',
      '65536',
      '--user=/r/user',
      '--net=/r/net',
    ],
  ])
  expect(hookFreezeCommand('/h.sh', 'freeze', { directory: '/p', run: '/r' }).argv).toEqual([
    ...['/bin/sh', '/h.sh', 'freeze', '/p', '/r'],
  ])
})

test('all that is shown to such users is mapped in one go', () => {
  const { argv } = mapIdsCommand('/usr/bin/perl', '/r/user', [
    { source: '/l/1', target: '/m/0' },
    { source: '/v', target: '/m/1' },
  ])
  expect(argv.slice(0, 2)).toEqual(['/usr/bin/perl', '-e'])
  expect(argv.slice(3)).toEqual(['/r/user', '/l/1', '/m/0', '/v', '/m/1'])
})
