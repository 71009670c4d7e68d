import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { eventually, World } from '../support/engine.ts'
import {
  containerOf,
  engineAtWork,
  files,
  logs,
  NEVER_READY,
  pod,
  scriptPod,
  sh,
  untilPod,
} from '../support/pods.ts'
import { rootIdOf } from '../support/machine.ts'
import {
  differsIn,
  isRefused,
  lacksPrivileges,
  possible,
  RUNTIME,
  WAITS_FOR_PRIVILEGES,
} from '../support/runtimes.ts'
import { type Registry, startRegistry } from '../support/registry.ts'

let registry: Registry
let world: World
let shared: string

const LIMITS = `cd /sys/fs/cgroup; if [ -e cpu.max ]; then cat cpu.max memory.max; else cat cpu/cpu.cfs_quota_us memory/memory.limit_in_bytes; fi`
const NET = 'net.ipv4.ip_unprivileged_port_start'

/** The engine's own user for root; the pod's files are its own. */
const OWN_USERS = `cat /proc/self/uid_map; stat -c %u /etc/hostname /bin/sh /config/key; touch /tmp/x && stat -c %u /tmp/x
ls /proc/acpi >/dev/null 2>&1; cat /proc/keys >/dev/null 2>&1 && echo unmasked; su nobody -s /bin/sh -c id 2>/dev/null || true`

/** procps' free with the node's own libraries. */
const NODE_FREE =
  'cd /node; $(ls lib64/ld-linux* lib/*/ld-linux* | head -n 1) --library-path $(ls -d lib/*-linux-gnu* | head -n 1) bin/free -m'

const OWN_USERS_PODS = [
  scriptPod(
    'own-users',
    OWN_USERS,
    {
      securityContext: { procMount: 'Unmasked' },
      volumeMounts: [{ name: 'config', mountPath: '/config' }],
    },
    { hostUsers: false, volumes: [{ name: 'config', configMap: { name: 'config' } }] },
  ),
  pod('own-users-shared', {
    hostUsers: false,
    shareProcessNamespace: true,
    containers: [
      sh('echo here >/dev/shm/note; exec sleep 3600'),
      sh('until cat /dev/shm/note; do sleep 0.1; done; exec sleep 3600', { name: 'other' }),
    ],
  }),
] as const

function readOnlyPod() {
  return scriptPod(
    'read-only',
    'touch /v/x 2>&1; touch /v/below/x 2>&1; true',
    { volumeMounts: [{ name: 'v', mountPath: '/v', readOnly: true, recursiveReadOnly: 'Enabled' }] },
    { volumes: [{ name: 'v', hostPath: { path: shared } }] },
  )
}

function bothWaysPod() {
  return scriptPod(
    'both-ways',
    'mkdir -p /v/inside && mount -t tmpfs inside /v/inside && touch /v/inside/made; exec sleep 3600',
    {
      securityContext: { privileged: true },
      volumeMounts: [{ name: 'v', mountPath: '/v', mountPropagation: 'Bidirectional' }],
    },
    { volumes: [{ name: 'v', hostPath: { path: shared } }] },
  )
}

beforeAll(async () => {
  registry = await startRegistry()
  world = await World.create({ registry: registry.url })
  shared = mkdtempSync(join(tmpdir(), 'reconcile-shared-'))
  execFileSync('mount', ['-t', 'tmpfs', 'shared', shared])
  execFileSync('mount', ['--make-shared', shared])
  mkdirSync(join(shared, 'below'))
  execFileSync('mount', ['-t', 'tmpfs', 'below', join(shared, 'below')])
  const volumes = [{ name: 'v', hostPath: { path: shared } }]
  const mounted = (more: object) => [{ name: 'v', mountPath: '/v', ...more }]
  await world.commit(
    files(
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'config' }, data: { key: 'value' } },
      scriptPod(
        'pod-limits',
        `${LIMITS}; exec sleep 3600`,
        {},
        { resources: { limits: { cpu: '500m', memory: '64Mi' } } },
      ),
      scriptPod(
        'parameters',
        `cat /proc/sys/${NET.replaceAll('.', '/')}`,
        {},
        {
          securityContext: { sysctls: [{ name: NET, value: '80' }] },
        },
      ),
      ...possible(...OWN_USERS_PODS, readOnlyPod()),
      ...(lacksPrivileges() ? [] : [bothWaysPod()]),
      scriptPod(
        'one-way',
        'until [ -e /v/late/made ]; do sleep 0.1; done; echo seen',
        { volumeMounts: mounted({ mountPropagation: 'HostToContainer' }) },
        { volumes },
      ),
      scriptPod('stands', 'n=0; while :; do n=$((n+1)); echo $n; sleep 0.1; done', {
        livenessProbe: {
          exec: { command: ['true'] },
          periodSeconds: 1,
          // A podman of its own for each look takes longer where the machine is busy.
          timeoutSeconds: RUNTIME === 'podman' ? 10 : 1,
          failureThreshold: 1,
        },
      }),
      scriptPod('no-profile', 'true', {
        securityContext: { appArmorProfile: { type: 'RuntimeDefault' }, seLinuxOptions: { level: 's0' } },
      }),
    ),
  )
  const late = eventually(
    () => world.run('status'),
    ({ stdout }) => /one-way\s+1\/1\s+Running/.test(stdout),
  ).then(() => {
    mkdirSync(join(shared, 'late'))
    execFileSync('mount', ['-t', 'tmpfs', 'late', join(shared, 'late')])
    execFileSync('touch', [join(shared, 'late', 'made')])
  })
  const run = await world.once('--timeout', '90s')
  await late
  if (run.exitCode !== 0) throw new Error(run.stderr)
})

