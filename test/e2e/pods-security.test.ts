import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { containerOf, files, logs, pod, scriptPod, sh } from '../support/pods.ts'
import type { Registry } from '../support/registry.ts'
import { lacksPrivileges, WAITS_FOR_PRIVILEGES } from '../support/runtimes.ts'

let registry: Registry
let world: World

const STATUS = 'id; cat /proc/self/status'

/** One container that tells who and what it is. */
function confined(
  name: string,
  securityContext: unknown,
  spec: Readonly<Record<string, unknown>> = {},
  script = STATUS,
) {
  return scriptPod(name, script, { securityContext }, spec)
}

const image = (name: string, more: Readonly<Record<string, unknown>>) =>
  pod(name, {
    containers: [{ name: 'main', image: 'reconcile/user:latest', command: ['sh', '-c', STATUS], ...more }],
  })

const NO_MKDIR = JSON.stringify({
  defaultAction: 'SCMP_ACT_ALLOW',
  syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 1 }],
})

const UNSHARE =
  'grep Seccomp: /proc/self/status; unshare -U true 2>&1 && echo unshared; mkdir /tmp/made 2>&1 && echo made'

const CGROUP = `cd /sys/fs/cgroup
if [ -e cpu.max ]; then echo "v2 $(cat cpu.weight) $(cat cpu.max) $(cat memory.max)"
else echo "v1 $(cat cpu/cpu.shares) $(cat cpu/cpu.cfs_quota_us) $(cat cpu/cpu.cfs_period_us) $(cat memory/memory.limit_in_bytes)"; fi`

const HEALTHY = [
  scriptPod('limits', CGROUP, {
    resources: { requests: { cpu: '250m', memory: '20Mi' }, limits: { cpu: '500m', memory: '64Mi' } },
  }),
  scriptPod('limits-alone', CGROUP, { resources: { limits: { cpu: '100m' } } }),
  scriptPod('no-limits', CGROUP),
  confined('usual', undefined),
  confined('user', { runAsUser: 1234, runAsGroup: 2345 }),
  confined('known-user', { runAsUser: 1000 }),
  confined('groups', undefined, {
    securityContext: { runAsUser: 1000, runAsGroup: 3000, fsGroup: 4000, supplementalGroups: [5000, 6000] },
  }),
  confined('own-over-pod', { runAsUser: 7 }, { securityContext: { runAsUser: 8, runAsGroup: 9 } }),
  image('image-user', {}),
  image('image-user-number', { securityContext: { runAsNonRoot: true, runAsUser: 1000 } }),
  confined('added', { capabilities: { add: ['NET_ADMIN'], drop: ['CAP_MKNOD', 'CHOWN'] } }),
  confined('dropped', { capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] } }),
  confined('no-new', { allowPrivilegeEscalation: false }),
  confined(
    'read-only',
    { readOnlyRootFilesystem: true },
    {},
    'touch /new 2>&1; touch /etc/hosts 2>&1; echo x > /dev/termination-log && echo logged',
  ),
  confined(
    'privileged',
    { privileged: true },
    {},
    `${STATUS}; ls -ld /dev/mem /dev/loop-control 2>&1; mount -t tmpfs none /mnt 2>&1 || mkdir /mnt && mount -t tmpfs none /mnt && echo mounted; echo 1 > /proc/sys/net/ipv4/ip_forward && echo written; grep ' /sys ' /proc/mounts`,
  ),
  confined(
    'unprivileged',
    undefined,
    {},
    `mkdir /mnt; mount -t tmpfs none /mnt 2>&1; (echo 1 > /proc/sys/net/ipv4/ip_forward) 2>&1; grep ' /sys ' /proc/mounts; wc -c < /proc/timer_list; ls /sys/firmware; mknod /tmp/disk b 8 0; head -c 1 /tmp/disk 2>&1`,
  ),
  confined('seccomp-default', undefined, {}, UNSHARE),
  confined('seccomp-none', { seccompProfile: { type: 'Unconfined' } }, {}, UNSHARE),
  confined(
    'seccomp-pod',
    undefined,
    { securityContext: { seccompProfile: { type: 'Unconfined' } } },
    UNSHARE,
  ),
  confined(
    'seccomp-file',
    { seccompProfile: { type: 'Localhost', localhostProfile: 'no/mkdir.json' } },
    {},
    UNSHARE,
  ),
  pod('lasting', {
    terminationGracePeriodSeconds: 0,
    containers: [
      sh('exec sleep 3600', {
        securityContext: {
          runAsUser: 1000,
          capabilities: { drop: ['ALL'] },
          allowPrivilegeEscalation: false,
        },
        workingDir: '/www',
        env: [{ name: 'WORD', value: 'of the manifest' }],
      }),
    ],
  }),
]

