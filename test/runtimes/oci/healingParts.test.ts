import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { podUid } from '../../../engine/api/names.ts'
import { parseLink } from '../../../engine/runtimes/oci/network/network.ts'
import { isFrozen, thawGroups } from '../../../engine/runtimes/oci/node/freezer.ts'
import { parseProcess } from '../../../engine/runtimes/oci/node/processes.ts'
import { podPaths, rootPaths } from '../../../engine/runtimes/oci/paths.ts'
import { examine } from '../../../engine/runtimes/oci/pods/damage.ts'
import { leftGroups } from '../../../engine/runtimes/oci/pods/groups.ts'
import {
  leaseHolder,
  leaseText,
  NO_STATE,
  type NodeState,
} from '../../../engine/runtimes/oci/pods/nodeState.ts'
import type { PodFiles } from '../../../engine/runtimes/oci/pods/podFiles.ts'
import type { Sandbox } from '../../../engine/runtimes/oci/pods/sandbox.ts'
import { bridgeBatch, gatewaysOf } from '../../../engine/runtimes/oci/upkeep/bridge.ts'
import { repairsOf } from '../../../engine/runtimes/oci/upkeep/repair.ts'
import { localTransport } from '../../../engine/transport/local.ts'

const UID = podUid('u-1')
const PATHS = await rootPaths(localTransport(), '/nonexistent/root')
const OWN = podPaths(PATHS, UID)

describe('the bridge', () => {
  const loose = [
    { name: 'veth1', bridgeMac: '02:00:00:00:00:01' },
    { name: 'veth2', bridgeMac: '02:00:00:00:00:01' },
  ]

  test('is made with the address that pods remember, and all of them are attached by one process', () => {
    expect(bridgeBatch('rc-1', ['10.0.0.1/16'], { isGone: true, hasNoRoute: true, loose })).toEqual({
      argv: ['ip', '-batch', '-'],
      stdin: [
        'link add name rc-1 address 02:00:00:00:00:01 type bridge',
        'link set dev rc-1 up',
        'address replace 10.0.0.1/16 brd + dev rc-1',
        'link set dev veth1 master rc-1',
        'link set dev veth1 type bridge_slave hairpin on',
        'link set dev veth1 up',
        'link set dev veth2 master rc-1',
        'link set dev veth2 type bridge_slave hairpin on',
        'link set dev veth2 up',
        '',
      ].join('\n'),
    })
    const both = ['10.0.0.1/16', 'fd00::1/64']
    expect(bridgeBatch('rc-1', both, { isGone: false, hasNoRoute: true, loose: [] }).stdin).toBe(
      'link set dev rc-1 up\naddress replace 10.0.0.1/16 brd + dev rc-1\naddress replace fd00::1/64 nodad dev rc-1\n',
    )
  })

  test('has the first address of each range', () => {
    expect(gatewaysOf('10.244.0.0/16')).toEqual(['10.244.0.1/16'])
    expect(gatewaysOf('10.1.2.128/25,fd00:244::/64')).toEqual(['10.1.2.129/25', 'fd00:244::1/64'])
  })

  test('and a pod’s link on it are what the plugin says it made', () => {
    const interfaces = [
      { name: 'rc-1', mac: '02:00:00:00:00:01' },
      { name: 'veth1', mac: '02:00:00:00:00:02' },
      { name: 'eth0', mac: '02:00:00:00:00:03', sandbox: '/x' },
    ]
    expect(parseLink(JSON.stringify({ interfaces }))).toEqual({
      name: 'veth1',
      bridgeMac: '02:00:00:00:00:01',
    })
    expect(parseLink('{}')).toBeUndefined()
  })
})

test('a process is read with its letter, also when its name is made to confuse', () => {
  const stat = (state: string) => `7 (a) Z 1 (b) ${state} 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 4242 1 2`
  expect(parseProcess(stat('T'))).toEqual({ ticks: '4242', state: 'T', parent: 1 })
  expect(parseProcess(stat('Z'))).toBeUndefined()
  expect(parseProcess('')).toBeUndefined()
})

test('a booking is the pod’s name on its first line', () => {
  expect(leaseHolder(leaseText(UID))).toBe(UID)
  expect(leaseHolder('')).toBe('')
})

describe('a process’s groups', () => {
  const group = '/reconcile-1/podu-1/main'

  test('of version 1 count where they limit something; of version 2 where there are no others', () => {
    const text = (memory: string, unified: string) =>
      `4:memory:${memory}\n2:cpu,cpuacct:${group}\n1:name=systemd:/\n0::${unified}\n`
    expect(leftGroups(text(group, '/'), group)).toEqual([])
    expect(leftGroups(text('/', group), group)).toEqual(['memory'])
    expect(leftGroups(`0::${group}\n`, group)).toEqual([])
    expect(leftGroups('0::/\n', group)).toEqual([''])
  })

  test('below the container’s own are its own business', () => {
    expect(leftGroups(`0::${group}/init.scope\n`, group)).toEqual([])
    expect(leftGroups(`0::/outer${group}\n`, group)).toEqual([])
    expect(leftGroups('0::/reconcile-1/podu-1/other\n', group)).toEqual([''])
  })
})