afterAll(async () => {
  try {
    await world?.[Symbol.asyncDispose]()
  } finally {
    if (shared !== undefined) execFileSync('umount', ['--recursive', shared])
    if (shared !== undefined) rmSync(shared, { recursive: true, force: true })
    await registry?.[Symbol.asyncDispose]()
  }
})

describe('what a pod may use', () => {
  test('the limit of a whole pod holds for a container that has none', async () => {
    const { uid } = (await world.pod('pod-limits')).metadata
    const cgroups = '/sys/fs/cgroup'
    const v2 = existsSync(join(cgroups, 'cgroup.controllers'))
    const rootId = rootIdOf(world.root)
    const group = join(v2 ? cgroups : join(cgroups, 'memory'), `reconcile-${rootId}`, `pod${uid}`)
    expect(readFileSync(join(group, v2 ? 'memory.max' : 'memory.limit_in_bytes'), 'utf8').trim()).toBe(
      '67108864',
    )
    // Its own group is not limited: the one above it is, and lies outside of what it sees.
    expect(await logs(world, 'pod-limits')).not.toContain('67108864')
  })
  test('kernel parameters are its own', async () => {
    expect(await logs(world, 'parameters')).toBe('80')
    expect(readFileSync(`/proc/sys/${NET.replaceAll('.', '/')}`, 'utf8').trim()).not.toBe('80')
  })
  test('an AppArmor profile by default is none where the kernel knows none', async () => {
    expect((await world.pod('no-profile')).status.phase).toBe('Succeeded')
  })
})

describe('users of a pod’s own', () => {
  test('files of the pod, the image and its volumes belong to its root, who is nobody outside', async () => {
    if (await isRefused(world, OWN_USERS_PODS[0])) return
    const [map = '', ...rest] = (await logs(world, 'own-users')).split('\n')
    expect(Number(map.trim().split(/\s+/)[1])).toBeGreaterThan(1_000_000_000)
    expect(rest.slice(0, 5)).toEqual(['0', '0', '0', '0', 'unmasked'])
  })
  test('containers of such a pod share memory and processes, and commands run in them', async () => {
    if (await isRefused(world, OWN_USERS_PODS[1])) return
    expect(await logs(world, 'own-users-shared', 'other')).toBe('here')
    const seen = await world.exec('own-users-shared', 'sh', '-c', 'grep -l sleep /proc/[0-9]*/comm | wc -l')
    expect(Number(seen)).toBeGreaterThanOrEqual(2)
  })
})

describe('mounts', () => {
  test('what a container mounts on a volume that goes both ways is on the node', async () => {
    if (lacksPrivileges()) {
      await using other = await World.create({ registry: registry.url })
      await other.commit(files(bothWaysPod(), NEVER_READY))
      await using _engine = await engineAtWork(other)
      await untilPod(
        other,
        'both-ways',
        (shown) => containerOf(shown).state['waiting']?.['message'] !== undefined,
      )
      expect(containerOf(await other.pod('both-ways')).state['waiting']).toMatchObject(WAITS_FOR_PRIVILEGES)
      return
    }
    await eventually(
      async () => existsSync(join(shared, 'inside', 'made')),
      (made) => made,
    )
  })
  test('what the node mounts later is in the container', async () => {
    expect(await logs(world, 'one-way')).toBe('seen')
  })
  test('a volume is read-only to the ground', async () => {
    if (await isRefused(world, readOnlyPod())) return
    expect((await logs(world, 'read-only')).match(/Read-only file system/g)).toHaveLength(2)
  })
})

