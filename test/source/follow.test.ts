import { renameSync, rmSync } from 'node:fs'
import { setTimeout as sleepFor } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { Follower, type FollowOptions, type News } from '../../engine/source/follow.ts'
import type { Source } from '../../engine/source/source.ts'
import { commit, git, open, repository, temporaryFolder, texts } from './repositories.ts'

const LONG_MS = 3_600_000

interface Followed {
  readonly follower: Follower
  next(): Promise<News>
}

function follow(source: Source, options: Partial<FollowOptions> = {}): Followed {
  const ending = new AbortController()
  onTestFinished(() => ending.abort())
  if (source.commits === undefined) throw new Error('it has no commits')
  const follower = new Follower(source.commits, {
    // Only what happens to the files, or a nudge, brings news within a test.
    intervalMs: () => LONG_MS,
    retryMsMin: LONG_MS,
    retryMsMax: LONG_MS,
    sleep: (ms, signal) => sleepFor(ms, undefined, { signal }).catch(() => undefined),
    jitter: () => 0.5,
    signal: ending.signal,
    ...options,
  })
  const news = follower.news()
  return {
    follower,
    next: async () => {
      const { done, value } = await news.next()
      if (done === true) throw new Error('there are no more news')
      return value
    },
  }
}

function textsOf(news: News): unknown {
  if (news.kind === 'failure' || news.kind === 'folderGone') return news.error.message
  if (news.kind === 'same') return news.commit
  return texts(news.revision)
}

test('a commit in a local repository is news, and the next one, without anybody asking', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const { next } = follow(await open(repo))
  expect(textsOf(await next())).toEqual({ 'a.yaml': '1' })
  for (const content of ['2', '3']) {
    const coming = next()
    commit(repo, { 'a.yaml': content })
    expect(textsOf(await coming)).toEqual({ 'a.yaml': content })
  }
})

test('what is known already is no news', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const known = git(repo, 'rev-parse', 'HEAD')
  const { next } = follow(await open(repo), { known })
  const coming = next()
  commit(repo, { 'a.yaml': '2' })
  expect(textsOf(await coming)).toEqual({ 'a.yaml': '2' })
})

test('packed refs, another checked-out branch and a commit that goes back are followed', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const { next } = follow(await open(repo))
  await next()
  const packed = next()
  commit(repo, { 'a.yaml': '2' })
  git(repo, 'pack-refs', '--all')
  expect(textsOf(await packed)).toEqual({ 'a.yaml': '2' })
  const back = next()
  git(repo, 'reset', '--quiet', '--hard', 'HEAD~1')
  expect(textsOf(await back)).toEqual({ 'a.yaml': '1' })
  git(repo, 'branch', 'side', 'HEAD@{1}')
  const side = next()
  git(repo, 'checkout', '--quiet', 'side')
  expect(textsOf(await side)).toEqual({ 'a.yaml': '2' })
})

test('a bare repository is followed through pushes, also to a branch that is named', async () => {
  const work = repository({ 'a.yaml': '1' })
  const bare = temporaryFolder()
  git(bare, 'init', '--quiet', '--bare', '--initial-branch=main')
  git(work, 'push', '--quiet', bare, 'main:live')
  const { next } = follow(await open(bare, { branch: 'live' }))
  expect(textsOf(await next())).toEqual({ 'a.yaml': '1' })
  const coming = next()
  commit(work, { 'a.yaml': '2' })
  git(work, 'push', '--quiet', bare, 'main:live')
  expect(textsOf(await coming)).toEqual({ 'a.yaml': '2' })
})

test('a worktree is followed on its own branch', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const tree = `${temporaryFolder()}/tree`
  git(repo, 'worktree', 'add', '--quiet', '-b', 'side', tree)
  const { next } = follow(await open(tree))
  await next()
  const coming = next()
  commit(repo, { 'a.yaml': 'of main' })
  commit(tree, { 'a.yaml': 'of the side' })
  expect(textsOf(await coming)).toEqual({ 'a.yaml': 'of the side' })
})

test('a remote repository is asked when somebody nudges', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const { follower, next } = follow(await open(`file://${repo}`))
  await next()
  commit(repo, { 'a.yaml': '2' })
  const coming = next()
  follower.nudge()
  expect(textsOf(await coming)).toEqual({ 'a.yaml': '2' })
})

test('a remote repository is asked every interval', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const { next } = follow(await open(`file://${repo}`), { intervalMs: () => 10 })
  await next()
  commit(repo, { 'a.yaml': '2' })
  expect(textsOf(await next())).toEqual({ 'a.yaml': '2' })
})

test('a repository that is gone is told of, and followed again when it is back', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const { next } = follow(await open(repo), { intervalMs: () => 20, retryMsMin: 20, retryMsMax: 20 })
  await next()
  renameSync(repo, `${repo}.away`)
  onTestFinished(() => rmSync(`${repo}.away`, { recursive: true, force: true }))
  const gone = await next()
  expect(gone).toMatchObject({ kind: 'failure', failures: 1 })
  expect(textsOf(gone)).toContain(`${repo} is not there any more`)
  expect(await next()).toMatchObject({ kind: 'failure', failures: 2 })
  renameSync(`${repo}.away`, repo)
  commit(repo, { 'a.yaml': '2' })
  let news = await next()
  while (news.kind === 'failure') news = await next()
  expect(textsOf(news)).toEqual({ 'a.yaml': '2' })
})

test('what sets a local repository right is seen at once, without waiting for the next look', async () => {
  const repo = repository({ 'a.yaml': '1' })
  const { next } = follow(await open(repo))
  await next()
  git(repo, 'checkout', '--quiet', '--orphan', 'empty')
  expect(textsOf(await next())).toContain('has no default branch')
  git(repo, 'checkout', '--quiet', '--force', 'main')
  commit(repo, { 'a.yaml': '2' })
  expect(textsOf(await next())).toEqual({ 'a.yaml': '2' })
})

test('a branch that vanishes is told of, and the waits after failures grow to their bound', async () => {
  const repo = repository({ 'a.yaml': '1' })
  git(repo, 'branch', 'side')
  const waits: number[] = []
  const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    waits.push(ms)
    await sleepFor(1, undefined, { signal }).catch(() => undefined)
  }
  const { next } = follow(await open(`file://${repo}`, { branch: 'side' }), {
    intervalMs: () => 1,
    retryMsMin: 200,
    retryMsMax: 800,
    sleep,
  })
  await next()
  git(repo, 'branch', '--quiet', '-D', 'side')
  for (let failures = 1; failures <= 5; failures += 1) {
    const news = await next()
    expect(news).toMatchObject({ kind: 'failure', failures })
    expect(textsOf(news)).toContain('has no branch, tag or commit side')
  }
  expect(waits.slice(-4)).toEqual([200, 400, 800, 800])
})
