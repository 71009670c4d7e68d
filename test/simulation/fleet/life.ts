import { endContainer, reboot } from '../../../engine/runtimes/simulated/lives.ts'
import { calm as calmly, seededWeather, type Weather } from '../../../engine/runtimes/simulated/weather.ts'
import { nodeKey, nodeMemory } from '../../../engine/api/nodeRecords.ts'
import { recordOfWord } from '../../../engine/api/nodeWords.ts'
import type { LoopOptions } from '../../../engine/reconciler/loopOptions.ts'
import { Dice } from '../dice.ts'
import { behaviourOf } from './behaviour.ts'
import { Operator } from './operator.ts'
import { servicesFor } from './laws/services.ts'
import { watch, type Watch } from './laws/all.ts'
import { RandomRepository } from './repository.ts'
import { differences } from './rest.ts'
import { type Engine, Fleet, startEngine, Trace } from './world.ts'

export interface LifeOptions {
  /** Keep what happens, line by line. */
  readonly traced?: boolean
  /** A planner to try out instead of the engine's. */
  readonly plan?: LoopOptions['plan']
}

export interface LifeResult {
  readonly seed: number
  /** What must not have happened; empty when all is well. */
  readonly broken: readonly string[]
  readonly trace: readonly string[]
  /** Of virtual time. */
  readonly seconds: number
  readonly ticks: number
}

/** Once the weather has cleared, so much virtual time is enough for anything: back-offs of 5 min and Jobs' of 6 min included. */
const SETTLE_MS_MAX = 3 * 3_600_000
/** Nothing has happened for so long: longer than any probe, grace period or resync. */
const REST_MS = 90_000
/** Whether and how somebody works on the machines is drawn apart, so that all other worlds are what they would be without. */
const OPERATED_SEEDS = 2_000_000_000
const LOST_SEEDS = 3_000_000_000
/** Ticks from the clearing of the weather to rest; the most seen in 20,000 worlds was below half of this. */
const TICKS_MAX = 20_000

/** One world from its seed: a repository that is worked on, engines that come and go, weather; then peace. */
export async function live(seed: number, options: LifeOptions = {}): Promise<LifeResult> {
  const life = new Life(seed, options)
  const broken = await life.run()
  const { fleet } = life
  return {
    seed,
    broken,
    trace: fleet.trace.lines,
    seconds: fleet.clock.elapsedMs / 1_000,
    ticks: life.ticks,
  }
}

class Life {
  readonly fleet: Fleet
  readonly #dice: Dice
  readonly #options: LifeOptions
  readonly #repository: RandomRepository
  readonly #operator: Operator
  /** Drawn apart, so that all other worlds are what they would be without. */
  readonly #losses: Dice
  readonly #watch: Watch
  readonly #disturbed: boolean
  /** Whether workloads have Services: drawn from nothing, so that all other worlds are what they were. */
  readonly #isServed: boolean
  readonly #weather: Weather
  #calm = false
  #engine: Engine | undefined
  #commits = 0
  #endedTicks = 0

