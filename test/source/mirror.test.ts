import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { redactUrls } from '../../engine/source/redact.ts'
import { isUrl } from '../../engine/source/url.ts'
import { commit, git, open, repository, temporaryFolder, texts } from './repositories.ts'

const environment = { PATH: process.env['PATH'], HOME: '/nonexistent' }

test('a file URL is mirrored, and read again it is fetched again', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const source = await open(`file://${repo}`)
  expect([source.kind, source.repository]).toEqual(['mirror', `file://${repo}`])
  expect(texts(await source.read())).toEqual({ 'a.yaml': '1' })
  commit(repo, { 'a.yaml': '2' })
  expect(texts(await source.read())).toEqual({ 'a.yaml': '2' })
})

test('the default branch of the remote is read, and another one where it is named', async () => {
  const repo = repository({ 'a.yaml': 'trunk' })
  git(repo, 'branch', '-m', 'main', 'trunk')
  git(repo, 'checkout', '--quiet', '-b', 'main')
  commit(repo, { 'a.yaml': 'main' })
  git(repo, 'checkout', '--quiet', 'trunk')
  expect(texts(await (await open(`file://${repo}`)).read())).toEqual({ 'a.yaml': 'trunk' })
  expect(texts(await (await open(`file://${repo}`, { branch: 'main' })).read())).toEqual({ 'a.yaml': 'main' })
})

test('a forced push is followed, and the commit before it is still known', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const second = commit(repo, { 'a.yaml': '2' })
  const source = await open(`file://${repo}`)
  await source.read()
  git(repo, 'reset', '--quiet', '--hard', 'HEAD~1')
  const forced = commit(repo, { 'a.yaml': 'forced' })
  const revision = await source.read()
  expect([revision.commit, texts(revision)]).toEqual([forced, { 'a.yaml': 'forced' }])
  expect(await source.contains(second)).toBe(true)
})

test('a mirror that is fetched again and again is packed, and forgets nothing by that', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const replaced = commit(repo, { 'a.yaml': 'replaced' })
  const mirrors = temporaryFolder()
  const settings = join(temporaryFolder(), 'gitconfig')
  writeFileSync(settings, '[gc]\n  autoPackLimit = 2\n[fetch]\n  unpackLimit = 1\n')
  const source = await open(`file://${repo}`, {
    mirrors,
    environment: { ...environment, GIT_CONFIG_GLOBAL: settings },
  })
  await source.read()
  git(repo, 'reset', '--quiet', '--hard', 'HEAD~1')
  for (let round = 0; round < 5; round += 1) {
    commit(repo, { 'a.yaml': `round ${round}` })
    await source.read()
  }
  const packs = readdirSync(mirrors, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.pack'),
  )
  expect(packs.length).toBeLessThan(4)
  expect(await source.contains(replaced)).toBe(true)
})

test('what a fetch that was cut off has received is taken away, and what one that is under way receives is not', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const mirrors = temporaryFolder()
  const source = await open(`file://${repo}`, { mirrors })
  await source.read()
  const [mirror = ''] = readdirSync(mirrors)
  const packs = join(mirrors, mirror, 'objects/pack')
  for (const name of ['tmp_pack_left', 'tmp_idx_left', 'tmp_pack_now']) writeFileSync(join(packs, name), 'x')
  const hourAgo = new Date(Date.now() - 3_600_000)
  for (const name of ['tmp_pack_left', 'tmp_idx_left']) utimesSync(join(packs, name), hourAgo, hourAgo)
  commit(repo, { 'a.yaml': '2' })
  expect(texts(await source.read())).toEqual({ 'a.yaml': '2' })
  expect(readdirSync(packs).filter((name) => name.startsWith('tmp_'))).toEqual(['tmp_pack_now'])
})

test('a branch that the remote deleted is not found in the mirror either', async () => {
  const repo = repository({ 'a.yaml': '1' })
  git(repo, 'branch', 'side')
  const source = await open(`file://${repo}`, { branch: 'side' })
  await source.read()
  git(repo, 'branch', '--quiet', '-D', 'side')
  await expect(source.read()).rejects.toThrow('has no branch, tag or commit side')
})

test('an empty remote has no commit, and a missing one cannot be fetched', async () => {
  const source = await open(`file://${repository()}`)
  await expect(source.read()).rejects.toThrow('has no commit yet')
  await expect(open('file:///nonexistent/x')).rejects.toThrow(
    "fetching file:///nonexistent/x: '/nonexistent/x' does not appear to be a git repository",
  )
})

test('a server that asks for a password gives an error without the credentials, and stores none', async () => {
  const server = createServer((_, response) => response.writeHead(401, { 'www-authenticate': 'Basic' }).end())
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const mirrors = temporaryFolder()
  const url = `http://joe:geheim@127.0.0.1:${port}/x.git`
  const failure = await open(url, { mirrors, environment }).catch((error: Error) => error)
  expect(failure).toBeInstanceOf(Error)
  const shown = JSON.stringify([String(failure), failure])
  expect(shown).toContain(`fetching http://***@127.0.0.1:${port}/x.git`)
  expect(shown).not.toContain('geheim')
  const kept = readdirSync(mirrors, { recursive: true, withFileTypes: true }).filter((entry) =>
    entry.isFile(),
  )
  expect(kept.length).toBeGreaterThan(0)
  for (const file of kept) {
    expect(readFileSync(join(file.parentPath, file.name), 'utf8')).not.toContain('geheim')
  }
})

test('addresses are told from paths, and those that run commands are refused', () => {
  for (const url of ['https://h/x', 'ssh://git@h/x', 'git@h:x/y.git', 'file:///x'])
    expect(isUrl(url)).toBe(true)
  for (const path of ['.', '/a/b', './a:b', 'a/b', 'C']) expect(isUrl(path)).toBe(false)
  expect(() => isUrl('ext::sh -c touch% /tmp/x')).toThrow('is not fetched')
})

test('an address whose password was not written as an address has it is refused, and the password not shown', () => {
  const urls = [
    'https://me:ge/heim@h/x',
    'https://me:ge/he+im==@h:8443/x',
    'https://me:ge#heim@h/x',
    'https://me:ge heim@h/x',
  ]
  for (const url of urls)
    expect(() => isUrl(url)).toThrow(
      /^the address https:\/\/\*\*\* has a user name or password that cannot be read: write/,
    )
  for (const url of [
    'https://h/~me@x/y',
    'https://h:8443/@scope/x',
    'https://[::1]:80/@x',
    'https://me:geheim@h:80/@x',
  ])
    expect(isUrl(url)).toBe(true)
})

test('credentials in addresses are redacted wherever they stand, and a plain ssh account is kept', () => {
  expect(redactUrls("fatal: 'https://u:p@h/x' and http://token@h")).toBe(
    "fatal: 'https://***@h/x' and http://***@h",
  )
  expect(redactUrls('ssh://git@h/x')).toBe('ssh://git@h/x')
  expect(redactUrls('ssh://git:pw@h/x')).toBe('ssh://***@h/x')
  // Quotes may stand in a password as they are (RFC 3986).
  expect(redactUrls(`fetching https://u:p'w"@h/x: no`)).toBe('fetching https://***@h/x: no')
})
