import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { onTestFinished } from 'vitest'
import { openSource } from '../../engine/source/open.ts'
import type { Revision, Source, SourceOptions } from '../../engine/source/source.ts'

/** A folder that is gone when the test ends. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'reconcile-source-')))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export function git(folder: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com', '-c', 'commit.gpgsign=false']
  return execFileSync('git', [...identity, '-c', 'protocol.file.allow=always', ...args], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
  }).trim()
}

export function write(folder: string, files: Readonly<Record<string, string | Uint8Array>>): void {
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), content)
  }
}

/** A repository on branch `main`; with files, they are its first commit. */
export function repository(files: Readonly<Record<string, string | Uint8Array>> = {}): string {
  const folder = temporaryFolder()
  git(folder, 'init', '--quiet', '--initial-branch=main')
  if (Object.keys(files).length > 0) commit(folder, files)
  return folder
}

export function commit(folder: string, files: Readonly<Record<string, string | Uint8Array>>): string {
  write(folder, files)
  git(folder, 'add', '--all')
  git(folder, 'commit', '--quiet', '--message', 'A change')
  return git(folder, 'rev-parse', 'HEAD')
}

export function open(repo: string, options: Partial<SourceOptions> = {}): Promise<Source> {
  return openSource({
    repo,
    mirrors: join(temporaryFolder(), 'mirrors'),
    allowUncommitted: true,
    cwd: '/',
    environment: { PATH: process.env['PATH'], HOME: '/nonexistent' },
    ...options,
  })
}

export async function read(repo: string, options: Partial<SourceOptions> = {}): Promise<Revision> {
  return (await open(repo, options)).read()
}

export function texts(revision: Revision): Record<string, string> {
  return Object.fromEntries(
    revision.files.map((file) => [file.path, Buffer.from(file.content).toString('utf8')]),
  )
}
