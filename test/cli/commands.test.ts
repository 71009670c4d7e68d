import { chmodSync, existsSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { COMMANDS } from '../../engine/cli/commands.ts'
import { repository, temporaryFolder, write } from '../source/repositories.ts'
import { MAIN, reconcile, runProgram } from './process.ts'
import { MISSPELT, POD } from './pods.ts'

const version = (
  JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string }
).version

describe('help and version', () => {
  test('the overview names every command and goes to the standard output', async () => {
    const { status, stdout, stderr } = await reconcile(['help'])
    expect([status, stderr]).toEqual([0, ''])
    for (const { name } of COMMANDS) expect(stdout).toContain(`reconcile ${name}`.trim())
    expect((await reconcile(['--help'])).stdout).toBe(stdout)
  })

  test('a command’s help has its options and examples, by either way', async () => {
    const { status, stdout } = await reconcile(['help', 'logs'])
    expect(status).toBe(0)
    expect(stdout).toContain('--follow')
    expect(stdout).toContain('reconcile logs -f --tail 20 deployment/web')
    expect((await reconcile(['logs', '--help'])).stdout).toBe(stdout)
  })

  test('the version is the package’s', async () => {
    expect((await reconcile(['version'])).stdout).toBe(`reconcile ${version}\n`)
    expect((await reconcile(['--version'])).stdout).toBe(`reconcile ${version}\n`)
    expect(JSON.parse((await reconcile(['version', '-o', 'json'])).stdout)).toEqual({
      version,
      node: process.version,
    })
  })
})

describe('the executable', () => {
  test('runs by itself, from a symbolic link and with another Node first in PATH', async () => {
    const link = join(temporaryFolder(), 'reconcile')
    symlinkSync(MAIN, link)
    const run = await runProgram(link, ['version'], { environment: { PATH: '/usr/bin:/bin' } })
    expect(run).toEqual({ status: 0, stdout: `reconcile ${version}\n`, stderr: '' })
  })

  test('without a Node that is new enough, says so', async () => {
    const folder = temporaryFolder()
    write(folder, { 'engine/main.ts': readFileSync(MAIN), 'bin/node': '#!/bin/sh\necho v20.1.0\n' })
    for (const path of ['engine/main.ts', 'bin/node']) chmodSync(join(folder, path), 0o755)
    const PATH = `${folder}/bin:/usr/bin:/bin`
    const run = await runProgram(join(folder, 'engine/main.ts'), ['version'], { environment: { PATH } })
    expect([run.status, run.stdout]).toEqual([3, ''])
    expect(run.stderr).toBe(
      'error: reconcile needs Node 26 or newer, and finds v20.1.0; in a clone, npm ci brings it\n',
    )
  })

  test('ends quietly when its reader goes away', async () => {
    const run = await runProgram('/bin/bash', [
      '-c',
      `set -o pipefail; "${process.execPath}" "${MAIN}" help | true`,
    ])
    expect([run.status, run.stderr]).toEqual([0, ''])
  })
})

describe('wrong arguments', () => {
  test('end with 3 and a suggestion on the standard error', async () => {
    expect(await reconcile(['stauts'])).toEqual({
      status: 3,
      stdout: '',
      stderr: 'error: there is no command stauts; did you mean status?\nsee: reconcile help\n',
    })
  })

  test('an engine that is to follow what cannot be followed ends with 3, and makes no root', async () => {
    const root = join(temporaryFolder(), 'root')
    const follow = (...args: readonly string[]) => reconcile(['--root', root, ...args])
    const folder = temporaryFolder()
    expect(await follow('--repo', folder)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('is not a Git repository'),
    })
    expect(await follow('--repo', `${folder}/none`)).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('there is no such directory'),
    })
    expect(await follow('--repo', folder, '--timeout', '5m')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('--timeout belongs to reconcile --once'),
    })
    expect(await follow('--repo', folder, '--webhook-secret-file', 'x')).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('--listen'),
    })
    const [open, empty] = ['open', 'empty'].map((name) => join(folder, name))
    writeFileSync(open ?? '', 'secret', { mode: 0o640 })
    writeFileSync(empty ?? '', '\n', { mode: 0o600 })
    for (const [file, why] of [
      [open, `is not its owner's alone (mode 640): chmod 600 ${open}`],
      [empty, 'is empty'],
    ] as const) {
      expect(
        await follow('--repo', folder, '--listen', '0', '--webhook-secret-file', file ?? ''),
      ).toMatchObject({ status: 3, stderr: expect.stringContaining(why) })
    }
    expect(existsSync(root)).toBe(false)
  })

  test('a timeout that is no duration is refused', async () => {
    const { status, stderr } = await reconcile(['--once', '--timeout', 'soon'])
    expect([status, stderr]).toEqual([3, expect.stringContaining('--timeout takes a duration')])
  })
})

