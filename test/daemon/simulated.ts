import { onTestFinished } from 'vitest'
import type { NodeName } from '../../engine/api/names.ts'
import type { RootRecord } from '../../engine/api/records.ts'
import type { Desired } from '../../engine/api/snapshot.ts'
import { createDaemon } from '../../engine/daemon/daemon.ts'
import type { Daemon } from '../../engine/daemon/daemonShape.ts'
import type { Machine, Objection, Site, Taken } from '../../engine/daemon/site.ts'
import type { SyncEvent } from '../../engine/daemon/syncState.ts'
import type { LoopState } from '../../engine/reconciler/loop.ts'
import { connectTo } from '../../engine/runtimes/simulated/runtime.ts'
import { calm, type Weather } from '../../engine/runtimes/simulated/weather.ts'
import type { PatientSource } from '../../engine/source/patient.ts'
import { type Commits, type Source, SourceError } from '../../engine/source/source.ts'
import { createWorld, NODE, type World } from '../simulation/loop/engine.ts'

type Files = Readonly<Record<string, string>>

/** A repository in memory, with one branch. */
export class Repository {
  readonly #commits = new Map<string, Files>()
  #head: string | undefined
  /** Why it cannot be read; undefined: it can. */
  trouble: string | undefined
  /** How often somebody asked where the branch is. */
  looks = 0

  commit(files: Files): string {
    const id = (this.#commits.size + 1).toString(16).padStart(40, '0')
    this.#commits.set(id, files)
    this.#head = id
    return id
  }

  /** As a forced push. */
  reset(commit: string): void {
    this.#head = commit
  }

  /** As git gc, after a history was rewritten. */
  forget(commit: string): void {
    this.#commits.delete(commit)
  }

  commits(folder: string): Commits {
    return {
      head: async () => {
        this.looks += 1
        return await this.#orTrouble(this.#head)
      },
      read: async (commit) => {
        const all = await this.#orTrouble(this.#commits.get(commit))
        const files = Object.entries(all)
          .filter(([path]) => folder === '' || path.startsWith(`${folder}/`))
          .map(([path, text]) => ({ path, blob: text, content: Buffer.from(text) }))
        if (folder !== '' && files.length === 0)
          throw new SourceError(`commit ${commit} has no folder ${folder}`, { folderGone: true })
        return { commit, files, problems: [] }
      },
      watched: async () => [],
    }
  }

  contains(commit: string): boolean {
    return this.#commits.has(commit)
  }

  async #orTrouble<T>(value: T | undefined): Promise<T> {
    if (this.trouble !== undefined) throw new SourceError(this.trouble)
    if (value === undefined) throw new SourceError('there is no such commit')
    return value
  }
}

/** What a root remembers, and a machine: what outlives daemons. */
export class Place implements Site {
  readonly world: World = createWorld()
  readonly repository = new Repository()
  readonly folder: string
  /** What is asked before a commit is taken. */
  object: (desired: Desired) => Objection | undefined = () => undefined
  /** Thrown when a commit is taken; undefined: all is well. */
  notReady: Error | undefined
  /** How the node's verbs go. */
  weather: Weather = calm
  taken: string[] = []
  /** Machines that were let go of. */
  readonly let: NodeName[] = []
  #record: RootRecord | undefined
  #machine: Machine | undefined

  constructor(folder = '') {
    this.folder = folder
  }

  record(): RootRecord | undefined {
    return this.#record
  }

  async objection(desired: Desired): Promise<Objection | undefined> {
    return this.object(desired)
  }

  /** From now on the machine is another one: the Cluster has changed what it is made from. */
  anew(): void {
    this.#machine = undefined
  }

  async machine(): Promise<Machine> {
    if (this.#machine === undefined) {
      const { runtime } = connectTo(this.world.node, { weather: (verb) => this.weather(verb) })
      this.#machine = { runtime, runtimes: new Map([[NODE, runtime]]) }
    }
    return this.#machine
  }

  async take(desired: Desired): Promise<Taken> {
    if (this.notReady !== undefined) throw this.notReady
    this.taken.push(desired.commit)
    this.#record = {
      recordVersion: 1,
      rootId: 'root',
      owner: { cluster: desired.cluster.metadata.name, path: this.folder, repository: '/repo' },
      podCIDR: '10.230.0.0/16',
      head: NODE,
      appliedCommit: desired.commit,
    }
    return { machine: await this.machine(), desired }
  }

  async letGo(
    names: readonly NodeName[],
    desired: Desired,
    drive: (taken: Taken) => Promise<void>,
  ): Promise<void> {
    this.let.push(...names)
    const { formerNodes: _, ...without } = desired
    this.anew()
    await drive(await this.take(without))
  }
}

export interface Running {
  readonly daemon: Daemon
  readonly events: readonly SyncEvent[]
  /** Of commits, without looks: `commitApplied 3`. */
  readonly told: () => readonly string[]
  readonly ticks: () => number
  /** Names of pods on the node. */
  readonly pods: () => readonly string[]
  /** What happens until `satisfied`. */
  until(satisfied: (event: SyncEvent) => boolean): Promise<SyncEvent>
  end(): Promise<void>
  readonly ended: Promise<void>
}

/** Time passes only when it is made to. */
export function start(place: Place, more: { readonly onTick?: (state: LoopState) => void } = {}): Running {
  const { clock } = place.world
  const ending = new AbortController()
  const commits = place.repository.commits(place.folder)
  const here: Source = {
    repository: '/repo',
    path: place.folder,
    kind: 'mirror',
    read: async () => await commits.read(await commits.head()),
    contains: async (commit) => place.repository.contains(commit),
    commits,
  }
  const source: PatientSource = { commits, here: async () => here, name: () => here }
  const daemon = createDaemon({
    site: place,
    source,
    name: () => ({ repository: '/repo', path: place.folder }),
    clock,
    signal: ending.signal,
    log: (level, message, fields = {}) => place.world.log.push({ level, message, fields }),
    jitter: () => 0.5,
  })
  const events: SyncEvent[] = []
  let ticks = 0
  let heard = Promise.withResolvers<void>()
  daemon.listen({
    sync(event) {
      events.push(event)
      heard.resolve()
      heard = Promise.withResolvers<void>()
    },
    tick(state) {
      ticks += 1
      more.onTick?.(state)
    },
  })
  const ended = daemon.run()
  // Heard by whoever waits for it.
  ended.catch(() => undefined)
  return {
    daemon,
    events,
    told: () =>
      events.flatMap((event) =>
        event.kind !== 'looked' && 'commit' in event
          ? [`${event.kind} ${Number.parseInt(event.commit, 16)}`]
          : [],
      ),
    ticks: () => ticks,
    pods: () =>
      [...place.world.node.pods.values()].map(({ record }) => record.pod.metadata.name ?? '').toSorted(),
    async until(satisfied) {
      const found = (async () => {
        for (;;) {
          const event = events.find(satisfied)
          if (event !== undefined) return event
          await heard.promise
        }
      })()
      return await clock.runUntil(found)
    },
    async end() {
      ending.abort()
      await clock.runUntil(ended)
    },
    ended,
  }
}

export function podYaml(name: string, more = ''): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  containers: [{name: main, image: "busybox:1", command: [sleep, "1000"]}]
${more}`
}

/** Ends with the test. */
export function begin(place: Place): Running {
  const running = start(place)
  onTestFinished(() => running.end().catch(() => undefined))
  return running
}

export function pods(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`${name}.yaml`, podYaml(name)]))
}
