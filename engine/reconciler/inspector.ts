import type { NodeName, PodUid } from '../api/names.ts'
import type { NodeFinding, Runtime } from '../runtimes/runtime.ts'
import { Bell } from './bell.ts'
import { after } from './clock.ts'
import { retryDelayMs } from './limits.ts'
import { blame, messageOf, stackOf } from './problems.ts'
import type { Shared } from './shared.ts'
import { Pulse } from './pulse.ts'
import { Slots } from './slots.ts'

export interface InspectorOptions extends Shared {
  /** A full listing this often, should an event have been lost. */
  readonly resyncEveryMs: () => number
  /** A look at a pod, or (uid absent) at a whole node, has been merged in. */
  readonly looked: (node: NodeName, uid?: PodUid) => void
  readonly nodeChanged: (node: NodeName, reachable: boolean, message?: string) => void
  /** Something that all pods of a node stand on was found amiss; told once for as long as it stays so. */
  readonly nodeDamaged: (node: NodeName, finding: NodeFinding) => void
  /** Whether what is amiss is put right, or only told of. */
  readonly mends: () => boolean
}

interface Watch {
  readonly name: NodeName
  readonly runtime: Runtime
  readonly slots: Slots
  readonly bell: Bell
  /** Pods being looked at; true: once more afterwards. */
  readonly underWay: Map<PodUid, boolean>
  listingWanted: boolean
  /** Listings in a row that the node did not answer. */
  failures: number
  readonly pulse: Pulse
  checked: boolean
  /** What works less well there, as it was last told. */
  warned: readonly string[]
  /** What was told of the node already, and is amiss still. */
  amiss: ReadonlySet<string>
}

/** Decides when to look at what: a whole node at the start, now and then, and when in doubt; a single pod when told. */
export class Inspector {
  readonly #options: InspectorOptions
  readonly #watches: ReadonlyMap<NodeName, Watch>