describe.each(['plan', '--once'])('%s', (command) => {
  const root = join(temporaryRoot(), 'root')

  test('of an invalid commit ends with 3, every error, and nothing touched', async () => {
    const repo = repository({ 'a.yaml': MISSPELT, 'b.yaml': '{' })
    const { status, stdout, stderr } = await reconcile([command, '--repo', repo, '--root', root])
    expect([status, stdout]).toEqual([3, ''])
    expect(stderr).toMatch(/a\.yaml:5:.*\n.*b\.yaml:1:/s)
    expect(existsSync(root)).toBe(false)
  })

  test('of a repository that does not exist or has no commit ends with 3', async () => {
    expect(await reconcile([command, '--repo', '/nonexistent', '--root', root])).toEqual({
      status: 3,
      stdout: '',
      stderr: 'error: opening the repository /nonexistent: there is no such directory\n',
    })
    const { status, stderr } = await reconcile([command, '--repo', repository(), '--root', root])
    expect([status, stderr]).toEqual([3, expect.stringContaining('has no commit yet')])
  })

  test('of an unknown branch proposes a near one', async () => {
    const repo = repository({ 'a.yaml': POD })
    const { status, stderr } = await reconcile([command, '--repo', repo, '--branch', 'mian', '--root', root])
    expect([status, stderr]).toEqual([
      3,
      expect.stringContaining('no branch, tag or commit mian; did you mean main?'),
    ])
  })

  test('of a path out of the repository ends with 3', async () => {
    const repo = repository({ 'a.yaml': POD })
    const { status, stderr } = await reconcile([command, '--repo', repo, '--path', '../x', '--root', root])
    expect([status, stderr]).toEqual([3, expect.stringContaining('leads out of the repository')])
  })

  test('of two nodes that are one machine ends with 3, and nothing touched', async () => {
    const nodes = ['rack', 'other'].map(
      (name) =>
        `apiVersion: reconcile.dev/v1\nkind: Node\nmetadata: {name: ${name}}\nspec: {address: "ssh://ops@192.0.2.1"}\n`,
    )
    const repo = repository({ 'a.yaml': POD, 'node.yaml': nodes.join('---\n') })
    const { status, stderr } = await reconcile([command, '--repo', repo, '--root', root])
    expect(status).toBe(3)
    expect(stderr).toContain('nodes other and rack are both ssh://ops@192.0.2.1: keep one of them')
    expect(existsSync(root)).toBe(false)
  })
})

function temporaryRoot(): string {
  return `/tmp/reconcile-no-root-${process.pid}`
}

test.each(['status', 'logs', 'exec', 'events', 'top'])(
  '%s on a root where nothing was ever run says so',
  async (command) => {
    const rest = command === 'logs' ? ['web'] : command === 'exec' ? ['web', '--', 'ls'] : []
    const run = await reconcile(['--root', '/tmp/reconcile-never-used', command, ...rest])
    expect([run.status, run.stdout]).toEqual([3, ''])
    expect(run.stderr).toMatch(/nothing was ever run on \/tmp\/reconcile-never-used|needs root/)
    expect(existsSync('/tmp/reconcile-never-used')).toBe(false)
  },
)

test('down on a root where nothing was ever run has nothing to do', async () => {
  const run = await reconcile(['down', '--root', '/tmp/reconcile-never-used'])
  expect(run).toEqual({ status: 0, stdout: 'nothing to remove on /tmp/reconcile-never-used\n', stderr: '' })
})

describe('completion', () => {
  test.each(['bash', 'zsh', 'fish'])('for %s names every command', async (shell) => {
    const { status, stdout, stderr } = await reconcile(['completion', shell])
    expect([status, stderr]).toEqual([0, ''])
    for (const { name } of COMMANDS) expect(stdout).toContain(name)
  })

  test('for an unknown shell is refused', async () => {
    const { status, stderr } = await reconcile(['completion', 'bsh'])
    expect([status, stderr]).toEqual([3, expect.stringContaining('did you mean bash?')])
  })

  async function complete(...words: readonly string[]): Promise<readonly string[]> {
    const script = (await reconcile(['completion', 'bash'])).stdout
    const test = `${script}
      COMP_WORDS=(reconcile ${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      _reconcile; printf '%s\\n' "\${COMPREPLY[@]}"`
    const run = await runProgram('/bin/bash', ['-c', test])
    expect(run.stderr).toBe('')
    return run.stdout.split('\n').filter((line) => line !== '')
  }

  test('bash completes commands, options, and their values', async () => {
    expect(await complete('st')).toEqual(['status'])
    expect(await complete('logs', '--t')).toEqual(['--tail', '--timestamps'])
    expect(await complete('status', '-o', 'w')).toEqual(['wide'])
    expect(await complete('--log-format', '')).toEqual(['auto', 'text', 'json'])
    expect(await complete('completion', '')).toEqual(['bash', 'zsh', 'fish'])
    expect(await complete('exec', 'web', '--', 'l')).toEqual([])
  })
})