describe('a frozen pod', () => {
  const lines = async () => (await logs(world, 'stands')).split('\n').length
  test('stands still until it is thawed, whatever its probes would say, and is thawed to be deleted', async () => {
    expect((await world.run('freeze', 'stands')).exitCode).toBe(0)
    const before = await lines()
    const { stdout } = await world.run('status')
    expect(stdout).toMatch(/stands\s+1\/1\s+Frozen/)
    const once = await world.once('--timeout', '30s')
    expect(once.exitCode).toBe(1)
    expect(once.stderr + once.stdout).toContain('reconcile thaw stands')
    expect(await lines()).toBe(before)
    expect((await world.run('thaw', 'stands')).exitCode).toBe(0)
    await eventually(lines, (count) => count > before)
    const shown = await untilPod(world, 'stands', ({ status }) => status.phase === 'Running')
    expect(shown.status.containerStatuses?.[0]?.restartCount).toBe(0)
    await world.run('freeze', 'stands')
  })
})

describe('limits as the container sees them', () => {
  test('with lxcfs, free in a pod limited to 64Mi says 64Mi; without it a restart still works', async () => {
    if (differsIn('spec.containers[].resources.limits')) {
      const seen = await world.exec('pod-limits', 'grep', 'MemTotal', '/proc/meminfo')
      expect(Number(/\d+/.exec(seen)?.[0])).toBeGreaterThan(65_536)
      return
    }
    await using own = await lxcfsInItsOwnMounts()
    await using other = await World.create({
      registry: registry.url,
      within: ['nsenter', `--mount=/proc/${own.holder}/ns/mnt`],
    })
    const volumes = [{ name: 'usr', hostPath: { path: '/usr' } }]
    const volumeMounts = [{ name: 'usr', mountPath: '/node', readOnly: true }]
    const resources = { limits: { memory: '64Mi', cpu: '1' } }
    const spec = { restartPolicy: 'Always', volumes }
    await other.commit(
      files(
        scriptPod(
          'small',
          "trap 'exit 1' TERM; while :; do sleep 0.1; done",
          { resources, volumeMounts },
          spec,
        ),
        scriptPod(
          'small-own-users',
          'grep MemTotal /proc/meminfo; exec sleep 3600',
          { resources },
          { hostUsers: false },
        ),
      ),
    )
    const run = await other.once('--timeout', '60s')
    expect(run.stderr + run.stdout).not.toContain('error')
    expect(run.exitCode).toBe(0)
    expect(await other.exec('small', 'grep', 'MemTotal', '/proc/meminfo')).toMatch(/ 65536 kB$/)
    expect(await logs(other, 'small-own-users')).toMatch(/ 65536 kB$/)
    // That of busybox asks the kernel past /proc; the node's own is the one that people have in their images.
    expect(await other.exec('small', 'sh', '-c', NODE_FREE)).toMatch(/^Mem: +64 /m)
    expect(await other.exec('small', 'sh', '-c', 'grep -c ^processor /proc/cpuinfo')).toBe('1')
    await own.end()
    // What is mounted leads nowhere now; the next run of the container sees the node's own.
    expect((await other.run('exec', 'small', '--', 'cat', '/proc/meminfo')).stderr).toMatch(/not connected/)
    await other.run('exec', 'small', '--', 'kill', '-TERM', '1')
    await untilPod(other, 'small', ({ status }) => status.containerStatuses?.[0]?.restartCount === 1)
    const total = () => other.run('exec', 'small', '--', 'grep', 'MemTotal', '/proc/meminfo')
    const told = await eventually(total, ({ exitCode }) => exitCode === 0)
    expect(Number(/\d+/.exec(told.stdout)?.[0])).toBeGreaterThan(65_536)
  })
})

/** Nothing else on the machine sees it. */
async function lxcfsInItsOwnMounts() {
  const folder = mkdtempSync(join(tmpdir(), 'reconcile-lxcfs-'))
  const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sleep', '600'], {
    stdio: 'ignore',
  })
  await eventually(
    async () => execFileSync('readlink', [`/proc/${holder.pid}/ns/mnt`], { encoding: 'utf8' }),
    (name) => name !== execFileSync('readlink', ['/proc/self/ns/mnt'], { encoding: 'utf8' }),
  )
  const inside = [`--mount=/proc/${holder.pid}/ns/mnt`]
  mkdirSync(join(folder, 'fs'))
  const lxcfs = spawn('nsenter', [...inside, 'lxcfs', '-f', '-p', join(folder, 'pid'), join(folder, 'fs')], {
    stdio: 'ignore',
  })
  const end = async () => {
    if (lxcfs.exitCode === null && lxcfs.signalCode === null) {
      const ended = new Promise((resolve) => lxcfs.once('exit', resolve))
      lxcfs.kill('SIGTERM')
      await ended
    }
  }
  await eventually(
    async () => readFileSync(`/proc/${holder.pid}/mountinfo`, 'utf8'),
    (text) => text.includes('fuse.lxcfs'),
  )
  return {
    holder: holder.pid,
    end,
    async [Symbol.asyncDispose]() {
      await end()
      holder.kill('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
