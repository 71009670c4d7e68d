import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { START_FILE, type StartFile } from '../../../engine/runtimes/dockerLike/attemptFiles.ts'
import { containerPaths, podPaths, rootPaths } from '../../../engine/runtimes/oci/paths.ts'
import { ownNode } from '../oci/ownNode.ts'
import { containerRequest, podRequest, SECURITY, type TestNode } from '../oci/support.ts'

describe.each(['podman', 'docker'] as const)('on a node with %s', (kind) => {
  let node: TestNode

  ownNode((own) => {
    node = own
  }, kind)

  test('a container that ends is started again by the program itself, and how the attempt before ended is told', async () => {
    const uid = await node.start(['sh', '-c', 'sleep 1; exit 7'])
    const again = await node.until(uid, ({ attempt, state }) => attempt > 0 && state.kind === 'running')
    expect(again.previous).toMatchObject({ attempt: again.attempt - 1, exitCode: 7 })
    await node.remove(uid)
    expect(await node.runtime.inspect(uid)).toBeUndefined()
  })

  test('that an attempt was killed for want of memory is told also while the next one runs', async () => {
    const resources = { cpuShares: 2, memoryLimitBytes: 16 * 1024 * 1024 }
    const script = '[ ! -e /before ] || exec sleep 1000; touch /before; exec tail /dev/zero'
    const uid = await node.start(['sh', '-c', script], { resources })
    const again = await node.until(uid, ({ attempt, state }) => attempt > 0 && state.kind === 'running')
    expect(again.previous).toMatchObject({ attempt: 0, exitCode: 137, oomKilled: true })
    await node.remove(uid)
  })

  test('a container that was stopped stays so', async () => {
    const uid = await node.start(['sh', '-c', 'trap "exit 5" TERM; while true; do sleep 0.1; done'])
    await node.stop(uid, 'main', 3000)
    const { state } = await node.container(uid)
    expect(state).toMatchObject({ kind: 'exited', exit: { exitCode: 5, lost: true } })
    await node.remove(uid)
  })

  test('the next attempt of what the engine has stopped has a fresh file system and a log of its own', async () => {
    const uid = await node.start(['sh', '-c', 'ls /mark 2>&1; touch /mark; echo begun; sleep 1000'])
    await expect.poll(async () => await node.log(uid)).toContain('begun')
    await node.stop(uid)
    await node.runtime.startContainer(
      containerRequest(uid, ['sh', '-c', 'ls /mark 2>&1; echo again; sleep 1000'], {
        attempt: 1,
        image: node.image,
      }),
    )
    await expect.poll(async () => await node.log(uid)).toBe('ls: /mark: No such file or directory\nagain')
    expect(await node.log(uid, 'main', true)).toBe('ls: /mark: No such file or directory\nbegun')
    expect(await node.container(uid)).toMatchObject({ attempt: 1, previous: { attempt: 0, exitCode: 137 } })
    await node.remove(uid)
  })

  test('what a pod sends leaves the node with the node’s address', async () => {
    const uid = await node.start(['sleep', '1000'])
    const table = ['list', 'table', 'ip', `reconcile-${await node.rootId()}`]
    expect(execFileSync('nft', table, { encoding: 'utf8' })).toContain('masquerade')
    await node.remove(uid)
  })

  test('variables that no line of a file can hold arrive as they are', async () => {
    const long = 'x'.repeat(70_000)
    const uid = await node.start(['sleep', '1000'], {
      env: [
        ['LONG', long],
        ['RETURN', 'ends so\r'],
        ['#REMARK', 'is none'],
      ],
    })
    expect(await node.exec(uid, ['sh', '-c', 'echo ${#LONG}'])).toBe('70000')
    expect(await node.exec(uid, ['sh', '-c', 'echo "${RETURN}."'])).toBe('ends so\r.')
    expect(await node.exec(uid, ['grep', '-c', '#REMARK=is none', '/proc/1/environ'])).toBe('1')
    await node.remove(uid)
  })

  test('its containers have the pod’s host name, and its /etc/hosts', async () => {
    const uid = await node.start(['sleep', '1000'], {}, { hostname: 'other' })
    expect(await node.exec(uid, ['hostname'])).toBe('other')
    expect(await node.exec(uid, ['cat', '/etc/hosts'])).toContain('other')
    await node.remove(uid)
  })

  test('a pod whose making was cut off is made again, and its containers are in its new namespaces', async () => {
    const uid = node.newUid()
    await node.runtime.createPod(podRequest(uid))
    rmSync(podPaths(await rootPaths(node.transport, node.root), uid).sandbox)
    await node.runtime.createPod(podRequest(uid))
    await node.runtime.startContainer(containerRequest(uid, ['sleep', '1000'], { image: node.image }))
    expect(await node.exec(uid, ['ip', '-4', 'addr'])).toContain(`${(await node.listing(uid)).ip}/`)
    await node.remove(uid)
  })

  test.each([false, true])(
    'a container whose start was cut off has ended once it is stopped: of a pod that goes: %s',
    async (goes) => {
      const uid = node.newUid()
      await node.runtime.createPod(podRequest(uid))
      const pod = podPaths(await rootPaths(node.transport, node.root), uid)
      const folder = `${containerPaths(pod, uid, 'main').directory}/0`
      mkdirSync(folder, { recursive: true })
      const start: StartFile = {
        bootId: readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim(),
        at: '2026-01-01T00:00:00Z',
        image: { id: 'sha256:1', reference: 'busybox' },
        restart: { policy: 'Always' },
        messagePolicy: 'File',
      }
      writeFileSync(`${folder}/${START_FILE}`, JSON.stringify(start))
      expect((await node.container(uid)).state.kind).toBe('created')
      if (goes) await node.runtime.disarm(uid)
      await node.runtime.stopContainer({ uid, container: 'main', attempt: 0, graceMs: 0 })
      const message = 'it was stopped before its start was on record'
      const { state } = await node.container(uid)
      expect(state).toMatchObject({ kind: 'exited', exit: { exitCode: 137, lost: true, message } })
      await node.remove(uid)
    },
  )

  test('a start that is asked for twice is made once', async () => {
    const uid = await node.start(['sleep', '1000'])
    const before = await node.container(uid)
    await node.runtime.startContainer(containerRequest(uid, ['sleep', '1000'], { image: node.image }))
    expect(await node.container(uid)).toEqual(before)
    await node.remove(uid)
  })

  test('a container that cannot be started says why, and is no container of the program’s', async () => {
    const uid = await node.start(['/no/such/program'])
    const { state } = await node.container(uid)
    expect(state).toMatchObject({
      kind: 'exited',
      exit: { startFailed: true, message: expect.stringContaining('/no/such/program') },
    })
    await node.remove(uid)
  })

  test('a pod that is frozen stands still, and goes on when it is thawed', async () => {
    const uid = await node.start(['sh', '-c', 'i=0; while true; do i=$((i+1)); echo $i; sleep 0.1; done'])
    await expect.poll(async () => await node.log(uid)).toContain('3')
    await node.runtime.freezePod(uid)
    const frozen = await node.log(uid)
    expect((await node.listing(uid)).frozenSince).toBeDefined()
    expect(await node.log(uid)).toBe(frozen)
    await node.runtime.thawPod(uid)
    await expect.poll(async () => await node.log(uid)).not.toBe(frozen)
    expect((await node.listing(uid)).frozenSince).toBeUndefined()
    await node.runtime.freezePod(uid)
    await node.remove(uid)
  })

  test('what a container writes is counted, and its limits are the kernel’s', async () => {
    const uid = await node.start(['sh', '-c', 'dd if=/dev/zero of=/big bs=1M count=3; sleep 1000'], {
      resources: { cpuShares: 102, memoryLimitBytes: 64 * 1024 * 1024, pidsMax: 50 },
    })
    await expect.poll(async () => await node.exec(uid, ['stat', '-c', '%s', '/big'])).toBe('3145728')
    await node.container(uid)
    const bytes = (await node.runtime.diskBytes(uid, ['container/main']))['container/main'] ?? 0
    expect(bytes).toBeGreaterThan(3 * 1024 * 1024)
    const [{ memoryBytes = 0 } = {}] = await node.runtime.stats(uid)
    expect(memoryBytes).toBeGreaterThan(0)
    expect(memoryBytes).toBeLessThan(64 * 1024 * 1024)
    await node.remove(uid)
  })

  test('another engine finds everything as it is', async () => {
    const uid = await node.start(['sleep', '1000'])
    const other = await node.another()
    expect(await other.inspect(uid)).toEqual(await node.runtime.inspect(uid))
    expect((await other.list()).pods.get(uid)).toEqual(await node.runtime.inspect(uid))
    await node.remove(uid)
  })

  test('a container that ends again and again is ended for good, whatever the program is about to do', async () => {
    const restart = { policy: 'Always', delaysSeconds: [0], resetAfterSeconds: 600 } as const
    const uid = await node.start(['sh', '-c', 'exit 1'], { restart })
    await node.until(uid, ({ attempt }) => attempt > 2)
    await node.runtime.disarm(uid)
    const { attempt } = await node.container(uid)
    await node.runtime.stopContainer({ uid, container: 'main', attempt, graceMs: 0 })
    const ended = await node.container(uid)
    expect(ended.state.kind).toBe('exited')
    await node.runtime.removePod(uid)
    expect(await node.runtime.inspect(uid)).toBeUndefined()
  })

  test('a container may make no namespaces of its own, and a profile that is not there is said with its path', async () => {
    const uid = await node.start(['sh', '-c', 'unshare -U true && echo unshared; echo done; sleep 1000'])
    await expect.poll(async () => await node.log(uid)).toContain('done')
    expect(await node.log(uid)).not.toContain('unshared')
    await node.remove(uid)
    const security = { ...SECURITY, seccomp: { localhostProfile: 'not-there.json' } }
    await expect(node.start(['true'], { security })).rejects.toThrow('/seccomp/not-there.json')
  })
})
