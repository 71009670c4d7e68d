import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { machineTraces, NO_TRACES } from '../../support/machine.ts'
import { startOf } from '../../support/ranges.ts'
import { ownNode } from './ownNode.ts'
import { containerRequest, podRecord, podRequest, runtimeAt, SECURITY, TestNode } from './support.ts'

let node: TestNode

ownNode((own) => {
  node = own
})

test('the node tells which runtime works here and what the machine has', async () => {
  const info = await node.runtime.prepare()
  expect(await (await node.another()).check()).toEqual(info)
  expect(info.runtime).toMatch(/^(runc|crun) \d/)
  expect(info.cpuMillis).toBeGreaterThan(0)
  expect(info.memoryBytes).toBeGreaterThan(2 ** 28)
  expect(info.bootId).toBe(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim())
})

test('looking at a node and at its pods makes nothing on it', async () => {
  const folder = join(node.folder, 'never')
  const runtime = await runtimeAt(folder)
  expect((await runtime.check()).runtime).toMatch(/crun|runc/)
  expect((await runtime.list()).pods.size).toBe(0)
  expect((await runtime.readObjectRecords()).size).toBe(0)
  expect(existsSync(folder)).toBe(false)
  expect(machineTraces(join(folder, 'root'))).toEqual(NO_TRACES)
})

test("a container's process is number 1, has the pod's name, and runs under a seccomp filter", async () => {
  const text = await node.output([
    'sh',
    '-c',
    'echo $$; hostname; grep Seccomp: /proc/self/status; cat /etc/hostname',
  ])
  expect(text.split('\n')).toEqual(['1', 'web', 'Seccomp:\t2', 'web'])
})

test("/etc/hosts has the pod's own line and its aliases, /etc/resolv.conf what was asked for", async () => {
  const aliases = [{ ip: '192.0.2.7', hostnames: ['db', 'db.test'] }]
  const text = await node.output(['cat', '/etc/hosts', '/etc/resolv.conf'], {}, { hostAliases: aliases })
  expect(text.split('\n').find((line) => line.endsWith('\tweb'))).toMatch(startOf(node.podCIDR))
  expect(text).toMatch(/^192\.0\.2\.7\tdb\tdb\.test$/m)
  expect(text).toMatch(/^nameserver 192\.0\.2\.53$/m)
})

test('containers of a pod reach each other on localhost and do not see each other’s files', async () => {
  const uid = await node.start(['sh', '-c', 'echo mine > /file; nc -l -p 8080 -e echo hello'])
  const never = { policy: 'Never', delaysSeconds: [0], resetAfterSeconds: 600 } as const
  const script = 'until nc 127.0.0.1 8080 </dev/null; do :; done; ls /file'
  await node.runtime.startContainer(
    containerRequest(uid, ['sh', '-c', script], { container: 'other', restart: never }),
  )
  const { state } = await node.until(uid, (container) => container.state.kind === 'exited', 'other')
  expect(await node.log(uid, 'other')).toMatch(/^hello\n.*\/file: No such file/)
  expect(state).toMatchObject({ exit: { exitCode: 1 } })
})

test('two pods reach each other by address, and a pod itself by its own', async () => {
  const uid = await node.start(['sh', '-c', 'while :; do nc -l -p 8080 -e echo hello; done'])
  const { ip } = await node.listing(uid)
  expect(ip).toMatch(startOf(node.podCIDR))
  const script = `until nc ${ip} 8080 </dev/null; do :; done`
  expect(await node.output(['sh', '-c', script])).toBe('hello')
  const connection = await node.runtime.connect(ip ?? '', 8080, AbortSignal.timeout(5000))
  connection.destroy()
})

test('a pod with the host’s network has its name and its links', async () => {
  const text = await node.output(
    ['sh', '-c', 'hostname; ls /sys/class/net'],
    { hostNetwork: true },
    { hostNetwork: true },
  )
  expect(text.split('\n')).toContain(`rc-${await node.rootId()}`)
  expect(text).not.toMatch(/^web$/m)
})

test('with a shared process namespace containers see each other’s processes, and process 1 is nobody’s', async () => {
  const uid = node.newUid()
  const record = podRecord(uid)
  const spec = { ...record.pod.spec, shareProcessNamespace: true }
  await node.runtime.createPod(podRequest(uid, { record: { ...record, pod: { ...record.pod, spec } } }))
  const shared = { pidMode: 'pod' } as const
  await node.runtime.startContainer(containerRequest(uid, ['sleep', '54321'], shared))
  await node.runtime.startContainer(
    containerRequest(uid, ['sleep', '1000'], { ...shared, container: 'other' }),
  )
  expect(await node.exec(uid, ['ps'], 'other')).toMatch(/^ *\d+ .*sleep 54321$/m)
  expect(await node.exec(uid, ['sh', '-c', 'grep CapEff /proc/1/status'])).toMatch(/CapEff:\t0{16}/)
  await node.remove(uid)
})

