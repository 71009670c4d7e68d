import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { machineTraces } from '../../support/machine.ts'
import { ownNode } from './ownNode.ts'
import { containerRequest, podRequest, type TestNode } from './support.ts'

let node: TestNode

ownNode((own) => {
  node = own
})

const QUICK = { policy: 'Always', delaysSeconds: [0, 1, 300], resetAfterSeconds: 600 } as const

function childrenOf(pid: number): readonly number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    return text.trim().split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}

/** Empty once it is gone. */
function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch {
    return ''
  }
}

test('the node’s hook restarts a container at once, then after the next delay, with a fresh root file system', async () => {
  const uid = await node.start(['sh', '-c', 'ls /trace; touch /trace; exit 3'], { restart: QUICK })
  const { previous, state } = await node.until(
    uid,
    // Between the exit on record and the wait on record there is a moment.
    ({ attempt, state: now }) =>
      attempt === 2 && now.kind === 'exited' && now.restartAt !== now.exit.finishedAt,
  )
  expect(previous).toMatchObject({ attempt: 1, exitCode: 3, startFailed: false })
  expect(await node.log(uid, 'main', true)).toMatch(/No such file/)
  if (state.kind !== 'exited' || state.restartAt === undefined) throw new Error('it is not waiting')
  const wait = Temporal.Instant.from(state.restartAt).since(state.exit.finishedAt).total('seconds')
  expect(Math.round(wait)).toBe(300)
  // The attempt before the last but one is gone, and the last ones keep their logs alone.
  const kept = readdirSync(join(node.root, 'pods', uid, 'containers/main'))
  expect(kept.filter((name) => /^\d+$/.test(name)).toSorted()).toEqual(['1', '2'])
  expect(readdirSync(join(node.root, 'pods', uid, 'containers/main/1'))).not.toContain('upper')
})

test('disarming ends a hook that waits, and nothing is started any more', async () => {
  const uid = await node.start(['false'], { restart: { ...QUICK, delaysSeconds: [300] } })
  const waiting = () =>
    machineTraces(node.root).processes.filter((line) => line.includes(`${uid}/containers`))
  await node.until(uid, ({ state }) => state.kind === 'exited' && state.restartAt !== state.exit.finishedAt)
  expect(waiting().length).toBeGreaterThan(0)
  await node.runtime.disarm(uid)
  const { state } = await node.container(uid)
  expect(state).toMatchObject({ kind: 'exited' })
  expect(state).not.toHaveProperty('restartAt')
  await node.runtime.removePod(uid)
  await expect.poll(waiting).toEqual([])
})

test('of a pod that goes, the root of a container that has ended is unmounted with all else that the pod has', async () => {
  const uid = await node.start(['sleep', '1000'])
  await node.runtime.disarm(uid)
  await node.stop(uid)
  const ended = () => machineTraces(node.root).processes.every((line) => !line.includes(`${uid}/containers`))
  await expect.poll(ended).toBe(true)
  const mounts = () => machineTraces(node.root).mounts.filter((line) => line.includes(uid))
  expect(mounts().some((line) => line.includes('/rootfs '))).toBe(true)
  await node.runtime.removePod(uid)
  expect(mounts()).toEqual([])
})

test('on failure only failures are restarted; never means never', async () => {
  const done = await node.start(['true'], { restart: { ...QUICK, policy: 'OnFailure' } })
  const { state } = await node.until(done, (container) => container.state.kind === 'exited')
  expect(state).not.toHaveProperty('restartAt')
  const failed = await node.start(['sh', '-c', 'exit 7'], { restart: { ...QUICK, policy: 'OnFailure' } })
  expect((await node.until(failed, ({ attempt }) => attempt > 0)).previous).toMatchObject({ exitCode: 7 })
  const never = await node.start(['false'], { restart: { ...QUICK, policy: 'Never' } })
  const end = await node.until(never, (container) => container.state.kind === 'exited')
  expect(end).toMatchObject({ attempt: 0, state: { exit: { exitCode: 1 } } })
  expect(end.state).not.toHaveProperty('restartAt')
})

