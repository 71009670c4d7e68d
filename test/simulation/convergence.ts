import { expect } from 'vitest'
import { keyParts, objectKey, type ObjectKey } from '../../engine/api/names.ts'
import type { Action, Plan } from '../../engine/api/plan.ts'
import type { Desired } from '../../engine/api/snapshot.ts'
import { SYNC_KEY, type SyncMemory, syncMemory, syncRecord } from '../../engine/api/sync.ts'
import { suspend } from '../../engine/api/syncWords.ts'
import { plan } from '../../engine/planner/plan.ts'
import { brokenLaws } from './laws.ts'
import { ModelWorld } from './model.ts'
import { keptKeys, railLaws } from './railLaws.ts'
import type { Move, Run, Story } from './story.ts'
import { commitOf, type Wanted } from './wanted.ts'

/** A rollout of four pods, one at a time, with every pod's life in single steps, comes to some sixty plans. */
const PLANS_MAX = 200

const RECORDED: ReadonlySet<string> = new Set(['Deployment', 'StatefulSet', 'DaemonSet'])

const SMOOTH: Run = { cutAfter: Number.POSITIVE_INFINITY, outcomes: ['whole'] }

/** One world through its story, then left in peace: it must come to what the last commit says, and stay there. */
export function live(story: Story): void {
  const life = new Life(new ModelWorld(story.nodes))
  for (const move of story.moves) life.move(move)
  life.settle()
}

/** Room for all that the repository may want, what is kept of earlier commits with it, on one node. */
const PODS_OF_ALL = 100

class Life {
  readonly #world: ModelWorld
  #wanted: readonly Wanted[] = []
  #desired: Desired = commitOf([])
  /** What each object was last written as. */
  readonly #known = new Map<ObjectKey, Wanted>()

  constructor(world: ModelWorld) {
    this.#world = world
  }

  move(move: Move): void {
    const world = this.#world
    switch (move.kind) {
      case 'commit':
        this.#commit(move.wanted)
        return this.#tick(SMOOTH, 1)
      case 'tick':
        return this.#tick(move.run, 1)
      case 'pass':
        world.pass(move.seconds)
        return world.restartDue()
      case 'crash':
        return world.crash(move.pod)
      case 'silence':
        return world.setReachable(move.node, false)
      case 'return':
        return world.setReachable(move.node, true)
      case 'reboot':
        return world.reboot(move.node)
      case 'forget':
        return world.forget(move.record)
      case 'unready': {
        const pod = world.pods[move.pod]
        const uid = [...world.nodes].flatMap(({ pods }) => [...pods]).find(([, one]) => one === pod)?.[0]
        if (uid !== undefined) world.unready.add(uid)
        return
      }
      case 'ready':
        return world.unready.clear()
      case 'suspend': {
        const object = [...this.#desired.objects.keys()][move.object]
        if (object !== undefined) this.#remember((memory) => suspended(memory, object, world.now.toString()))
        return
      }
      case 'resume':
        return this.#remember((memory) => ({ ...memory, suspended: [] }))
      default:
        move satisfies never
    }
  }

  #commit(wanted: readonly Wanted[]): void {
    this.#wanted = wanted
    this.#desired = commitOf(wanted)
    for (const one of wanted) this.#known.set(objectKey(one.kind, 'default', one.name), one)
  }