test('limits are in the cgroup', async () => {
  const resources = { cpuShares: 204, cpuQuotaUs: 20_000, memoryLimitBytes: 32 * 2 ** 20, pidsMax: 50 }
  const script =
    'cd /sys/fs/cgroup; cat cpu/cpu.shares cpu/cpu.cfs_quota_us memory/memory.limit_in_bytes pids/pids.max 2>/dev/null || cat cpu.max memory.max pids.max'
  const text = await node.output(['sh', '-c', script], { resources })
  expect([`204\n20000\n${32 * 2 ** 20}\n50`, `20000 100000\n${32 * 2 ** 20}\n50`]).toContain(text)
})

test('who takes more memory than allowed is killed, and that is told', async () => {
  const resources = { cpuShares: 102, memoryLimitBytes: 16 * 2 ** 20 }
  const never = { policy: 'Never', delaysSeconds: [0], resetAfterSeconds: 600 } as const
  const uid = await node.start(['sh', '-c', 'exec tail /dev/zero'], { resources, restart: never })
  const { state } = await node.until(uid, (container) => container.state.kind === 'exited')
  expect(state).toMatchObject({ exit: { exitCode: 137, oomKilled: true } })
})

test('a user of the image is looked up there, with its groups; the manifest’s numbers go before', async () => {
  await using other = await TestNode.create({ user: 'web' })
  expect(await other.output(['id'])).toBe('uid=1234(web) gid=5678(web) groups=4321(extra),5678(web)')
  const security = { ...SECURITY, runAsUser: 1000, runAsGroup: 3000, supplementalGroups: [4000] }
  expect(await other.output(['id'], { security })).toBe('uid=1000 gid=3000 groups=3000,4000')
  const refused = other.start(['id'], { security: { ...SECURITY, runAsNonRoot: true } })
  await expect(refused).rejects.toMatchObject({ reason: 'CreateContainerConfigError', certain: true })
})

test('runAsNonRoot refuses root', async () => {
  const refused = node.start(['id'], { security: { ...SECURITY, runAsNonRoot: true } })
  await expect(refused).rejects.toThrow('container has runAsNonRoot and image will run as root')
})

test('capabilities are the default ones, with what is added and without what is dropped', async () => {
  const show = ['sh', '-c', 'grep -E "CapEff|CapBnd|NoNewPrivs" /proc/self/status']
  const shown = (bits: string, guarded: number) =>
    `CapEff:\t${bits}\nCapBnd:\t${bits}\nNoNewPrivs:\t${guarded}`
  expect(await node.output(show)).toBe(shown('00000000a80425fb', 0))
  const security = {
    ...SECURITY,
    dropCapabilities: ['ALL'],
    addCapabilities: ['NET_BIND_SERVICE'],
    allowPrivilegeEscalation: false,
  }
  expect(await node.output(show, { security })).toBe(shown('0000000000000400', 1))
})

test('a privileged container has the devices and may mount', async () => {
  const security = { ...SECURITY, privileged: true }
  const text = await node.output(
    [
      'sh',
      '-c',
      'mkdir /m && mount -t tmpfs none /m && echo mounted; ls /dev/kmsg; grep Seccomp: /proc/self/status',
    ],
    { security },
  )
  expect(text).toBe('mounted\n/dev/kmsg\nSeccomp:\t0')
})

test('a read-only root file system is read-only, its volumes are not', async () => {
  const security = { ...SECURITY, readOnlyRootFilesystem: true }
  const mounts = [{ volume: 'v', mountPath: '/v', readOnly: false, propagation: 'private' }] as const
  const volumes = [{ kind: 'emptyDir', name: 'v', medium: '' }] as const
  const text = await node.output(
    // One stream: of two nobody knows which is read first.
    ['sh', '-c', 'exec 2>&1; touch /x; touch /v/x && echo written'],
    { security, mounts },
    { volumes },
  )
  expect(text).toBe('touch: /x: Read-only file system\nwritten')
})

test('environment: the image’s, the pod’s name, and the manifest’s before both', async () => {
  await using other = await TestNode.create({
    env: ['PATH=/bin', 'A=image', 'B=image'],
    workingDir: '/tmp',
  })
  const text = await other.output(['sh', '-c', 'echo $A $B $HOSTNAME $HOME; pwd'], {
    env: [['B', 'manifest']],
  })
  expect(text).toBe('image manifest web /root\n/tmp')
})

test('two pods of one image do not see each other’s writes', async () => {
  const writer = await node.start(['sh', '-c', 'echo x > /written; sleep 1000'])
  expect(await node.output(['ls', '/written'])).toMatch(/No such file/)
  await node.remove(writer)
})