test('a container’s own rules go before its policy, and what all of the pod is to be restarted for is left to the engine', async () => {
  const rules = [
    { action: 'Restart', operator: 'In', values: [3, 4] },
    { action: 'RestartAllContainers', operator: 'In', values: [5] },
  ] as const
  const delaysSeconds = [0, 300]
  const never = { ...QUICK, policy: 'Never', delaysSeconds, exitRules: rules } as const
  const again = await node.start(['sh', '-c', 'exit 4'], { restart: never })
  const waiting = await node.until(again, ({ attempt, state }) => attempt === 1 && state.kind === 'exited')
  expect(waiting.previous).toMatchObject({ attempt: 0, exitCode: 4 })
  const other = await node.start(['sh', '-c', 'exit 6'], { restart: never })
  const all = await node.start(['sh', '-c', 'exit 5'], { restart: { ...never, policy: 'Always' } })
  const notIn = [{ action: 'Restart', operator: 'NotIn', values: [0] }] as const
  const good = await node.start(['true'], { restart: { ...never, exitRules: notIn } })
  for (const uid of [other, all, good]) {
    const ended = await node.until(uid, ({ state }) => state.kind === 'exited')
    expect(ended).toMatchObject({ attempt: 0 })
    expect(ended.state).not.toHaveProperty('restartAt')
  }
  await node.remove(again)
})

test('once the pod’s time is up nothing is started again', async () => {
  const deadline = Temporal.Now.instant().add({ seconds: 1 }).toString()
  const restart = { ...QUICK, delaysSeconds: [0], deadline } as const
  const uid = await node.start(['sleep', '0.3'], { restart })
  // Until the hook has found that it is too late: it runs no longer.
  const hooks = () => machineTraces(node.root).processes.filter((line) => line.includes(`${uid}/containers`))
  await expect.poll(hooks, { timeout: 10_000 }).toEqual([])
  const { attempt, state } = await node.container(uid)
  expect(state.kind).toBe('exited')
  expect(attempt).toBeGreaterThan(0)
  await node.remove(uid)
})

test('a hook that is killed while it waits leaves nothing that goes on waiting', async () => {
  const uid = await node.start(['false'], { restart: { ...QUICK, delaysSeconds: [297] } })
  await node.until(uid, ({ state }) => state.kind === 'exited' && state.restartAt !== state.exit.finishedAt)
  const file = join(node.root, 'pods', uid, 'containers/main/0/restart')
  const hook = Number(/^waiter=(\d+)$/m.exec(readFileSync(file, 'utf8'))?.[1])
  await expect.poll(() => childrenOf(hook).map(commandOf)).toEqual(['sleep 297'])
  const [child = 0] = childrenOf(hook)
  process.kill(hook, 'SIGKILL')
  await expect.poll(() => commandOf(child)).toBe('')
  await node.remove(uid)
})

test('a pod that has ended gives back all but its log, its exit and its record; removing it takes those', async () => {
  const volumes = [
    { kind: 'emptyDir', name: 'memory', medium: 'Memory' },
    { kind: 'emptyDir', name: 'disk', medium: '' },
  ] as const
  const mounts = [
    { volume: 'memory', mountPath: '/m', readOnly: false, propagation: 'private' },
    { volume: 'disk', mountPath: '/d', subPath: 'a', readOnly: false, propagation: 'private' },
  ] as const
  const portMappings = [{ hostPort: 42_091, containerPort: 80, protocol: 'TCP' }] as const
  const never = { ...QUICK, policy: 'Never' } as const
  const command = ['sh', '-c', 'echo said | tee /m/x /d/x; exit 3']
  const uid = await node.start(command, { restart: never, mounts }, { volumes, portMappings })
  await node.until(uid, ({ state }) => state.kind === 'exited')
  await node.runtime.releasePod(uid)
  // Done twice it is done once.
  await node.runtime.releasePod(uid)
  const { mounts: mounted, processes } = machineTraces(node.root)
  expect([...mounted, ...processes].filter((line) => line.includes(uid))).toEqual([])
  expect(existsSync(join('/run/reconcile', await node.rootId(), 'pods', uid))).toBe(false)
  expect(readdirSync(join(node.root, 'pods', uid)).toSorted()).toEqual([
    'containers',
    'disarmed',
    'pod.json',
    'released',
  ])
  const listing = await (await node.another()).inspect(uid)
  expect(listing).toMatchObject({ sandbox: 'released' })
  expect(listing).not.toHaveProperty('ip')
  expect(listing?.containers.get('main')?.state).toMatchObject({ kind: 'exited', exit: { exitCode: 3 } })
  expect(await node.log(uid)).toBe('said')
  // Its port is free for the next one.
  const next = await node.start(['sleep', '1000'], {}, { portMappings })
  await node.remove(next)
  await node.runtime.removePod(uid)
  expect(existsSync(join(node.root, 'pods', uid))).toBe(false)
})

