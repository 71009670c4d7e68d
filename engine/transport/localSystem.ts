import { watch } from 'node:fs'
import { connect } from 'node:net'
import type { Duplex } from 'node:stream'
import { isCode } from './localFiles.ts'

export async function sendSignal(pid: number, signalNumber: number): Promise<boolean> {
  try {
    return process.kill(pid, signalNumber)
  } catch (error) {
    if (isCode(error, 'ESRCH')) return false
    throw error
  }
}

export async function connectTo(
  place: { readonly host: string; readonly port: number } | { readonly path: string },
  signal: AbortSignal,
): Promise<Duplex> {
  signal.throwIfAborted()
  // By hand: the same by its `signal` option costs as much again as the connection.
  const socket = connect(place)
  const abandon = (): void => void socket.destroy(aborted(signal))
  signal.addEventListener('abort', abandon, { once: true })
  socket.once('close', () => signal.removeEventListener('abort', abandon))
  const { promise, resolve, reject } = Promise.withResolvers<Duplex>()
  socket.once('connect', () => resolve(socket))
  socket.once('error', reject)
  try {
    return await promise
  } finally {
    socket.off('error', reject)
  }
}

function aborted({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error('given up', { cause: reason })
}

/** Paths that are not there are not watched. Changes that come while the last one is looked at are told once. */
export async function* watchPaths(paths: readonly string[], signal: AbortSignal): AsyncGenerator<string> {
  const changed = new Set<string>()
  let wake = Promise.withResolvers<void>()
  const watchers = paths.flatMap((path) => {
    const watcher = watcherOf(path, () => {
      changed.add(path)
      wake.resolve()
    })
    return watcher === undefined ? [] : [watcher]
  })
  // At once, and not when the generator is asked for more: it may never be.
  const stop = () => {
    for (const watcher of watchers) watcher.close()
    wake.resolve()
  }
  signal.addEventListener('abort', stop)
  try {
    while (!signal.aborted) {
      await wake.promise
      wake = Promise.withResolvers<void>()
      const told = [...changed].toSorted()
      changed.clear()
      if (!signal.aborted) yield* told
    }
  } finally {
    signal.removeEventListener('abort', stop)
    stop()
  }
}

function watcherOf(path: string, changed: () => void) {
  try {
    const watcher = watch(path, changed)
    watcher.on('error', changed)
    return watcher
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined
    throw error
  }
}
