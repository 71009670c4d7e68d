import { createDaemon } from '../../engine/daemon/daemon.ts'
import type { Daemon } from '../../engine/daemon/daemonShape.ts'
import type { Commits, Revision, Source } from '../../engine/source/source.ts'
import { Place, podYaml } from '../../test/daemon/simulated.ts'
import type { Growth } from './growth.ts'

/** A process of its own: what it measures is its own memory. Prints a Growth. */
const [first = 1000, last = 10_000] = process.argv.slice(2).map(Number)
const PODS = 3
const COLLECT_EVERY = 250

/** Each commit replaces one of the pods, so that pods are made and removed all the time. */
function filesOf(commit: number): Readonly<Record<string, string>> {
  const names = Array.from({ length: PODS }, (_, i) => `pod-${i}-${Math.floor((commit + i) / PODS)}`)
  return Object.fromEntries(names.map((name) => [`${name}.yaml`, podYaml(name)]))
}

/** Commits are their number: nothing of them is kept, as Git's are not in memory. */
class Branch implements Commits {
  #last = 0

  move(): string {
    this.#last += 1
    return idOf(this.#last)
  }

  head(): Promise<string> {
    return Promise.resolve(idOf(this.#last))
  }

  read(commit: string): Promise<Revision> {
    const files = Object.entries(filesOf(Number.parseInt(commit, 16))).map(([path, text]) => ({
      path,
      blob: text,
      content: Buffer.from(text),
    }))
    return Promise.resolve({ commit, files, problems: [] })
  }

  watched(): Promise<readonly string[]> {
    return Promise.resolve([])
  }
}

function idOf(commit: number): string {
  return commit.toString(16).padStart(40, '0')
}

/** As tests start it, but for what they write down of each event. */
function daemonOn(place: Place, commits: Commits, signal: AbortSignal): Daemon {
  const here: Source = {
    repository: '/repo',
    path: '',
    kind: 'mirror',
    read: async () => await commits.read(await commits.head()),
    contains: () => Promise.resolve(true),
    commits,
  }
  return createDaemon({
    site: place,
    source: { commits, here: () => Promise.resolve(here), name: () => here },
    name: () => here,
    clock: place.world.clock,
    signal,
    log: () => undefined,
    jitter: () => 0.5,
  })
}

function residentAfterCollection(): number {
  globalThis.gc?.()
  return process.memoryUsage().rss
}

const place = new Place()
const { clock } = place.world
const branch = new Branch()
const ending = new AbortController()
const daemon = daemonOn(place, branch, ending.signal)
let healthy = ''
let heard = Promise.withResolvers<void>()
daemon.listen({
  sync(event) {
    if (event.kind !== 'commitHealthy') return
    healthy = event.commit
    heard.resolve()
    heard = Promise.withResolvers<void>()
  },
})
const ended = daemon.run()

async function untilHealthy(commit: string): Promise<void> {
  while (healthy !== commit) await heard.promise
}

let at = residentAfterCollection()
for (let commit = 1; commit <= last; commit += 1) {
  const id = branch.move()
  daemon.nudge()
  await clock.runUntil(untilHealthy(id))
  // What only tests ask for.
  place.taken = []
  place.world.node.facts.length = 0
  // As V8 does in a process that has pauses, as a daemon has: this loop leaves it none.
  if (commit % COLLECT_EVERY === 0) globalThis.gc?.()
  if (commit === first) at = residentAfterCollection()
}
const growth: Growth = { first: at, last: residentAfterCollection() }
ending.abort()
await clock.runUntil(ended)
console.log(JSON.stringify(growth))
