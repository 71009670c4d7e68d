import { createHash } from 'node:crypto'
import { chmodSync, chownSync, existsSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { commit, git, open, read, repository, temporaryFolder, texts, write } from './repositories.ts'

test('a commit is read with its id, its manifests sorted by path, and their blob ids', async () => {
  const repo = repository({ 'web.yaml': 'b', 'a/pod.json': 'a', 'a/other.yml': 'c', 'README.md': 'x' })
  const revision = await read(repo)
  expect(revision.commit).toBe(git(repo, 'rev-parse', 'HEAD'))
  expect(texts(revision)).toEqual({ 'a/other.yml': 'c', 'a/pod.json': 'a', 'web.yaml': 'b' })
  expect(revision.files.map((file) => file.path)).toEqual(['a/other.yml', 'a/pod.json', 'web.yaml'])
  expect(revision.files[2]?.blob).toBe(createHash('sha1').update('blob 1\0b').digest('hex'))
})

test('a bare repository is read', async () => {
  const bare = join(temporaryFolder(), 'bare.git')
  git('/', 'clone', '--quiet', '--bare', repository({ 'a.yaml': 'one' }), bare)
  expect(texts(await read(bare))).toEqual({ 'a.yaml': 'one' })
})

test('a worktree is read at its own commit', async () => {
  const repo = repository({ 'a.yaml': 'main' })
  const tree = join(temporaryFolder(), 'tree')
  git(repo, 'worktree', 'add', '--quiet', '-b', 'side', tree)
  commit(tree, { 'a.yaml': 'side' })
  expect(texts(await read(tree))).toEqual({ 'a.yaml': 'side' })
  expect(texts(await read(repo))).toEqual({ 'a.yaml': 'main' })
})

test('a folder inside a repository stands for the repository and that folder', async () => {
  const repo = repository({ 'apps/web/a.yaml': 'a', 'apps/b.yaml': 'b', 'c.yaml': 'c' })
  const source = await open(join(repo, 'apps'))
  expect([source.repository, source.path]).toEqual([repo, 'apps'])
  expect(texts(await source.read())).toEqual({ 'apps/b.yaml': 'b', 'apps/web/a.yaml': 'a' })
  const deeper = await open(join(repo, 'apps'), { path: './web/' })
  expect(deeper.path).toBe('apps/web')
})

test('a branch, a tag and a commit id each name a commit, and a branch comes before a tag of its name', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const first = git(repo, 'rev-parse', 'HEAD')
  git(repo, 'tag', '-a', '-m', 'x', 'v1')
  git(repo, 'tag', 'side')
  git(repo, 'checkout', '--quiet', '-b', 'side')
  commit(repo, { 'a.yaml': '2' })
  git(repo, 'checkout', '--quiet', 'main')
  expect(texts(await read(repo, { branch: 'v1' }))).toEqual({ 'a.yaml': '1' })
  expect(texts(await read(repo, { branch: 'side' }))).toEqual({ 'a.yaml': '2' })
  expect((await read(repo, { branch: first.slice(0, 9) })).commit).toBe(first)
})

test('with a branch named, uncommitted changes are not looked at', async () => {
  const repo = repository({ 'a.yaml': '1' })
  write(repo, { 'a.yaml': 'changed' })
  expect(texts(await read(repo, { branch: 'main' }))).toEqual({ 'a.yaml': '1' })
})

test('an unknown branch is refused together with the branches that there are', async () => {
  const repo = repository({ 'a.yaml': '1' })
  git(repo, 'branch', 'production')
  await expect(read(repo, { branch: 'prodution' })).rejects.toMatchObject({
    name: 'SourceError',
    message: `${repo} has no branch, tag or commit prodution`,
    asked: { name: 'prodution', candidates: ['main', 'production'] },
  })
})

test.each(['HEAD~1', '--upload-pack=x', 'main..side', 'main@{1}', 'a b', 'x:y'])(
  'the revision expression %s is not taken for a branch',
  async (branch) => {
    const repo = repository({ 'a.yaml': '1' })
    await expect(read(repo, { branch })).rejects.toThrow(`has no branch, tag or commit ${branch}`)
  },
)

