import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runningContainers } from '../support/containers.ts'
import { DaemonProcess } from '../support/daemon.ts'
import { eventually, type ShownPod, type World } from '../support/engine.ts'
import { sleeperYaml } from '../support/manifests.ts'
import { ownWorld } from '../support/ownWorld.ts'

let world: World

ownWorld((own) => {
  world = own
})

async function commands(): Promise<readonly string[]> {
  return (await runningContainers(world.root)).map(({ command }) => command).toSorted()
}

async function pids(): Promise<readonly number[]> {
  return (await runningContainers(world.root)).map(({ pid }) => pid)
}

test('what is committed runs, without anybody asking; an invalid commit changes nothing, and the next valid one is applied', async () => {
  const first = await world.commit({ 'a.yaml': sleeperYaml('a', { seconds: 1001 }) })
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === first)
  expect(await commands()).toEqual(['sleep 1001'])

  const invalid = await world.commit({
    'a.yaml': 'kind: Pod',
    'b.yaml': sleeperYaml('b').replace('image:', 'imge:'),
  })
  await daemon.until((line) => line.reason === 'CommitRefused' && line.commit === invalid)
  await daemon.until((line) => line.message.includes('b.yaml') && line.message.includes('imge'))
  expect(daemon.lines.some((line) => line.message.includes('a.yaml'))).toBe(true)
  expect(await commands()).toEqual(['sleep 1001'])

  const valid = await world.commit({
    'a.yaml': sleeperYaml('a', { seconds: 1001 }),
    'b.yaml': sleeperYaml('b', { seconds: 1002 }),
  })
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === valid)
  expect(await commands()).toEqual(['sleep 1001', 'sleep 1002'])

  expect(await daemon.end()).toBe(0)
  expect(await commands()).toEqual(['sleep 1001', 'sleep 1002'])
})

test('an engine that is killed is followed by one that adopts what runs, and goes on with the branch', async () => {
  const commit = await world.commit({ 'a.yaml': sleeperYaml('a', { seconds: 1003 }) })
  {
    await using daemon = new DaemonProcess(world)
    await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === commit)
    await daemon.end('SIGKILL')
  }
  const before = await pids()
  expect(before).toHaveLength(1)
  expect((await world.run('status')).stdout).toContain('no engine follows')
  const next = await world.commit({
    'a.yaml': sleeperYaml('a', { seconds: 1003 }),
    'c.yaml': sleeperYaml('c', { seconds: 1004 }),
  })
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === next)
  expect(await pids()).toEqual(expect.arrayContaining([...before]))
  expect(await commands()).toEqual(['sleep 1003', 'sleep 1004'])
})

test('beside the engine, --once asks it and tells how it ends, other commands look, and what would fight with it is refused', async () => {
  await world.commit({ 'a.yaml': sleeperYaml('a', { seconds: 1005 }) })
  await using daemon = new DaemonProcess(world)
  const first = await world.once()
  expect(first, first.stderr).toMatchObject({ exitCode: 0 })
  expect(first.stdout).toMatch(/^commit [0-9a-f]{12}: .*all is healthy$/m)
  expect(await commands()).toEqual(['sleep 1005'])

  await world.commit({ 'a.yaml': 'kind: Pod' })
  const invalid = await world.once()
  expect(invalid).toMatchObject({ exitCode: 3 })
  expect(invalid.stderr).toContain('a.yaml:1:1: error:')
  expect(invalid.stderr).toContain('nothing was touched')

  await world.commit({ 'a.yaml': sleeperYaml('a', { image: 'nothing:1' }) })
  const failing = await world.once()
  expect(failing).toMatchObject({ exitCode: 1 })
  expect(failing.stderr).toContain('container main')

  const other = await world.once('--branch', 'other')
  expect(other).toMatchObject({ exitCode: 3 })
  expect(other.stderr).toContain('--branch other')
  expect((await world.run('status')).exitCode).toBe(0)
  expect((await world.run('plan', '--repo', world.repo)).exitCode).toBe(0)
  const down = await world.run('down')
  expect(down.exitCode).toBe(1)
  expect(down.stderr).toContain(`kill ${daemon.pid}`)
  const second = await world.run('--repo', world.repo)
  expect(second.exitCode).toBe(1)
  expect(second.stderr).toContain('already')
  expect(daemon.isRunning).toBe(true)
})

