import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type Lock, TransportError } from './transport.ts'

/**
 * `flock` becomes `cat` and keeps the lock with it: the child's stdin is a pipe from this process, so whatever ends this
 * process ends the child, and the kernel frees the lock. What `cat` gives back tells that the lock is had.
 */
export async function lockFile(path: string, content: string): Promise<Lock | undefined> {
  const child = spawn('flock', ['--nonblock', '--no-fork', path, 'cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // Ctrl-C goes to the engine, which still has things to put in order under the lock.
    detached: true,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  })
  const ended = endOf(child)
  // A child that ended before it read anything: told by its exit status.
  child.stdin.on('error', () => undefined)
  child.stdin.write('.')
  const had = await Promise.race([once(child.stdout, 'data').then(() => true), ended.then(() => false)])
  if (!had) return refused(await ended, path)
  // In place: another name in its stead would be another file, with another lock.
  writeFileSync(path, content)
  const lost = new AbortController()
  let isGivenBack = false
  void ended.then(() => {
    if (!isGivenBack) lost.abort()
  })
  return {
    lost: lost.signal,
    [Symbol.asyncDispose]: async () => {
      isGivenBack = true
      child.stdin.end()
      await ended
    },
  }
}

/** Its exit status; undefined when a signal ended it. Or why it could not be begun. */
type End = number | NodeJS.ErrnoException | undefined

function endOf(child: ChildProcess): Promise<End> {
  const { promise, resolve } = Promise.withResolvers<End>()
  child.on('error', resolve)
  child.on('exit', (status) => resolve(status ?? undefined))
  return promise
}

function refused(end: End, path: string): undefined {
  if (end === 1) return undefined
  if (end instanceof Error && (end.code === 'ENOENT' || end.code === 'EACCES')) {
    throw new TransportError(
      `locking ${path}: the program flock is missing; on Debian: apt-get install util-linux`,
    )
  }
  throw new TransportError(`locking ${path}: flock ended with ${String(end)}`)
}
