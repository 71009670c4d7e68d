import { watch } from 'chokidar'

/** Git writes beside a file and renames; what ends in .lock is not there yet. */
const UNFINISHED = /\.lock$/

/**
 * Calls `changed` whenever one of the files and folders changes, those that come to be later included; resolves once it watches.
 * May call for nothing. Ends when the signal is aborted.
 */
export async function watchFiles(
  paths: readonly string[],
  changed: () => void,
  failed: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  const watcher = watch([...paths], { ignoreInitial: true, ignored: (path) => UNFINISHED.test(path) })
  const ready = Promise.withResolvers<void>()
  watcher.on('all', changed)
  watcher.on('error', failed)
  watcher.on('ready', () => ready.resolve())
  const end = (): void => {
    ready.resolve()
    void watcher.close()
  }
  if (signal.aborted) end()
  else signal.addEventListener('abort', end, { once: true })
  await ready.promise
}
