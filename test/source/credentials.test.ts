import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { gitServer } from './gitServer.ts'
import { commit, open, read, repository, temporaryFolder, texts } from './repositories.ts'
import { sshServer } from './sshServer.ts'

const PATH = process.env['PATH']

test('a repository behind a password is fetched with the user’s netrc, and the password stands in no command line', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const server = await gitServer(repo, { account: 'robot:s3cr3tword' })
  const home = temporaryFolder()
  writeFileSync(join(home, '.netrc'), 'machine 127.0.0.1 login robot password s3cr3tword\n', { mode: 0o600 })
  const url = `http://${server.host}/${repo.slice(repo.lastIndexOf('/') + 1)}/.git`
  const revision = await read(url, { environment: { PATH, HOME: home } })
  expect(texts(revision)).toEqual({ 'a.yaml': '1' })
  expect(server.requests.length).toBeGreaterThan(0)
  for (const { processes } of server.requests)
    expect(processes.filter((line) => line.includes('s3cr3tword'))).toEqual([])
})

test('a repository is fetched over ssh with a key and known_hosts, and again when it has moved', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const server = await sshServer()
  const environment = { PATH, HOME: '/nonexistent', GIT_SSH_COMMAND: server.command() }
  const source = await open(`${server.url}${repo}`, { environment })
  expect(texts(await source.read())).toEqual({ 'a.yaml': '1' })
  commit(repo, { 'a.yaml': '2' })
  expect(texts(await source.read())).toEqual({ 'a.yaml': '2' })
})

test('a server that is not among the known hosts is not spoken with, and one that does not know the key is told as such', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const server = await sshServer()
  const as = (command: string) =>
    read(`${server.url}${repo}`, { environment: { PATH, HOME: '/nonexistent', GIT_SSH_COMMAND: command } })
  await expect(as(server.command({ host: 'unknown' }))).rejects.toThrow(/host key verification failed/i)
  await expect(as(server.command({ key: 'unknown' }))).rejects.toThrow(/permission denied/i)
})