const REFUSED = [
  image('named-user', { securityContext: { runAsNonRoot: true } }),
  confined('root-image', { runAsNonRoot: true }),
  confined('no-profile', { seccompProfile: { type: 'Localhost', localhostProfile: 'not-there.json' } }),
]

ownWorld(async (own, its) => {
  world = own
  registry = its
  const profiles = join(world.root, 'seccomp', 'no')
  mkdirSync(profiles, { recursive: true })
  writeFileSync(join(profiles, 'mkdir.json'), NO_MKDIR)
  await world.commit(files(...HEALTHY, ...REFUSED))
  const run = await world.once('--timeout', '60s')
  if (run.exitCode !== 1) throw new Error(run.stderr)
})

/** Of a line such as `CapEff:	00000000a80425fb` in /proc/PID/status. */
function statusField(text: string, name: string): string {
  return new RegExp(`^${name}:\\s+(.*?)\\s*$`, 'm').exec(text)?.[1] ?? ''
}

function capabilities(text: string): bigint {
  return BigInt(`0x${statusField(text, 'CapEff')}`)
}

/** Numbers in <linux/capability.h>. */
const [CHOWN, NET_BIND_SERVICE, NET_ADMIN, SYS_ADMIN, MKNOD] = [0n, 10n, 12n, 21n, 27n]

const has = (set: bigint, number: bigint): boolean => ((set >> number) & 1n) === 1n

describe('who a container runs as', () => {
  test('root, with the usual capabilities, when nothing is said', async () => {
    const text = await logs(world, 'usual')
    expect(text).toMatch(/^uid=0\(root\) gid=0\(root\)/)
    // What containerd gives: the fourteen of the OCI default.
    expect(statusField(text, 'CapEff')).toBe('00000000a80425fb')
    expect(statusField(text, 'NoNewPrivs')).toBe('0')
  })

  test('runAsUser and runAsGroup, also of numbers that the image does not know', async () => {
    expect(await logs(world, 'user')).toMatch(/^uid=1234 gid=2345/)
  })

  test('a user that the image knows has that user’s group and groups', async () => {
    const text = await logs(world, 'known-user')
    expect(text).toMatch(/^uid=1000\(www\) gid=1000\(www\)/)
    expect(statusField(text, 'Groups').split(' ')).toEqual(['1000', '2000'])
  })

  test('supplementalGroups and fsGroup are among the groups', async () => {
    const text = await logs(world, 'groups')
    expect(text).toMatch(/^uid=1000\(www\) gid=3000/)
    expect(statusField(text, 'Groups').split(' ')).toEqual(
      expect.arrayContaining(['3000', '4000', '5000', '6000']),
    )
  })

  test('what the container says goes before what the pod says', async () => {
    expect(await logs(world, 'own-over-pod')).toMatch(/^uid=7 gid=9/)
  })

  test('the image’s user, by its name', async () => {
    const text = await logs(world, 'image-user')
    expect(text).toMatch(/^uid=1000\(www\) gid=1000\(www\)/)
    expect(capabilities(text)).toBe(0n)
    expect(await logs(world, 'image-user-number')).toMatch(/^uid=1000/)
  })

  test('runAsNonRoot refuses root and users that are only names, in the words of Kubernetes', async () => {
    for (const [name, message] of [
      [
        'named-user',
        'container has runAsNonRoot and image has non-numeric user (www), cannot verify user is non-root',
      ],
      ['root-image', 'container has runAsNonRoot and image will run as root'],
    ] as const) {
      const { status } = await world.pod(name)
      expect(status.phase).toBe('Pending')
      const waiting = status.containerStatuses?.[0]?.state['waiting']
      expect(waiting).toMatchObject({ reason: 'CreateContainerConfigError' })
      expect(waiting?.['message']).toContain(message)
    }
  })
})