test('a repository without a commit is refused', async () => {
  const repo = repository()
  write(repo, { 'a.yaml': '1' })
  await expect(read(repo)).rejects.toThrow(`${repo} has no commit yet`)
})

test('a repository that does not exist is refused, and so is a file', async () => {
  const folder = temporaryFolder()
  await expect(open(join(folder, 'none'))).rejects.toThrow('there is no such directory')
  write(folder, { 'a.yaml': '' })
  await expect(open(join(folder, 'a.yaml'))).rejects.toThrow('it is a file')
})

test('a path that the commit does not have is refused together with the folders that there are', async () => {
  const repo = repository({ 'apps/web/a.yaml': '1', 'b.yaml': '2' })
  await expect(read(repo, { path: 'apps/wep' })).rejects.toMatchObject({
    message: expect.stringContaining('has no folder apps/wep'),
    asked: { candidates: ['apps/web'] },
  })
  await expect(read(repo, { path: 'b.yaml' })).rejects.toThrow('b.yaml is not a folder')
})

test.each(['..', '../other', 'a/../../b', '/etc'])('the path %s leads out and is refused', async (path) => {
  const repo = repository({ 'a.yaml': '1' })
  await expect(read(repo, { path })).rejects.toThrow('leads out of the repository')
})

test('names with spaces, newlines, quotes and letters of all kinds are read as they are', async () => {
  const names = [
    'with space.yaml',
    'new\nline.yaml',
    'quote".yaml',
    'tab\t.yaml',
    'é/日本語.yaml',
    '-dash.yaml',
  ]
  const repo = repository(Object.fromEntries(names.map((name) => [name, name])))
  expect(texts(await read(repo))).toEqual(Object.fromEntries(names.map((name) => [name, name])))
})

test('a very long path is read', async () => {
  const path = `${Array.from({ length: 12 }, () => 'd'.repeat(200)).join('/')}/a.yaml`
  const repo = repository({ [path]: 'deep' })
  expect(texts(await read(repo))).toEqual({ [path]: 'deep' })
})

test('a name that is not UTF-8 is an error of the commit', async () => {
  const repo = repository({ 'a.yaml': '1' })
  writeFileSync(
    Buffer.concat([Buffer.from(`${repo}/`), Buffer.from([0xff, 0xfe]), Buffer.from('.yaml')]),
    'x',
  )
  git(repo, 'add', '--all')
  git(repo, 'commit', '--quiet', '-m', 'x')
  const { problems } = await read(repo)
  expect(problems).toMatchObject([{ severity: 'error', message: expect.stringContaining('not UTF-8') }])
})

test('a symbolic link is never followed: an error with the name of a manifest, else a warning', async () => {
  const repo = repository({ 'a.yaml': '1' })
  symlinkSync('/etc/passwd', join(repo, 'link.yaml'))
  symlinkSync('/etc', join(repo, 'folder'))
  git(repo, 'add', '--all')
  git(repo, 'commit', '--quiet', '-m', 'x')
  const revision = await read(repo)
  expect(texts(revision)).toEqual({ 'a.yaml': '1' })
  expect(revision.problems.map((problem) => [problem.path, problem.severity])).toEqual([
    ['folder', 'warning'],
    ['link.yaml', 'error'],
  ])
  await expect(read(repo, { path: 'folder' })).rejects.toThrow('folder is not a folder in commit')
})

test('a submodule is named and not read', async () => {
  const other = repository({ 'inside.yaml': 'x' })
  const repo = repository({ 'a.yaml': '1' })
  git(repo, 'submodule', '--quiet', 'add', other, 'lib')
  git(repo, 'commit', '--quiet', '-m', 'x')
  const revision = await read(repo)
  expect(texts(revision)).toEqual({ 'a.yaml': '1' })
  expect(revision.problems).toMatchObject([
    { path: 'lib', severity: 'warning', message: expect.stringContaining('submodule') },
  ])
  await expect(read(repo, { path: 'lib' })).rejects.toThrow('lib is a submodule')
})