  constructor(seed: number, options: LifeOptions) {
    const dice = new Dice(seed)
    this.#dice = dice
    this.#options = options
    this.#isServed = seed % 2 === 0
    this.#disturbed = dice.chance(0.5)
    const nodes = dice.pick(1, 1, 2, 3)
    this.fleet = new Fleet(nodes, behaviourOf(seed, this.#disturbed), new Trace(options.traced ?? false))
    this.#repository = new RandomRepository(dice)
    this.#operator = new Operator(new Dice(seed + OPERATED_SEEDS), this.fleet)
    this.#losses = new Dice(seed + LOST_SEEDS)
    const latencyMsMax = dice.pick(5, 300, 3_000)
    const faultChance = dice.pick(0, 0.02, 0.1)
    const rough = seededWeather(dice.next, { faultChance, latencyMsMax, calm: () => this.#calm })
    // A probe that cannot be run is one that failed: then what serves is not ours to keep.
    this.#weather = (verb) => (verb === 'exec' && !this.#disturbed ? calmly(verb) : rough(verb))
    this.#watch = watch({
      fleet: this.fleet,
      undisturbed: !this.#disturbed,
      inFlightMs: 4 * latencyMsMax + 1_000,
    })
  }

  get ticks(): number {
    return this.#endedTicks + (this.#engine?.loop.state().ticks ?? 0)
  }

  async run(): Promise<readonly string[]> {
    try {
      this.#commit()
      this.#start()
      const moves = this.#dice.whole(3, 12)
      for (let count = 0; count < moves && this.#isWell; count += 1) await this.#move()
      if (this.#isWell) await this.#settle()
    } catch (error) {
      return [...this.#broken, error instanceof Error ? (error.stack ?? error.message) : String(error)]
    } finally {
      this.#end()
    }
    return this.#broken
  }

  get #broken(): readonly string[] {
    return [...this.#watch.broken, ...this.fleet.errors]
  }

  get #isWell(): boolean {
    return this.#broken.length === 0
  }

  async #move(): Promise<void> {
    const { clock } = this.fleet
    const dice = this.#dice
    switch (
      dice.pick(
        'work',
        'work',
        'crash the engine',
        'crash the engine',
        'clock',
        ...(this.#operator.works ? ['node', 'node', 'node'] : []),
        ...this.#disturbances,
      )
    ) {
      case 'work':
        this.#repository.work()
        this.#commit()
        break
      case 'crash the engine':
        this.#end()
        await clock.runFor(dice.pick(0, 0, 1_000, 30_000, 200_000))
        this.#start()
        break
      case 'clock':
        this.#stepClock(dice.pick(-60_000, 5_000, 60_000))
        break
      case 'node':
        this.#operator.say(this.#engine?.loop)
        break
      case 'outage':
        await this.#outage()
        break
      case 'reboot':
        this.#node(reboot, 'reboots')
        break
      case 'tamper':
        this.#tamper()
        break
      default:
        this.#crashContainer()
    }
    await clock.runFor(dice.pick(100, 2_000, 20_000, 90_000))
    if (this.#engine?.alive === false) this.#start()
  }

  get #disturbances(): readonly string[] {
    return this.#disturbed ? ['outage', 'reboot', 'tamper', 'crash a container'] : []
  }

  #commit(): void {
    this.#commits += 1
    const { objects } = this.#repository
    const services = this.#isServed ? servicesFor(objects) : []
    this.fleet.commit(`commit-${this.#commits}`, [...objects, ...services], this.#operator.manifests())
    this.#watch.seeCommit()
    this.#engine?.loop.setDesired(this.fleet.desired)
  }

  #start(): void {
    this.#end()
    const dice = this.#dice
    this.#engine = startEngine(this.fleet, {
      weather: this.#weather,
      vague: () => dice.chance(0.1),
      // Where none ever falls silent that would only take time.
      pinged: this.#disturbed && this.fleet.nodes.length > 1 && !this.#calm,
      ...(!this.#calm && dice.chance(0.5) && { killAtStep: dice.whole(1, 400) }),
      ...(this.#options.plan && { plan: this.#options.plan }),
    })
  }

  #end(): void {
    this.#endedTicks += this.#engine?.loop.state().ticks ?? 0
    this.#engine?.kill()
    this.#engine = undefined
  }

  #stepClock(milliseconds: number): void {
    this.fleet.trace.add(`the clock is set by ${milliseconds} ms`)
    this.fleet.clock.step(milliseconds)
  }

  async #outage(): Promise<void> {
    const node = this.#dice.of(this.fleet.nodes)
    if (node === undefined) return
    this.fleet.trace.add(`${node.name} does not answer`)
    node.reachable = false
    const longMs = this.#dice.pick(5_000, 60_000, 400_000)
    // The head is where the engine runs.
    if (node !== this.fleet.head && this.#losses.chance(0.5)) await this.#powerCut(node)
    await this.fleet.clock.runFor(longMs)
    this.fleet.trace.add(`${node.name} answers again`)
    node.reachable = true
  }

  /** What ran there has ended, so that whoever says that the node is dead is right. */
  async #powerCut(node: Fleet['head']): Promise<void> {
    this.fleet.trace.add(`${node.name} is off`)
    reboot(node)
    await this.fleet.clock.runFor(this.#losses.pick(1_000, 30_000, 60_000))
    const { clock, desired } = this.fleet
    this.fleet.trace.add(`somebody says that ${node.name} is dead`)
    const said = { word: { kind: 'fence', node: node.name, by: 'person' }, commit: desired.commit } as const
    void this.#engine?.loop
      .remember((records) => recordOfWord({ ...said, at: clock.now().toString() }, records))
      .catch(() => undefined)
  }

  /** Nobody is said to be dead any more. No engine runs. */
  #unfence(): void {
    const { clock, desired, head, nodes } = this.fleet
    for (const { name } of nodes) {
      if (nodeMemory(head.objectRecords.get(nodeKey(name))).fenced === undefined) continue
      const said = { word: { kind: 'unfence', node: name }, commit: desired.commit } as const
      const record = recordOfWord({ ...said, at: clock.now().toString() }, head.objectRecords)
      head.objectRecords.set(record.key, record)
    }
  }

