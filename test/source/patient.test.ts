import { readdirSync, renameSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openPatiently, type PatientSource } from '../../engine/source/patient.ts'
import { SourceError } from '../../engine/source/source.ts'
import { commit, git, repository, temporaryFolder, texts } from './repositories.ts'

function patient(repo: string, mirrors = join(temporaryFolder(), 'mirrors')): PatientSource {
  return openPatiently({
    repo,
    mirrors,
    allowUncommitted: false,
    cwd: '/',
    environment: { PATH: process.env['PATH'], HOME: '/nonexistent' },
  })
}

async function now(source: PatientSource): Promise<Record<string, string>> {
  return texts(await source.commits.read(await source.commits.head()))
}

const never = new AbortController().signal

test('a repository that is not there yet is read as soon as it is', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const away = `${temporaryFolder()}/repo`
  const source = patient(away)
  await expect(now(source)).rejects.toThrow('there is no such directory')
  expect(source.name().repository).toBe(away)
  renameSync(repo, away)
  expect(await now(source)).toEqual({ 'a.yaml': '1' })
})

test('another repository in the same place is another one', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const source = patient(repo)
  const head = await source.commits.head()
  renameSync(repo, `${temporaryFolder()}/old`)
  await expect(source.commits.head()).rejects.toThrow(SourceError)
  renameSync(repository({ 'b.yaml': '2' }), repo)
  expect(await now(source)).toEqual({ 'b.yaml': '2' })
  expect(await (await source.here(never)).contains(head)).toBe(false)
})

test('a folder that is no repository is an error that says what to do, and becomes one when it is made one', async () => {
  const folder = temporaryFolder()
  const source = patient(folder)
  await expect(source.commits.head()).rejects.toThrow('git init')
  git(folder, 'init', '--quiet', '--initial-branch=main')
  await expect(source.commits.head()).rejects.toThrow('has no commit yet')
  commit(folder, { 'a.yaml': '1' })
  expect(await now(source)).toEqual({ 'a.yaml': '1' })
})

test('what was fetched of a remote repository is read while its server is away', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const mirrors = join(temporaryFolder(), 'mirrors')
  const head = await patient(`file://${repo}`, mirrors).commits.head()
  renameSync(repo, `${temporaryFolder()}/away`)
  const source = patient(`file://${repo}`, mirrors)
  await expect(source.commits.head()).rejects.toThrow(SourceError)
  const here = await source.here(never)
  expect(here.commits && texts(await here.commits.read(head))).toEqual({ 'a.yaml': '1' })
})

test('a mirror that is damaged is found out after some failures, and fetched anew', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const mirrors = join(temporaryFolder(), 'mirrors')
  expect(await now(patient(`file://${repo}`, mirrors))).toEqual({ 'a.yaml': '1' })
  for (const file of readdirSync(mirrors, { recursive: true, encoding: 'utf8' }))
    if (/objects\/([0-9a-f]{2}\/|pack\/.*\.pack$)/.test(file)) truncateSync(join(mirrors, file), 3)
  const source = patient(`file://${repo}`, mirrors)
  const failures: string[] = []
  let found: Record<string, string> | undefined
  while (found === undefined && failures.length < 10) {
    found = await now(source).catch((error: unknown) => {
      failures.push(String(error))
      return undefined
    })
  }
  expect(failures.at(-1)).toContain('damaged')
  expect(found).toEqual({ 'a.yaml': '1' })
})

test('a damaged local repository is an error, and what can be read of it is not touched', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const source = patient(repo)
  const blob = git(repo, 'rev-parse', 'HEAD:a.yaml')
  renameSync(join(repo, '.git/objects', blob.slice(0, 2)), join(repo, 'kept'))
  for (let look = 0; look < 4; look += 1) await expect(now(source)).rejects.toThrow('is missing in')
  renameSync(join(repo, 'kept'), join(repo, '.git/objects', blob.slice(0, 2)))
  expect(await now(source)).toEqual({ 'a.yaml': '1' })
})

test('a shallow clone is read like any other, and knows of no commit that it does not have', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const first = git(repo, 'rev-parse', 'HEAD')
  commit(repo, { 'a.yaml': '2' })
  const clone = `${temporaryFolder()}/clone`
  git('/', 'clone', '--quiet', '--depth=1', `file://${repo}`, clone)
  const source = patient(clone)
  expect(await now(source)).toEqual({ 'a.yaml': '2' })
  const here = await source.here(never)
  expect([await here.contains(first), await here.contains(await source.commits.head())]).toEqual([
    false,
    true,
  ])
})