describe('what a pod lacks', () => {
  const sandbox: Sandbox = {
    bootId: 'boot',
    ip: '10.0.0.2',
    link: { name: 'veth1', bridgeMac: '02:00:00:00:00:01' },
    mounts: [`${OWN.volumes}/cache`, `${OWN.mounts}/share`, OWN.sharedMemory],
    hostname: 'web',
    hostNetwork: false,
    hostIPC: false,
    volumes: { cache: `${OWN.volumes}/cache`, share: `${OWN.mounts}/share`, host: '/srv' },
    sharedMemory: true,
  }
  const whole: NodeState = {
    ...NO_STATE,
    bootId: 'boot',
    mounted: new Set([OWN.pins.net, OWN.pins.ipc, OWN.pins.uts, ...(sandbox.mounts ?? [])]),
    links: new Set(['veth1']),
    leases: new Map([['10.0.0.2', UID]]),
    folders: new Map([
      [
        UID,
        {
          etc: new Set(['hosts', 'hostname', 'resolv.conf']),
          volumes: new Set(['cache']),
          runVolumes: new Set(),
        },
      ],
    ]),
  }
  const files: PodFiles = { uid: UID, disarmed: false, released: false, containers: new Map() }
  const without = (...paths: readonly string[]): NodeState => ({
    ...whole,
    mounted: new Set([...whole.mounted].filter((path) => !paths.includes(path))),
  })

  test('is nothing when all is there, also of a sandbox of an engine that wrote down less', () => {
    expect(examine(PATHS, files, sandbox, whole)).toEqual({ damage: [] })
    const { link: _, mounts: __, ...older } = sandbox
    expect(examine(PATHS, files, older, whole)).toEqual({ damage: [] })
  })

  test('is told all at once', () => {
    const state = { ...without(`${OWN.mounts}/share`), links: new Set<string>(), leases: new Map() }
    expect(
      examine(PATHS, { ...files, fromCopy: true }, sandbox, state).damage.map(({ kind }) => kind),
    ).toEqual(['record', 'link', 'lease', 'mount'])
  })

  test('is told of each address that is not booked for the pod', () => {
    const both = { ...sandbox, ip6: 'fd00::2' }
    expect(examine(PATHS, files, both, whole).damage).toEqual([
      { kind: 'lease', ip: 'fd00::2', holder: undefined },
    ])
  })

  test.each([
    ['lost its volume cache, which was in memory', without(`${OWN.volumes}/cache`)],
    ['lost its /dev/shm', without(OWN.sharedMemory)],
    ['lost its net namespace', without(OWN.pins.net)],
    ['was made before the node was restarted', { ...whole, bootId: 'other' }],
  ])('may be too much to be put right: it %s', (broken, state) => {
    expect(examine(PATHS, files, sandbox, state)).toEqual({ broken, damage: [] })
  })
})

test('what cannot be looked at is told with its reason, and is nobody’s end', async () => {
  const broken = new Error('EIO: i/o error, read')
  const [repair] = await repairsOf(async () => await Promise.reject(broken))
  expect(repair?.found).toBe('what all pods stand on cannot be looked at: EIO: i/o error, read')
  await expect(
    repairsOf(async () => await Promise.reject(broken), AbortSignal.abort(new Error('not wanted'))),
  ).rejects.toThrow('not wanted')
})

test('a group stands still by what either version says', () => {
  for (const text of ['FROZEN\n', 'FREEZING\n', 'populated 1\nfrozen 1\n']) expect(isFrozen(text)).toBe(true)
  for (const text of ['THAWED\n', 'populated 1\nfrozen 0\n', '']) expect(isFrozen(text)).toBe(false)
})

test('a group that goes while it is thawed, as its container has ended, is no failure; one that cannot be thawed is', async () => {
  const local = localTransport()
  const top = mkdtempSync(join(tmpdir(), 'reconcile-groups-'))
  const layout = { version: 'v2', hierarchies: [{ path: top, version: 2, controllers: [] }] } as const
  const make = (): string => {
    mkdirSync(join(top, 'pod'), { recursive: true })
    writeFileSync(join(top, 'pod', 'cgroup.freeze'), '1')
    return join(top, 'pod')
  }
  const goes: typeof local = {
    ...local,
    writeTree: async (path, entries) => {
      rmSync(path, { recursive: true })
      await local.writeTree(path, entries)
    },
  }
  const refuses: typeof local = { ...local, writeTree: () => Promise.reject(new Error('device busy')) }
  try {
    make()
    await thawGroups(goes, layout, ['/pod'])
    const group = make()
    await expect(thawGroups(refuses, layout, ['/pod'])).rejects.toThrow('device busy')
    await thawGroups(local, layout, ['/pod'])
    expect(readFileSync(join(group, 'cgroup.freeze'), 'utf8')).toBe('0')
  } finally {
    rmSync(top, { recursive: true })
  }
})