  #node(work: (node: Fleet['head']) => void, what: string): void {
    const node = this.#dice.of(this.fleet.nodes)
    if (node === undefined) return
    this.fleet.trace.add(`${node.name} ${what}`)
    work(node)
  }

  /** Somebody breaks a pod's namespaces by hand: its processes die with them. */
  #tamper(): void {
    const pod = this.#dice.of(this.fleet.pods.filter(({ sandbox }) => sandbox === 'ready'))
    const node = this.fleet.nodes.find(({ pods }) => pod !== undefined && pods.has(pod.uid))
    if (pod === undefined || node === undefined) return
    this.fleet.trace.add(`somebody breaks ${pod.record.pod.metadata.name} on ${node.name}`)
    for (const container of pod.containers.values()) endContainer(node, pod, container, 137, 'itself')
    node.breakSandbox(pod)
  }

  #crashContainer(): void {
    const pod = this.#dice.of(this.fleet.pods)
    const node = this.fleet.nodes.find(({ pods }) => pod !== undefined && pods.has(pod.uid))
    const container = pod?.containers.get('main')
    if (pod === undefined || node === undefined || container === undefined) return
    endContainer(node, pod, container, 1, 'itself')
  }

  /** The weather clears: in bounded time and ticks the fleet comes to what the commit says, and then nothing is planned. */
  async #settle(): Promise<void> {
    const { clock, nodes, trace } = this.fleet
    trace.add('the weather clears')
    this.#calm = true
    for (const node of nodes) node.reachable = true
    this.#repository.rest()
    if (this.#operator.works || this.#disturbed) this.#end()
    this.#unfence()
    this.#operator.rest()
    this.#commit()
    const began = { elapsedMs: clock.elapsedMs, ticks: this.ticks }
    let quietSinceMs = clock.elapsedMs
    while (clock.elapsedMs - quietSinceMs < REST_MS && this.#isWell) {
      await clock.runFor(1_000)
      // One that was to be killed at a step may come to it only now.
      if (this.#engine?.alive !== true) this.#start()
      if (!this.#isAtRest) quietSinceMs = clock.elapsedMs
      if (clock.elapsedMs - began.elapsedMs > SETTLE_MS_MAX) return this.#wrong(this.#unsettled())
    }
    if (!this.#isWell) return
    const ticks = this.ticks - began.ticks
    if (ticks > TICKS_MAX) this.#wrong(`it took ${ticks} ticks to come to rest, the most is ${TICKS_MAX}`)
    for (const difference of differences(this.fleet)) this.#wrong(`at rest, but ${difference}`)
  }

  #wrong(sentence: string): void {
    this.fleet.errors.push(sentence)
  }

  get #isAtRest(): boolean {
    const { plan, snapshot } = this.#engine?.loop.state() ?? {}
    if (plan === undefined || snapshot === undefined) return false
    if (plan.actions.length > 0 || snapshot.busy.size > 0) return false
    return [...plan.statuses.values()].every(({ health }) => health.kind !== 'progressing')
  }

  #unsettled(): string {
    const { plan } = this.#engine?.loop.state() ?? {}
    const waiting = [...(plan?.statuses.values() ?? [])].flatMap(({ health, key }) =>
      health.kind === 'healthy' ? [] : [`${key} ${health.kind}: ${health.message}`],
    )
    const doing = plan?.actions.map((action) => `${action.kind} ${action.reason ?? ''}`) ?? []
    return `not at rest after ${SETTLE_MS_MAX / 1_000} s: ${[...waiting, ...doing].join('; ')}`
  }
}