describe('what a container may do', () => {
  test('capabilities are added to and dropped from the usual ones', async () => {
    const set = capabilities(await logs(world, 'added'))
    expect([has(set, NET_ADMIN), has(set, MKNOD), has(set, CHOWN), has(set, NET_BIND_SERVICE)]).toEqual([
      true,
      false,
      false,
      true,
    ])
  })

  test('drop ALL leaves what is added by name', async () => {
    expect(capabilities(await logs(world, 'dropped'))).toBe(1n << NET_BIND_SERVICE)
  })

  test('allowPrivilegeEscalation: false sets no_new_privs', async () => {
    expect(statusField(await logs(world, 'no-new'), 'NoNewPrivs')).toBe('1')
  })

  test('a read-only root refuses writes, and the termination log can be written all the same', async () => {
    expect(await logs(world, 'read-only')).toBe(
      'touch: /new: Read-only file system\ntouch: /etc/hosts: Read-only file system\nlogged',
    )
    const terminated = (await world.pod('read-only')).status.containerStatuses?.[0]?.state['terminated']
    expect(terminated).toMatchObject({ exitCode: 0, message: 'x\n' })
  })

  test('a privileged container mounts, writes to /proc/sys and sees the machine’s devices', async () => {
    if (lacksPrivileges()) {
      const { state } = containerOf(await world.pod('privileged'))
      expect(state['waiting']).toMatchObject(WAITS_FOR_PRIVILEGES)
      return
    }
    const text = await logs(world, 'privileged')
    expect(has(capabilities(text), SYS_ADMIN)).toBe(true)
    expect(statusField(text, 'Seccomp')).toBe('0')
    expect(text).toMatch(/^mounted$/m)
    expect(text).toMatch(/^written$/m)
    expect(text).toMatch(/ \/sys sysfs rw,/)
  })

  test('any other container does not', async () => {
    const text = await logs(world, 'unprivileged')
    expect(text).toMatch(/mount: .*(denied|not permitted)/)
    expect(text).toMatch(/ip_forward: Read-only file system/)
    expect(text).toMatch(/ \/sys sysfs ro,/)
    // A masked file is empty.
    expect(text).toMatch(/^0$/m)
    expect(text).toMatch(/head: \/tmp\/disk: (Operation not permitted|Permission denied)/)
  })
})

describe('what a container may use', () => {
  test.for([
    // Shares of a request, quota of a limit; a request that is not said is the limit's.
    ['limits', { v1: /^v1 256 50000 100000 67108864$/, v2: /^v2 \d+ 50000 100000 67108864$/ }],
    ['limits-alone', { v1: /^v1 102 10000 100000 \d{16,}$/, v2: /^v2 \d+ 10000 100000 max$/ }],
    ['no-limits', { v1: /^v1 2 -1 100000 \d{16,}$/, v2: /^v2 1 max 100000 max$/ }],
  ] as const)('%s, as its cgroup says', async ([name, { v1, v2 }]) => {
    const text = await logs(world, name)
    expect(text).toMatch(text.startsWith('v1') ? v1 : v2)
  })
})

describe('seccomp', () => {
  test('the runtime’s profile by default: no new user namespaces, and what is usual is allowed', async () => {
    const text = await logs(world, 'seccomp-default')
    expect(text).toMatch(/Seccomp:\s+2/)
    expect(text).not.toMatch(/^unshared$/m)
    expect(text).toMatch(/^made$/m)
  })

  test('Unconfined, of the container or of the pod', async () => {
    for (const name of ['seccomp-none', 'seccomp-pod']) {
      expect(await logs(world, name)).toMatch(/Seccomp:\s+0/)
    }
  })

  test('a profile from the machine’s folder of profiles', async () => {
    const text = await logs(world, 'seccomp-file')
    expect(text).toMatch(/Seccomp:\s+2/)
    expect(text).not.toMatch(/^made$/m)
    expect(text).toMatch(/mkdir: .*Operation not permitted/)
  })

  test('a profile that is not there is said, with its path', async () => {
    const waiting = (await world.pod('no-profile')).status.containerStatuses?.[0]?.state['waiting']
    expect(waiting).toMatchObject({ reason: 'CreateContainerConfigError' })
    expect(waiting?.['message']).toContain('/seccomp/not-there.json')
  })
})

test('exec is the container’s user, with its rights, its variables and its folder', async () => {
  const text = await world.exec('lasting', 'sh', '-c', 'id; pwd; echo $WORD; cat /proc/self/status')
  expect(text).toMatch(/^uid=1000\(www\) gid=1000\(www\).*\n\/www\nof the manifest\n/)
  expect(capabilities(text)).toBe(0n)
  expect(statusField(text, 'CapBnd')).toBe('0000000000000000')
  expect(statusField(text, 'NoNewPrivs')).toBe('1')
  expect(statusField(text, 'Seccomp')).toBe('2')
})

test('the folder of seccomp profiles may be there before the first run, and down leaves it', async () => {
  await using second = await World.create({ registry: registry.url })
  mkdirSync(join(second.root, 'seccomp'), { recursive: true })
  writeFileSync(join(second.root, 'seccomp', 'own.json'), NO_MKDIR)
  await second.commit(
    files(confined('short', { seccompProfile: { type: 'Localhost', localhostProfile: 'own.json' } })),
  )
  const run = await second.once()
  expect(run, run.stderr).toMatchObject({ exitCode: 0 })
  const down = await second.run('down')
  expect(down, down.stderr).toMatchObject({ exitCode: 0 })
  expect(readdirSync(second.root)).toEqual(['seccomp'])
  expect(readdirSync(join(second.root, 'seccomp'))).toEqual(['own.json'])
})
