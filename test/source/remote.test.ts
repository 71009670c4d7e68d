import { randomBytes } from 'node:crypto'
import { basename, join } from 'node:path'
import { expect, test } from 'vitest'
import { addressOf } from '../../engine/source/credentials.ts'
import { runRemote } from '../../engine/source/remote.ts'
import { redactUrls } from '../../engine/source/redact.ts'
import type { FetchProgress } from '../../engine/source/source.ts'
import { reconcile } from '../cli/process.ts'
import { gitServer } from './gitServer.ts'
import { commit, git, open, repository, temporaryFolder, texts } from './repositories.ts'

const environment = { PATH: process.env['PATH'], HOME: '/nonexistent' }

test('a repository behind a password is fetched, and the password stands in no command line meanwhile', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const server = await gitServer(repo, { account: 'joe:ge/h@im' })
  const source = await open(`http://joe:ge%2Fh%40im@${server.host}/${basename(repo)}`)
  expect(texts(await source.read())).toEqual({ 'a.yaml': '1' })
  const processes = server.requests.flatMap((request) => request.processes)
  // The client was among them, with the address alone.
  expect(processes.filter((line) => line.includes(`http://${server.host}/`))).not.toEqual([])
  for (const secret of ['ge/h@im', 'ge%2Fh', btoa('joe:ge/h@im')]) {
    expect(processes.filter((line) => line.includes(secret))).toEqual([])
  }
})

test('the engine does not show the password that it was started with either', async () => {
  const repo = repository({ 'a.yaml': '' })
  const server = await gitServer(repo, { account: 'joe:geheim' })
  const url = `http://joe:geheim@${server.host}/${basename(repo)}`
  const home = { HOME: temporaryFolder(), DEBUG: '*' }
  const run = await reconcile(['validate', '--repo', url], { environment: home })
  expect(run.status, run.stderr).toBe(0)
  const processes = server.requests.flatMap((request) => request.processes)
  expect(processes.filter((line) => line.trim() === 'reconcile')).not.toEqual([])
  expect(processes.filter((line) => line.includes('geheim'))).toEqual([])
  expect(run.stdout + run.stderr).not.toContain('geheim')
})

test('the password of the address is the one that counts, whatever a helper of the user has kept', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const server = await gitServer(repo, { account: 'joe:geheim' })
  const home = temporaryFolder()
  git(
    home,
    'config',
    '--file',
    join(home, '.gitconfig'),
    'credential.helper',
    '!echo username=eve; echo password=wrong; :',
  )
  const source = await open(`http://joe:geheim@${server.host}/${basename(repo)}`, {
    environment: { ...environment, HOME: home },
  })
  expect(texts(await source.read())).toEqual({ 'a.yaml': '1' })
})

test('with a user name alone in the address, the user’s helper is asked for the password of that user', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const server = await gitServer(repo, { account: 'joe:geheim' })
  const home = temporaryFolder()
  const helper = '!f() { grep -q "^username=joe$" && echo password=geheim; }; f'
  git(home, 'config', '--file', join(home, '.gitconfig'), 'credential.helper', helper)
  const source = await open(`http://joe@${server.host}/${basename(repo)}`, {
    environment: { ...environment, HOME: home },
  })
  expect(texts(await source.read())).toEqual({ 'a.yaml': '1' })
})

test('a wrong password is told as such, and not shown', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const server = await gitServer(repo, { account: 'joe:geheim' })
  const url = `http://joe:falsch@${server.host}/${basename(repo)}`
  const failure = await open(url).catch((error: unknown) => error)
  expect(String(failure)).toMatch(
    /^SourceError: fetching http:\/\/\*\*\*@\S+: Authentication failed for \S+; the user name and password of the address are not accepted/,
  )
  expect(String(failure)).not.toContain('falsch')
})

test('a repository without news costs one look at the server and no fetch', async () => {
  const repo = repository({ 'a.yaml': '1' })
  git(repo, 'tag', '--annotate', '--message', 'one', 'v1')
  const server = await gitServer(repo)
  const source = await open(`http://${server.host}/${basename(repo)}`)
  await source.read()
  const fetches = () => server.requests.length
  const first = fetches()
  await source.read()
  const look = fetches() - first
  commit(repo, { 'a.yaml': '2' })
  expect(texts(await source.read())).toEqual({ 'a.yaml': '2' })
  expect(fetches() - first - look).toBeGreaterThan(look)
})

test('a fetch tells how far it is', async () => {
  // More than one write of Git's, which tells of each hundredth.
  const files = Array.from({ length: 400 }, (_, index) => [`${index}.bin`, randomBytes(20_000)] as const)
  const repo = repository(Object.fromEntries(files))
  const told: FetchProgress[] = []
  await open(`file://${repo}`, { onFetch: (progress) => told.push(progress) })
  expect(told.map(({ stage }) => stage)).toContain('receiving')
  for (const { percent } of told) expect(percent).toBeLessThanOrEqual(100)
})

test('without git the message says how to get it', async () => {
  const options = { cwd: temporaryFolder(), environment: { PATH: '/nonexistent' } }
  await expect(runRemote('http://127.0.0.1:9/x', () => ['ls-remote'], options)).rejects.toThrow(
    'git is not installed',
  )
})

test('a server that does not answer is given up', async () => {
  const server = await gitServer('/', { instead: () => undefined })
  const url = `http://${server.host}/x`
  const options = { cwd: temporaryFolder(), environment, timeoutMs: 200 }
  await expect(runRemote(url, (address) => ['ls-remote', '--', address], options)).rejects.toThrow(
    `fetching ${url}: nothing was heard for 0.2 s`,
  )
})

test('a fetch ends when it is not wanted any more', async () => {
  const stop = new AbortController()
  const server = await gitServer('/', { instead: () => stop.abort(new Error('not wanted')) })
  const options = { cwd: temporaryFolder(), environment, signal: stop.signal }
  const fetching = runRemote(`http://${server.host}/x`, (address) => ['ls-remote', '--', address], options)
  await expect(fetching).rejects.toThrow('not wanted')
})

test('variables for people at a keyboard, and those of a hook that called us, disturb nothing', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const disturbed = {
    ...environment,
    EDITOR: 'vi',
    PAGER: 'less',
    GIT_DIR: '/nonexistent',
    GIT_SSH_COMMAND: 'ssh -v',
  }
  const source = await open(`file://${repo}`, { environment: disturbed })
  expect(texts(await source.read())).toEqual({ 'a.yaml': '1' })
})

test('addresses that hold what cannot be used are refused without showing it', () => {
  for (const url of ['https://joe:a%zz@h/x', 'https://joe:a%0aquit@h/x']) {
    expect(() => addressOf(url)).toThrow(
      'the address https://***@h/x has a user name or password that cannot be read',
    )
  }
  expect(() => addressOf('ssh://git:geheim@h/x')).toThrow('the address ssh://***@h/x holds a password')
})

test('a password with an @ that was not written as %40 is in no command line and no message', () => {
  const url = 'https://joe:ge@he@im@h/x@y'
  expect(addressOf(url)).toMatchObject({
    url: 'https://h/x@y',
    environment: { RECONCILE_GIT_USER: 'joe', RECONCILE_GIT_PASSWORD: 'ge@he@im' },
  })
  expect(redactUrls(`fetching ${url}: no`)).toBe('fetching https://***@h/x@y: no')
})

test('an account of ssh is a part of the address', () => {
  for (const url of ['ssh://git@h/x', 'git@h:x/y.git', 'file:///x@y', 'https://h/x@y']) {
    expect(addressOf(url)).toEqual({ url, environment: {} })
  }
})
