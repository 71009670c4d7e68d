import { execa } from 'execa'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { type Lock, TransportError } from './transport.ts'

/**
 * `flock` becomes `cat` and keeps the lock with it: the child's stdin is a pipe from this process, so whatever ends this
 * process ends the child, and the kernel frees the lock. What `cat` gives back tells that the lock is had.
 */
export async function lockFile(path: string, content: string): Promise<Lock | undefined> {
  const child = execa('flock', ['--nonblock', '--no-fork', path, 'cat'], {
    stdin: 'pipe',
    reject: false,
    buffer: false,
    // Ctrl-C goes to the engine, which still has things to put in order under the lock.
    detached: true,
    cleanup: false,
    extendEnv: false,
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
  })
  // A child that ended before it read anything: told by its exit status.
  child.stdin.on('error', () => undefined)
  child.stdin.write('.')
  const had = await Promise.race([once(child.stdout, 'data').then(() => true), child.then(() => false)])
  if (!had) return refused(await child, path)
  // In place: another name in its stead would be another file, with another lock.
  writeFileSync(path, content)
  const lost = new AbortController()
  let isGivenBack = false
  void child.finally(() => {
    if (!isGivenBack) lost.abort()
  })
  return {
    lost: lost.signal,
    [Symbol.asyncDispose]: async () => {
      isGivenBack = true
      child.stdin.end()
      await child
    },
  }
}

function refused(
  result: { readonly exitCode?: number | undefined; readonly cause?: unknown },
  path: string,
): undefined {
  if (result.exitCode === 1) return undefined
  if (result.cause instanceof Error && /\b(ENOENT|EACCES)\b/.test(result.cause.message)) {
    throw new TransportError(
      `locking ${path}: the program flock is missing; on Debian: apt-get install util-linux`,
    )
  }
  throw new TransportError(`locking ${path}: flock ended with ${result.exitCode ?? String(result.cause)}`)
}
