import { execa } from 'execa'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { runningContainers } from '../support/containers.ts'
import { type EngineRun, eventually, World } from '../support/engine.ts'
import { ownWorld } from '../support/ownWorld.ts'
import { machineTraces, NO_TRACES } from '../support/machine.ts'
import { sleeperYaml } from '../support/manifests.ts'
import type { Registry } from '../support/registry.ts'

const MAIN = new URL('../../engine/main.ts', import.meta.url).pathname

let registry: Registry
let world: World
/** The pod that runs all the time. */
let steady: readonly number[]

const STEADY = sleeperYaml('steady')

async function pids(root: string): Promise<readonly number[]> {
  return (await runningContainers(root)).map((container) => container.pid)
}

ownWorld(async (own, its) => {
  world = own
  registry = its
  await world.commit({ 'steady.yaml': STEADY })
  const first = await world.once()
  expect(first, first.stderr).toMatchObject({ exitCode: 0 })
  steady = await pids(world.root)
  expect(steady).toHaveLength(1)
})

/** A run that must not have done anything: told clearly, the pod beside it still the same process. */
async function expectRefused(run: EngineRun, exitCode: number, ...says: readonly RegExp[]): Promise<void> {
  expect(run, run.stderr).toMatchObject({ exitCode })
  for (const text of says) expect(run.stderr).toMatch(text)
  expect(run.stderr).not.toMatch(/a bug of reconcile|^ {4}at /m)
  expect(await pids(world.root)).toEqual(steady)
}

const LAUGHS = Array.from({ length: 12 }, (_, index) => {
  const before = index === 0 ? '"lol"' : `*a${index - 1}`
  return `a${index}: &a${index} [${Array.from({ length: 9 }, () => before).join(', ')}]`
}).join('\n')

describe('a commit with one bad file is refused as a whole', () => {
  test.each<{ what: string; text: string; says: readonly RegExp[] }>([
    { what: 'broken YAML', text: 'apiVersion: v1\nkind: [\n', says: [/^bad\.yaml:\d+:\d+: error: /m] },
    { what: 'a bomb of aliases', text: LAUGHS, says: [/^bad\.yaml:\d+:\d+: error: .*alias/im] },
    {
      what: 'a key that stands twice',
      text: sleeperYaml('bad').replace('kind: Pod', 'kind: Pod\nkind: Pod'),
      says: [/^bad\.yaml:3:1: error: .*kind/m],
    },
    {
      what: 'a binary file',
      text: '\u007fELF\u0002\u0001\u0001\u0000\u0000\u0000',
      says: [/^bad\.yaml:1:1: error: .*(binary|text)/m],
    },
    {
      what: 'an unknown kind',
      text: sleeperYaml('bad').replace('kind: Pod', 'kind: Pud'),
      says: [/^bad\.yaml:2:\d+: error: .*Pud.*Pod/m],
    },
    {
      what: 'two objects of one name',
      text: STEADY,
      says: [/^(bad|steady)\.yaml:\d+:\d+: error: .*steady/m, /bad\.yaml/, /steady\.yaml/],
    },
    {
      what: 'a field of the wrong type',
      text: sleeperYaml('bad').replace('PeriodSeconds: 0', 'PeriodSeconds: soon'),
      says: [/^bad\.yaml:5:\d+: error: .*terminationGracePeriodSeconds.*whole number/m],
    },
    {
      what: 'a misspelt field',
      text: sleeperYaml('bad').replace('command:', 'comand:'),
      says: [/^bad\.yaml:7:\d+: error: .*comand.*did you mean command/m],
    },
    {
      what: 'a field that is not honoured',
      text: `${sleeperYaml('bad')}  runtimeClassName: gvisor\n`,
      says: [/^bad\.yaml:8:\d+: error: .*runtimeClassName/m],
    },
  ])('$what', async ({ text, says }) => {
    await world.commit({ 'steady.yaml': STEADY, 'good.yaml': sleeperYaml('good'), 'bad.yaml': text })
    await expectRefused(await world.once(), 3, ...says, /nothing was touched/)
  })

  test('every error of a commit is told at once', async () => {
    await world.commit({ 'a.yaml': 'kind: [', 'b.yaml': sleeperYaml('b').replace('kind: Pod', 'kind: Pud') })
    await expectRefused(await world.once(), 3, /^a\.yaml:/m, /^b\.yaml:/m, /\d errors? in 2 files/)
  })
})

