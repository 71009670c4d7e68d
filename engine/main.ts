#!/bin/sh
':' /*
# A shell reads these lines, Node takes them for a comment. They find a Node that runs TypeScript: the one that came with
# the package, or the machine's own. An older one would end with an error about file endings.
# The cache is named here already, so that Node finds this file in it too: to strip its types takes as long as all the rest.
main=$0
# To ask where a path leads is a process; one that is whole and no link leads here.
case $main in /*) [ -h "$main" ] ;; esac && main=$(readlink -f -- "$main")
engine=${main%/*}
root=${engine%/*}
cache=$root/node_modules/.cache/reconcile
export NODE_COMPILE_CACHE="${NODE_COMPILE_CACHE:-$cache}"
# The same engine in one file starts in half the time; it is taken as long as nothing that it was made from is newer.
bundle=$cache/bundle/main.mjs
if [ -f "$bundle" ] && [ -z "$(find "$engine" "$root/package-lock.json" -newer "$bundle" -print -quit 2>&1)" ]; then
  main=$bundle
fi
# glibc gives each thread an arena of its own, which keeps what it once had: two of them hold a daemon 8 MB smaller.
export MALLOC_ARENA_MAX="${MALLOC_ARENA_MAX:-2}"
# A small space for what is young takes a tenth off the memory and costs no time that could be measured; to clear it with one thread instead of
# waking several takes a tenth off all that the engine uses of the processors.
# What is old is cleared when it has grown by a fifth, and not when it has doubled: 40 MB of a daemon that stands idle. All else would start 45 ms later.
case "${1:-} $* " in
  [a-z]* | *' --once '*) growing= ;;
  *) growing=--heap-growing-percent=20 ;;
esac
set -- --max-semi-space-size=4 --no-parallel-scavenge $growing "$main" "$@"
for node in "$root/node_modules/node/bin/node" "$root/../node/bin/node"; do
  [ -x "$node" ] && exec "$node" "$@"
done
found=$(node --version 2>/dev/null || echo none)
case $found in
  v2[6-9].* | v[3-9][0-9].*) exec node "$@" ;;
esac
echo "error: reconcile needs Node 26 or newer, and finds $found; in a clone, npm ci brings it" >&2
exit 3
*/
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Output, World } from './cli/world.ts'

const interrupted = new AbortController()

function interrupt(): void {
  // The second time, whoever is at the keyboard does not want to wait for an orderly end.
  if (interrupted.signal.aborted) process.exit(130)
  interrupted.abort()
}

/** What SIGHUP is while an engine runs that nobody watches: a terminal that closes ends every other command. */
let reload: (() => void) | undefined

function hangUp(): void {
  if (reload === undefined) interrupt()
  else reload()
}

function output(stream: NodeJS.WriteStream): Output {
  const closed = new AbortController()
  stream.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE' && error.code !== 'EIO') throw error
    closed.abort()
  })
  return {
    write(text) {
      if (!closed.signal.aborted) stream.write(text)
    },
    get isTTY() {
      return stream.isTTY
    },
    // A terminal may say that it has none.
    size: () => ({ columns: stream.columns || 80, rows: stream.rows || 24 }),
    closed: closed.signal,
  }
}

/** What a reader on the other side of a pipe has not taken yet would be lost with the process. A reader that is gone takes nothing. */
async function taken(stream: NodeJS.WriteStream): Promise<void> {
  if (stream.writableLength === 0 || stream.destroyed) return
  await new Promise<void>((resolve) => {
    stream.write('', () => resolve())
    stream.once('close', resolve)
  })
}

async function main(): Promise<void> {
  // A package that Git is called through would print, for whoever debugs something else, the passwords it is given.
  delete process.env['DEBUG']
  // Every user of the machine can read the arguments: not those that hold a password any longer than needed.
  if (process.argv.some((arg) => /:\/\/[^/]*@/.test(arg))) process.title = 'reconcile'
  // Beside the packages, and not in /tmp, where another user could put code for root to run. Not writable: no cache.
  if (process.env['NODE_COMPILE_CACHE'] === undefined)
    enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/reconcile', import.meta.url)))
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, interrupt)
  process.on('SIGHUP', hangUp)
  const [{ runCommandLine }, { systemClock }] = await Promise.all([
    import('./cli/run.ts'),
    import('./reconciler/clock.ts'),
  ])
  const world: World = {
    argv: process.argv.slice(2),
    environment: process.env,
    cwd: process.cwd(),
    // Made at its first use, since making it is work: few commands read it.
    get stdin() {
      return process.stdin
    },
    stdout: output(process.stdout),
    stderr: output(process.stderr),
    userId: process.getuid?.(),
    processId: process.pid,
    nodeVersion: process.version,
    clock: systemClock,
    signal: interrupted.signal,
    onReload: (listener) => {
      reload = listener
    },
  }
  process.on('uncaughtException', (error) => {
    void import('./cli/report.ts').then(({ report }) => process.exit(report(error, world)))
  })
  const exitStatus = await runCommandLine(world)
  await Promise.all([taken(process.stdout), taken(process.stderr)])
  // Connections and timers of what was given up must not keep the process.
  process.exit(exitStatus)
}

await main()