  #remember(change: (memory: SyncMemory) => SyncMemory): void {
    const { records } = this.#world
    const memory = syncMemory(records)
    records.set(SYNC_KEY, syncRecord(records, change(memory), this.#desired.commit))
  }

  /** Left in peace, the commit has again what was kept without it. */
  #withKept(): readonly Wanted[] {
    const keys = keptKeys(this.#world.records).filter((key) => !this.#desired.objects.has(key))
    return [...this.#wanted, ...keys.flatMap((key) => this.#known.get(key) ?? [])]
  }

  #plan(): Plan {
    const snapshot = this.#world.snapshot(this.#desired)
    const result = plan(snapshot, this.#world.now)
    expect(brokenLaws(snapshot, this.#wanted, result, this.#world.now.epochMilliseconds)).toEqual([])
    expect(railLaws(snapshot, result)).toEqual([])
    return result
  }

  #tick(run: Run, seconds: number): void {
    this.#finishSlow()
    const { actions } = this.#plan()
    for (const [index, action] of actions.entries()) {
      if (index >= run.cutAfter) {
        // The engine died: what was under way stops half-way, and nobody knows of it.
        for (const other of this.#world.busy.values()) this.#world.apply(other, 'half')
        this.#world.busy.clear()
        break
      }
      this.#begin(action, run.outcomes[index % run.outcomes.length] ?? 'whole')
    }
    this.#world.pass(seconds)
    this.#world.restartDue()
  }

  #begin(action: Action, outcome: Run['outcomes'][number]): void {
    const world = this.#world
    if (!('uid' in action)) {
      // A record is there or not, and nothing that it covers is begun before.
      world.apply(action, 'whole')
      return
    }
    world.busy.delete(action.uid)
    if (outcome === 'slow') world.busy.set(action.uid, action)
    else world.apply(action, outcome)
  }

  #finishSlow(): void {
    const ended = [...this.#world.busy.values()]
    this.#world.busy.clear()
    for (const [index, action] of ended.entries()) {
      // Every second one takes another tick.
      if (index % 2 === 1 && 'uid' in action) this.#world.busy.set(action.uid, action)
      else this.#world.apply(action, 'whole')
    }
  }

  /** The weather clears, there is room for all, and the commit is one that can be fulfilled: in a bounded number of plans there is nothing left to do. */
  settle(): void {
    const world = this.#world
    world.nodes.forEach((_, index) => world.setReachable(index, true))
    world.unready.clear()
    world.podsMax = PODS_OF_ALL
    // Such a set halts where one pod is unwell, also on its way to nothing, as in Kubernetes: somebody has to make it well.
    world.setsAreMended = true
    this.#remember((memory) => ({ ...memory, suspended: [] }))
    this.#commit(this.#withKept().map(feasible))
    for (let count = 0; count < PLANS_MAX; count++) {
      this.#finishSlow()
      const result = this.#plan()
      if (result.actions.length === 0 && world.busy.size === 0) {
        if (result.requeueAt === undefined) return this.#check(result)
        world.now = result.requeueAt
        world.restartDue()
        continue
      }
      for (const action of result.actions) this.#begin(action, 'whole')
      world.pass(1)
      world.restartDue()
    }
    throw new Error(`not settled after ${PLANS_MAX} plans: ${JSON.stringify(this.#plan().verdicts, null, 1)}`)
  }

  #check(result: Plan): void {
    const world = this.#world
    expect(this.#plan().actions).toEqual([])
    expect(world.pods.map(({ record }) => portrait(record.pod)).toSorted()).toEqual(
      this.#wanted.flatMap((one) => portraits(one, world.nodes.length)).toSorted(),
    )
    for (const { key } of this.#desired.objects.values())
      expect(result.statuses.get(key)?.health).toEqual({ kind: 'healthy' })
    expect(new Set(result.verdicts.map(({ bucket }) => bucket)).difference(new Set(['keep']))).toEqual(
      new Set(),
    )
    const recorded = [...world.records.keys()].map(keyParts).filter(({ kind }) => RECORDED.has(kind))
    expect(recorded.map(({ name }) => name).toSorted()).toEqual(
      this.#wanted.flatMap(({ kind, name }) => (RECORDED.has(kind) ? [name] : [])).toSorted(),
    )
  }
}

function suspended(memory: SyncMemory, object: ObjectKey, at: string): SyncMemory {
  const said = suspend(memory, object, at)
  return said.kind === 'done' ? said.memory : memory
}

function feasible(wanted: Wanted): Wanted {
  const tag = wanted.tag === 'bad' ? 'a' : wanted.tag
  switch (wanted.kind) {
    case 'Pod':
      return { ...wanted, tag }
    case 'Deployment':
      return { ...wanted, tag, paused: false }
    case 'StatefulSet':
      return { ...wanted, tag, partition: 0, onDelete: false }
    case 'DaemonSet':
      return { ...wanted, tag, onDelete: false }
    default:
      return wanted satisfies never
  }
}

interface Portrayed {
  readonly metadata: {
    readonly name?: string
    readonly labels?: Readonly<Record<string, string>>
    readonly ownerReferences?: readonly unknown[]
  }
  readonly spec: { readonly containers: readonly { readonly image?: string }[] }
}

function portrait({ metadata, spec }: Portrayed): string {
  const image = spec.containers[0]?.image?.split(':')[1] ?? ''
  const { labels, name, ownerReferences } = metadata
  if (labels?.['app'] === 'db' || labels?.['app'] === 'kv') return `${name} ${image}`
  return ownerReferences === undefined
    ? `${name} ${image} ${labels?.['color']}`
    : `${labels?.['app']} ${image}`
}

function portraits(wanted: Wanted, nodes: number): readonly string[] {
  const { name, tag } = wanted
  switch (wanted.kind) {
    case 'Pod':
      return [`${name} ${tag} ${wanted.label}`]
    case 'Deployment':
      return Array.from({ length: wanted.replicas }, () => `${name} ${tag}`)
    case 'StatefulSet':
      return Array.from({ length: wanted.replicas }, (_, index) => `${name}-${wanted.start + index} ${tag}`)
    case 'DaemonSet':
      return Array.from({ length: nodes }, () => `${name} ${tag}`)
    default:
      return wanted satisfies never
  }
}