describe('a repository that cannot be read', () => {
  beforeEach(async () => {
    await world.commit({ 'steady.yaml': STEADY })
  })

  test('a path out of it', async () => {
    await expectRefused(
      await world.once('--path', '../elsewhere'),
      3,
      /--path \.\.\/elsewhere leads out of the repository/,
    )
  })

  test('a link out of it is not followed', async () => {
    await world.git('rm', '--quiet', '--cached', 'steady.yaml')
    await execa('ln', ['-s', '/etc/hostname', join(world.repo, 'link.yaml')])
    await world.git('add', '--all')
    await world.git('commit', '--quiet', '--message', 'link')
    await expectRefused(await world.once(), 3, /link\.yaml.*symbolic link/)
  })

  test('one that does not exist', async () => {
    await expectRefused(
      await world.run('--once', '--repo', '/nonexistent/repo'),
      3,
      /\/nonexistent\/repo: there is no such directory/,
    )
    await expectRefused(
      await world.run('--once', '--repo', 'file:///nonexistent/repo'),
      3,
      /fetching file:\/\/\/nonexistent\/repo: /,
    )
    await expectRefused(await world.once('--branch', 'nope'), 3, /has no branch, tag or commit nope.*main/)
  })

  test('one without a commit', async () => {
    const empty = folder()
    await execa('git', ['init', '--quiet', empty])
    await expectRefused(await world.run('--once', '--repo', empty), 3, /has no commit yet/)
  })
})

describe('a machine or a registry that is not as it should be', () => {
  beforeEach(async () => {
    await world.commit({ 'steady.yaml': STEADY })
  })

  test('an image that cannot be pulled is told once with what the registry said, and the other pods run on', async () => {
    await world.commit({
      'steady.yaml': STEADY,
      'other.yaml': sleeperYaml('other', { image: 'busybox:no-such-tag' }),
    })
    const run = await world.once('--timeout', '60s')
    await expectRefused(
      run,
      1,
      /pod default\/other/,
      /container main: ErrImagePull: .*busybox:no-such-tag.*manifest unknown/,
    )
    expect(run.stderr.match(/manifest unknown/g)?.length).toBeLessThanOrEqual(2)
    await world.commit({ 'steady.yaml': STEADY })
    expect((await world.once()).exitCode).toBe(0)
    expect(await pids(world.root)).toEqual(steady)
  })

  test('without the right to be root nothing is begun', async () => {
    const args = [MAIN, '--once', '--root', world.root, '--repo', world.repo]
    const safe = { GIT_CONFIG_COUNT: '1', GIT_CONFIG_KEY_0: 'safe.directory', GIT_CONFIG_VALUE_0: '*' }
    const options = {
      uid: 65534,
      gid: 65534,
      reject: false,
      env: { ...safe, HOME: '/nonexistent' },
      cwd: '/',
    } as const
    const { exitCode, stdout, stderr } = await execa(process.execPath, args, options)
    await expectRefused({ exitCode, stdout, stderr }, 1, /needs root.*sudo/)
  })

  test.each([
    ['skopeo', /skopeo.*apt-get install skopeo/],
    ['conmon', /conmon.*apt-get install conmon/],
    ['crun runc', /crun or runc.*apt-get install runc/],
    ['nft', /nft.*apt-get install nftables/],
    ['flock', /flock.*apt-get install util-linux/],
    ['git', /git is not installed.*apt-get install git/],
  ])('without %s the message says how to get it', async (program, says) => {
    await expectRefused(await onceWithout(program), program === 'git' ? 3 : 1, says)
  })

  test('another engine at work on the same root is named', async () => {
    const never = sleeperYaml('never', { more: ', readinessProbe: {exec: {command: ["false"]}}' })
    await world.commit({ 'steady.yaml': STEADY, 'never.yaml': never })
    const working = world.start('--once', '--approve', '--repo', world.repo)
    await eventually(
      () => pids(world.root),
      (now) => now.length === 2,
    )
    const refused = await world.once()
    expect(refused, refused.stderr).toMatchObject({ exitCode: 1 })
    expect(refused.stderr).toContain(`process ${working.pid}`)
    expect(await pids(world.root)).toEqual(expect.arrayContaining([...steady]))
    working.kill('SIGINT')
    expect((await working).exitCode).toBe(130)
    await world.commit({ 'steady.yaml': STEADY })
    expect((await world.once()).exitCode).toBe(0)
    expect(await pids(world.root)).toEqual(steady)
  })

  test('another cluster’s root is refused with both names', async () => {
    const other = folder()
    writeFileSync(
      join(other, 'cluster.yaml'),
      'apiVersion: reconcile.dev/v1\nkind: Cluster\nmetadata: {name: stranger}\n',
    )
    const run = await world.run('--once', '--repo', other)
    await expectRefused(run, 3, /cluster e2e from/, /cluster stranger from/, /--take-over/)
  })

  test('a folder that holds other things is not made a root', async () => {
    const other = folder()
    writeFileSync(join(other, 'thesis.txt'), 'years of work')
    const run = await world.once('--root', other)
    await expectRefused(run, 3, /thesis\.txt.*not a root of reconcile/)
  })
})