  constructor(options: InspectorOptions) {
    this.#options = options
    this.#watches = new Map(
      [...options.runtimes].map(([name, runtime]) => [name, this.#watch(name, runtime)]),
    )
  }

  #watch(name: NodeName, runtime: Runtime): Watch {
    const slots = new Slots(this.#options.limits.inspectionsPerNodeMax)
    const state = { listingWanted: false, failures: 0, checked: false, warned: [], amiss: new Set<string>() }
    const pulse = new Pulse(runtime, this.#options)
    return { name, runtime, slots, bell: new Bell(), underWay: new Map(), pulse, ...state }
  }

  /** Each node once. A node that does not answer is tried again by `run`. */
  async first(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => this.#list(watch)))
  }

  /** Hears of changes, until the signal is aborted. To be begun before the first listing, so that nothing falls between. */
  async follow(): Promise<void> {
    await Promise.all([...this.#watches.values()].map((watch) => this.#events(watch)))
  }

  /** Listings after the first one, until the signal is aborted. */
  async run(): Promise<void> {
    await Promise.all(
      [...this.#watches.values()].flatMap((watch) => [this.#resyncs(watch), this.#pulse(watch)]),
    )
  }

  /** Whether a node is there is known before a listing or a command has found out that it is not. */
  async #pulse(watch: Watch): Promise<void> {
    await watch.pulse.run({
      silent: (message) => this.#unheard(watch, message),
      heard: () => {
        if (watch.failures > 0) this.resync(watch.name)
      },
    })
  }

  resync(name: NodeName): void {
    const watch = this.#watches.get(name)
    if (watch === undefined || watch.listingWanted) return
    watch.listingWanted = true
    watch.bell.ring()
  }

  /** Looks at one pod soon, by a look that begins after this call. */
  inspect(name: NodeName, uid: PodUid): void {
    const watch = this.#watches.get(name)
    // a node that does not answer is listed whole once it does
    if (watch === undefined || this.#options.signal.aborted || watch.failures > 0) return
    if (watch.underWay.has(uid)) watch.underWay.set(uid, true)
    else void this.#inspections(watch, uid)
  }

  async #inspections(watch: Watch, uid: PodUid): Promise<void> {
    do {
      watch.underWay.set(uid, false)
      await this.#inspection(watch, uid)
    } while (watch.underWay.get(uid) && !this.#options.signal.aborted)
    watch.underWay.delete(uid)
  }

  async #inspection(watch: Watch, uid: PodUid): Promise<void> {
    const { observer, signal, looked } = this.#options
    try {
      await watch.slots.run(async () => {
        // whoever asked while this one waited for its turn is served by it too
        watch.underWay.set(uid, false)
        const stamp = observer.stamp()
        const listing = await watch.runtime.inspect(uid, signal)
        if (signal.aborted) return
        watch.pulse.hear()
        observer.mergeInspection(watch.name, uid, listing, stamp)
      }, signal)
      looked(watch.name, uid)
    } catch (error) {
      if (signal.aborted) return
      this.#report(`looking at pod ${uid}`, watch, error)
      this.resync(watch.name)
    }
  }

  async #resyncs(watch: Watch): Promise<void> {
    const { clock, signal, limits, resyncEveryMs } = this.#options
    // Beside the first plan, which need not wait for it.
    if (await this.#lookAfter(watch)) watch.listingWanted = true
    while (!signal.aborted) {
      const { failures } = watch
      const waitMs =
        failures === 0 ? resyncEveryMs() : retryDelayMs(failures, limits.retryMinMs, limits.retryMaxMs)
      if (!watch.listingWanted) await watch.bell.wait(clock, after(clock.now(), waitMs), signal)
      if (signal.aborted) return
      // First what all pods stand on: a pod is not to be called damaged for the lack of its bridge.
      if (watch.failures === 0) await this.#lookAfter(watch)
      await this.#list(watch)
    }
  }

  /** True: something was put right, so that pods may look otherwise now. */
  async #lookAfter(watch: Watch): Promise<boolean> {
    const { mends, nodeDamaged, signal } = this.#options
    try {
      const findings = await watch.runtime.upkeep({ mend: mends() }, signal)
      for (const finding of findings) if (!watch.amiss.has(finding.found)) nodeDamaged(watch.name, finding)
      watch.amiss = new Set(findings.filter(({ done }) => done === undefined).map(({ found }) => found))
      return findings.some(({ done }) => done !== undefined)
    } catch (error) {
      if (!signal.aborted) this.#report('looking after the node', watch, error)
      return false
    }
  }

  async #list(watch: Watch): Promise<void> {
    const { figures, observer, signal, looked } = this.#options
    watch.listingWanted = false
    const stamp = observer.stamp()
    try {
      const [listing] = await Promise.all([watch.runtime.list(signal), this.#check(watch)])
      if (signal.aborted) return
      observer.mergeListing(watch.name, listing, stamp)
      figures.listed(watch.name, 'answered')
      this.#answered(watch)
    } catch (error) {
      if (signal.aborted) return
      figures.listed(watch.name, 'failed')
      this.#silent(watch, error)
      return
    }
    looked(watch.name)
  }

  async #check(watch: Watch): Promise<void> {
    if (watch.checked) return
    const { log, observer, signal } = this.#options
    const info = await watch.runtime.check(signal)
    observer.setInfo(watch.name, info)
    // A key that a node lacks is there once what makes one is installed.
    watch.checked = info.network?.wireguard === undefined || info.network.wireguard.publicKey !== undefined
    if (watch.warned.join() === info.warnings.join()) return
    watch.warned = info.warnings
    for (const warning of info.warnings) log('info', warning, { node: watch.name })
  }

  #answered(watch: Watch): void {
    const { observer, nodeChanged } = this.#options
    watch.failures = 0
    watch.pulse.hear()
    const isNews = !observer.reachable(watch.name)
    observer.answers(watch.name)
    if (isNews) nodeChanged(watch.name, true)
  }

  /** No listing has failed yet, maybe because one is still waited for. */
  #unheard(watch: Watch, message: string): void {
    if (watch.failures === 0) {
      watch.failures = 1
      watch.checked = false
      this.#options.nodeChanged(watch.name, false, message)
      this.resync(watch.name)
    }
    this.#sayIsSilent(watch, message)
  }

  #sayIsSilent({ failures, name, pulse }: Watch, message: string): void {
    const failedLooks = Math.max(failures, pulse.unanswered)
    this.#options.observer.isSilent(name, { message, since: pulse.heardAt, failedLooks })
  }

  /** Whatever the reason: what cannot be listed is unknown, and unknown is not absent. */
  #silent(watch: Watch, error: unknown): void {
    const { nodeChanged } = this.#options
    const first = watch.failures === 0
    watch.failures += 1
    watch.checked = false
    // somebody who asked in the meantime is served by the retry
    watch.listingWanted = false
    this.#sayIsSilent(watch, messageOf(error))
    if (!first) return
    // Of the world's failures whoever hears of the node says enough.
    if (blame(error) === 'bug') this.#report('listing pods', watch, error)
    nodeChanged(watch.name, false, messageOf(error))
  }

  #report(doing: string, watch: Watch, error: unknown): void {
    const stack = blame(error) === 'bug' ? { stack: stackOf(error) } : {}
    this.#options.log('warn', `${doing} failed: ${messageOf(error)}`, { node: watch.name, ...stack })
  }

  async #events(watch: Watch): Promise<void> {
    const { clock, signal, limits } = this.#options
    while (!signal.aborted) {
      try {
        for await (const event of watch.runtime.events(signal)) {
          if (event.uid === undefined) this.resync(watch.name)
          else this.inspect(watch.name, event.uid)
        }
      } catch (error) {
        // Of a node that is known not to answer it goes without saying.
        if (!signal.aborted && watch.failures === 0) this.#report('following events', watch, error)
      }
      if (signal.aborted) return
      await clock.sleepUntil(after(clock.now(), limits.retryMinMs), signal)
      // what happened while nobody listened
      this.resync(watch.name)
    }
  }
}