test('.reconcileignore leaves out what its patterns name, and one in a folder has the last word there', async () => {
  const repo = repository({
    '.reconcileignore': 'package*.json\n/charts/\n*.draft.yaml\n',
    'apps/.reconcileignore': '!keep.draft.yaml\n',
    'package.json': '{}',
    'charts/x/values.yaml': '',
    'a.draft.yaml': '',
    'apps/keep.draft.yaml': 'kept',
    'apps/not.draft.yaml': '',
    'b.yaml': 'b',
  })
  expect(texts(await read(repo))).toEqual({ 'apps/keep.draft.yaml': 'kept', 'b.yaml': 'b' })
  expect(texts(await read(repo, { path: 'apps' }))).toEqual({ 'apps/keep.draft.yaml': 'kept' })
})

test('a manifest that is far too large is an error of the commit and is not loaded', async () => {
  const repo = repository({ 'a.yaml': 'x'.repeat(8 * 1024 * 1024 + 1) })
  const revision = await read(repo)
  expect(revision.files).toEqual([])
  expect(revision.problems).toMatchObject([{ path: 'a.yaml', severity: 'error' }])
})

test('hooks and a file system monitor of the repository are not run', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const trap = join(repo, 'trap')
  write(repo, { '.git/spy': `#!/bin/sh\ntouch ${trap}\n` })
  chmodSync(join(repo, '.git/spy'), 0o755)
  git(repo, 'config', 'core.hooksPath', join(repo, '.git'))
  git(repo, 'config', 'core.fsmonitor', join(repo, '.git/spy'))
  rmSync(trap, { force: true })
  await read(repo)
  expect(existsSync(trap)).toBe(false)
})

test('variables of a hook that called us do not lead to another repository', async () => {
  const other = repository({ 'other.yaml': 'x' })
  const repo = repository({ 'a.yaml': '1' })
  const environment = {
    PATH: process.env['PATH'],
    GIT_DIR: join(other, '.git'),
    GIT_INDEX_FILE: '/nonexistent',
  }
  expect(texts(await read(repo, { environment }))).toEqual({ 'a.yaml': '1' })
})

test('a damaged object is an error that names the repository', async () => {
  const repo = repository({ 'a.yaml': 'content' })
  const blob = git(repo, 'rev-parse', 'HEAD:a.yaml')
  const file = join(repo, '.git/objects', blob.slice(0, 2), blob.slice(2))
  chmodSync(file, 0o644)
  writeFileSync(file, 'garbage')
  await expect(read(repo)).rejects.toThrow(/reading (the files of commit|1 files)/)
  rmSync(file)
  await expect(read(repo, { branch: 'main' })).rejects.toThrow(/reading (the files of commit|1 files)/)
})

test('a later commit of an opened repository is read, and what did not change is the same bytes', async () => {
  const repo = repository({ 'a.yaml': '1', 'b.yaml': 'b' })
  const source = await open(repo)
  const before = await source.read()
  commit(repo, { 'a.yaml': '2' })
  const after = await source.read()
  expect(texts(after)).toEqual({ 'a.yaml': '2', 'b.yaml': 'b' })
  expect(after.files[1]?.content).toBe(before.files[1]?.content)
})

test('a commit is contained as long as Git has it', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const source = await open(repo)
  expect(await source.contains(git(repo, 'rev-parse', 'HEAD'))).toBe(true)
  expect(await source.contains('0'.repeat(40))).toBe(false)
  expect(await source.contains('uncommitted')).toBe(false)
})

test('a repository of another user is refused with what makes Git trust it', async () => {
  const repo = repository({ 'a.yaml': '1' })
  for (const path of [repo, join(repo, '.git')]) chownSync(path, 12_345, 12_345)
  await expect(open(repo)).rejects.toThrow(`git config --global --add safe.directory ${repo}`)
})