describe('commands that only look', () => {
  beforeEach(async () => {
    await world.commit({ 'steady.yaml': STEADY })
  })

  test('a pod that is not there gets a near name, or the namespace that has it', async () => {
    await expectRefused(await world.run('logs', 'stedy'), 3, /there is no pod stedy; did you mean steady\?/)
    await expectRefused(await world.run('exec', 'stead', '--', 'ls'), 3, /did you mean steady\?/)
    await expectRefused(await world.run('logs', 'other/steady'), 3, /in namespace other; .* say -n default/)
    await expectRefused(await world.run('logs', 'steady', '-c', 'mian'), 3, /did you mean main\?/)
  })

  test('a root that nothing was ever run on is told so, and none is made', async () => {
    const unused = join(folder(), 'unused')
    await expectRefused(
      await world.run('status', '--root', unused),
      3,
      /nothing was ever run on .*unused: apply a repository/,
    )
    const plan = await world.run('plan', '--root', unused, '--repo', world.repo)
    expect(plan, plan.stderr).toMatchObject({ exitCode: 0 })
    expect(plan.stdout).toMatch(/on .*unused, where nothing was ever run\n\n.*\n {2}\+ create steady/)
    expect(machineTraces(unused)).toEqual(NO_TRACES)
    expect(existsSync(unused)).toBe(false)
  })

  test('another repository is refused with both names, also where nothing would be done', async () => {
    const other = folder()
    const cluster = 'apiVersion: reconcile.dev/v1\nkind: Cluster\nmetadata: {name: stranger}\n'
    writeFileSync(join(other, 'cluster.yaml'), cluster)
    for (const command of ['plan', 'status']) {
      const run = await world.run(command, '--repo', other)
      await expectRefused(run, 3, /belongs to cluster e2e from .* this is cluster stranger from/)
    }
  })
})

describe('a full disk', () => {
  test('is told, leaves what runs alone, and is no trouble any more once there is room', async () => {
    const small = folder()
    await execa('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'reconcile-test', small])
    const root = join(small, 'root')
    const full = await World.create({ registry: registry.url, root })
    try {
      await full.commit({ 'steady.yaml': STEADY })
      const first = await full.once()
      expect(first, first.stderr).toMatchObject({ exitCode: 0 })
      const before = await pids(root)
      await execa('dd', ['if=/dev/zero', `of=${join(small, 'filler')}`, 'bs=4k'], { reject: false })

      await full.commit({
        'steady.yaml': STEADY,
        'other.yaml': sleeperYaml('other', { image: 'reconcile/web:1' }),
      })
      const run = await full.once('--timeout', '15s')
      expect(run, run.stderr).toMatchObject({ exitCode: 1 })
      expect(run.stderr).toMatch(
        /^error: ENOSPC: no space left on device, .*the disk is full: free some space/m,
      )
      expect(await pids(root)).toEqual(before)

      // Room for the record of the commit, and no more: the pod fails half-way.
      await execa('truncate', ['--size=-8K', join(small, 'filler')])
      const halfway = await full.once('--timeout', '5s')
      expect(halfway, halfway.stderr).toMatchObject({ exitCode: 1 })
      expect(halfway.stderr).toMatch(/^pod default\/other: .*the disk is full: free some space/m)
      expect(halfway.stderr).not.toMatch(/a bug/)
      expect(await pids(root)).toEqual(before)

      rmSync(join(small, 'filler'))
      const again = await full.once()
      expect(again, again.stderr).toMatchObject({ exitCode: 0 })
      expect(await pids(root)).toEqual(expect.arrayContaining([...before]))
    } finally {
      rmSync(join(small, 'filler'), { force: true })
      await full[Symbol.asyncDispose]()
      await execa('umount', [small])
    }
  })
})

/** As on a machine that has it not: in a mount namespace of its own, where a file that cannot be run lies over it. */
async function onceWithout(programs: string): Promise<EngineRun> {
  const empty = join(folder(), 'empty')
  writeFileSync(empty, '', { mode: 0o644 })
  const script = `for program in $1; do for f in /usr/local/sbin /usr/local/bin /usr/sbin /usr/bin /sbin /bin; do
    if [ -e "$f/$program" ]; then mount --bind "$2" "$f/$program"; fi
  done; done; shift 2; exec "$@"`
  const engine = [process.execPath, MAIN, '--once', '--root', world.root, '--repo', world.repo]
  const run = await execa('unshare', ['--mount', 'sh', '-ec', script, 'sh', programs, empty, ...engine], {
    reject: false,
    stdin: 'ignore',
  })
  return { exitCode: run.exitCode, stdout: run.stdout, stderr: run.stderr }
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'reconcile-bad-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}