test('what is not there gives nothing back', async () => {
  await expect(node.runtime.releasePod(node.newUid())).rejects.toMatchObject({ reason: 'NotFound' })
})

test('a container that runs long enough starts with the first delay again', async () => {
  const restart = { policy: 'Always', delaysSeconds: [0, 300], resetAfterSeconds: 1 } as const
  const uid = await node.start(['sleep', '1.2'], { restart })
  // Twice without the second delay.
  expect((await node.until(uid, ({ attempt }) => attempt === 2)).attempt).toBe(2)
  await node.remove(uid)
})

test('a program that is not there is an end with the runtime’s words, and is tried again like any other', async () => {
  const uid = await node.start(['no-such-program'], { restart: { ...QUICK, delaysSeconds: [0, 300] } })
  const { attempt, previous, state } = await node.until(
    uid,
    (container) => container.attempt === 1 && container.state.kind === 'exited',
  )
  expect(attempt).toBe(1)
  for (const exit of [previous, state.kind === 'exited' ? state.exit : undefined]) {
    expect(exit).toMatchObject({ exitCode: 128, startFailed: true })
    expect(exit?.message).toMatch(/exec: "no-such-program": executable file not found/)
  }
  await node.remove(uid)
})

test('the termination message is what was written to its file; with the fallback, the end of the log', async () => {
  const never = { ...QUICK, policy: 'Never' } as const
  const own = await node.start(['sh', '-c', 'echo -n done > /dev/termination-log'], { restart: never })
  const written = await node.until(own, ({ state }) => state.kind === 'exited')
  expect(written.state).toMatchObject({ exit: { exitCode: 0, message: 'done' } })
  const policy = 'FallbackToLogsOnError'
  const logged = await node.start(['sh', '-c', 'echo one; echo two >&2; exit 1'], {
    restart: never,
    terminationMessagePolicy: policy,
  })
  const { state } = await node.until(logged, (container) => container.state.kind === 'exited')
  expect(state.kind === 'exited' && state.exit.message?.split('\n').toSorted()).toEqual(['', 'one', 'two'])
})

test('stopping is polite first; who does not listen is killed when the grace is over', async () => {
  const never = { ...QUICK, policy: 'Never' } as const
  const polite = await node.start(
    ['sh', '-c', 'trap "exit 5" TERM; echo ready; while :; do sleep 0.1; done'],
    { restart: never },
  )
  await expect.poll(async () => await node.log(polite)).toBe('ready')
  await node.stop(polite, 'main', 30_000)
  expect((await node.container(polite)).state).toMatchObject({ exit: { exitCode: 5 } })
  const deaf = await node.start(['sh', '-c', 'trap "" TERM; echo ready; while :; do sleep 0.1; done'], {
    restart: never,
  })
  await expect.poll(async () => await node.log(deaf)).toBe('ready')
  await node.stop(deaf, 'main', 300)
  expect((await node.container(deaf)).state).toMatchObject({ exit: { exitCode: 137 } })
  // Done twice it is done once.
  await node.stop(deaf, 'main', 300)
})

test('a container whose monitor was killed is still told to run, and its end is recorded by the engine', async () => {
  const uid = await node.start(['sleep', '1000'])
  const started = readFileSync(join(node.root, 'pods', uid, 'containers/main/0/started'), 'utf8')
  process.kill(Number(/^monitor=(\d+)$/m.exec(started)?.[1]), 'SIGKILL')
  expect((await node.container(uid)).state.kind).toBe('running')
  await node.runtime.disarm(uid)
  await node.stop(uid)
  expect((await node.container(uid)).state).toMatchObject({
    exit: { exitCode: 137, message: expect.stringContaining('monitor') },
  })
  await node.runtime.removePod(uid)
})

test('another engine finds everything as it was, and starting again what runs changes nothing', async () => {
  const uid = await node.start(['sleep', '1000'])
  const before = await node.listing(uid)
  const other = await node.another()
  await other.createPod(podRequest(uid))
  await other.startContainer(containerRequest(uid, ['sleep', '1000']))
  expect(await other.inspect(uid)).toEqual(before)
  expect((await other.list()).pods.get(uid)).toEqual(before)
  await node.remove(uid)
  expect(await other.inspect(uid)).toBeUndefined()
})