test('beside the engine a pod is looked into, stands still until it may go on, and is made anew when it was deleted', async () => {
  const commit = await world.commit({ 'a.yaml': sleeperYaml('a', { seconds: 1009 }) })
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === commit)
  const [first] = await pids()
  const inside = await world.run('exec', 'a', '--', 'cat', '/etc/hostname')
  expect(inside, inside.stderr).toMatchObject({ exitCode: 0, stdout: 'a' })

  expect(await world.run('freeze', 'a')).toMatchObject({ exitCode: 0 })
  await daemon.until((line) => line.reason === 'PodFrozen')
  expect((await world.pod('a')).status.conditions).toContainEqual(
    expect.objectContaining({ type: 'Ready', status: 'False', reason: 'PodFrozen' }),
  )
  expect(await world.run('thaw', 'a')).toMatchObject({ exitCode: 0 })
  await daemon.until((line) => line.reason === 'PodThawed')
  const isReady = ({ status }: ShownPod): boolean =>
    status.conditions?.some(({ status: is, type }) => type === 'Ready' && is === 'True') === true
  expect(isReady(await eventually(() => world.pod('a'), isReady))).toBe(true)
  expect(await pids()).toEqual([first])

  const deleted = await world.run('delete', 'a')
  expect(deleted, deleted.stderr).toMatchObject({ exitCode: 0 })
  expect(deleted.stdout).toBe('pod default/a is gone; it is made again if the repository still has it')
  const [next] = await eventually(pids, ({ length }) => length === 1)
  expect(next).not.toBe(first)
  expect(await daemon.end()).toBe(0)
})

test('the engine goes on with what is in force while the repository is gone, and follows it when it is back', async () => {
  const commit = await world.commit({ 'a.yaml': sleeperYaml('a', { seconds: 1006 }) })
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === commit)
  const away = join(world.folder, 'away')
  renameSync(world.repo, away)
  daemon.signal('SIGHUP')
  await daemon.until((line) => line.reason === 'SourceFailed')
  expect(await commands()).toEqual(['sleep 1006'])

  renameSync(away, world.repo)
  const next = await world.commit({ 'a.yaml': sleeperYaml('a', { seconds: 1007 }) })
  daemon.signal('SIGHUP')
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === next)
  const running = await eventually(commands, (all) => all.length === 1 && all[0] === 'sleep 1007')
  expect(running).toEqual(['sleep 1007'])
})

test('an engine whose lock somebody has taken away ends, for another one may work by then', async () => {
  const commit = await world.commit({ 'a.yaml': sleeperYaml('a', { seconds: 1008 }) })
  await using daemon = new DaemonProcess(world)
  await daemon.until((line) => line.reason === 'CommitHealthy' && line.commit === commit)
  const keepers = childrenOf(daemon.pid).filter(({ command }) => command === 'cat')
  expect(keepers).toHaveLength(1)
  for (const { pid } of keepers) process.kill(pid)
  await daemon.until((line) => line.message.includes('the lock on'))
  await eventually(
    async () => daemon.isRunning,
    (isRunning) => !isRunning,
  )
  expect(await commands()).toEqual(['sleep 1008'])
})

function childrenOf(
  parent: number | undefined,
): readonly { readonly pid: number; readonly command: string }[] {
  return readdirSync('/proc').flatMap((name) => {
    try {
      const [, command = '', ppid = ''] =
        /^\d+ \((.*)\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? []
      return Number(ppid) === parent ? [{ pid: Number(name), command }] : []
    } catch {
      // No process, or one that has ended meanwhile.
      return []
    }
  })
}
