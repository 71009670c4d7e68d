import { execFileSync } from 'node:child_process'
import { mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { git, open, read, repository, temporaryFolder, texts, write } from './repositories.ts'

test('a directory with no Git is read as it is', async () => {
  const folder = temporaryFolder()
  write(folder, {
    'b.yaml': 'b',
    'sub/a.yml': 'a',
    'x.txt': 'x',
    '.reconcileignore': 'skip\n',
    'skip/c.yaml': 'c',
  })
  const source = await open(folder)
  const revision = await source.read()
  expect([source.kind, revision.commit]).toEqual(['directory', 'uncommitted'])
  expect(texts(revision)).toEqual({ 'b.yaml': 'b', 'sub/a.yml': 'a' })
  expect(texts(await read(folder, { path: 'sub' }))).toEqual({ 'sub/a.yml': 'a' })
})

test('a directory with no Git cannot be followed and has no branches', async () => {
  const folder = temporaryFolder()
  await expect(open(folder, { allowUncommitted: false })).rejects.toThrow('is not a Git repository')
  await expect(open(folder, { branch: 'main' })).rejects.toThrow('it has no branch main')
})

test('uncommitted changes are read as they are, with what is new and without what is deleted', async () => {
  const repo = repository({ 'a.yaml': '1', 'gone.yaml': '2', '.gitignore': 'secret.yaml\n' })
  write(repo, { 'a.yaml': 'changed', 'new/b.yaml': 'new', 'secret.yaml': 'no' })
  rmSync(join(repo, 'gone.yaml'))
  const revision = await read(repo)
  expect(revision.commit).toBe('uncommitted')
  expect(texts(revision)).toEqual({ 'a.yaml': 'changed', 'new/b.yaml': 'new' })
})

test('a changed file that is no manifest, or lies outside of the path, leaves the commit in force', async () => {
  const repo = repository({ 'apps/a.yaml': '1', 'b.yaml': '2', 'README.md': 'x' })
  write(repo, { 'README.md': 'y', 'b.yaml': 'changed' })
  const revision = await read(repo, { path: 'apps' })
  expect(revision.commit).toBe(git(repo, 'rev-parse', 'HEAD'))
  expect((await read(repo)).commit).toBe('uncommitted')
})

test('uncommitted changes are not read where they are not allowed', async () => {
  const repo = repository({ 'a.yaml': '1' })
  write(repo, { 'a.yaml': 'changed' })
  expect(texts(await read(repo, { allowUncommitted: false }))).toEqual({ 'a.yaml': '1' })
})

test('a symbolic link in a directory is not followed', async () => {
  const folder = temporaryFolder()
  const outside = temporaryFolder()
  write(outside, { 'o.yaml': 'outside' })
  write(folder, { 'a.yaml': '1' })
  symlinkSync(outside, join(folder, 'out'))
  symlinkSync(join(outside, 'o.yaml'), join(folder, 'link.yaml'))
  const revision = await read(folder)
  expect(texts(revision)).toEqual({ 'a.yaml': '1' })
  expect(revision.problems).toMatchObject([
    { path: 'link.yaml', severity: 'error' },
    { path: 'out', severity: 'warning' },
  ])
  await expect(read(folder, { path: 'out' })).rejects.toThrow('leads out of the repository')
})

test('a tracked folder that was exchanged for a link is not followed', async () => {
  const outside = temporaryFolder()
  write(outside, { 'a.yaml': 'outside' })
  const repo = repository({ 'sub/a.yaml': '1', 'b.yaml': '2' })
  rmSync(join(repo, 'sub'), { recursive: true })
  symlinkSync(outside, join(repo, 'sub'))
  await expect(read(repo)).rejects.toThrow('links are not followed')
})

test('a pipe with the name of a manifest is an error and is not waited for', async () => {
  const folder = temporaryFolder()
  execFileSync('mkfifo', [join(folder, 'a.yaml')])
  expect((await read(folder)).problems).toMatchObject([
    { path: 'a.yaml', severity: 'error', message: expect.stringContaining('not a regular file') },
  ])
})

test('a repository inside a dirty one is named and not read', async () => {
  const repo = repository({ 'a.yaml': '1' })
  mkdirSync(join(repo, 'inner'))
  git(join(repo, 'inner'), 'init', '--quiet')
  write(repo, { 'inner/b.yaml': 'b', 'a.yaml': 'changed' })
  const revision = await read(repo)
  expect(texts(revision)).toEqual({ 'a.yaml': 'changed' })
  expect(revision.problems).toMatchObject([{ path: 'inner', severity: 'warning' }])
})

test('a path that does not exist is refused', async () => {
  await expect(read(temporaryFolder(), { path: 'none' })).rejects.toThrow('has no folder none')
})
