import type { ObjectKey } from '../api/names.ts'
import type { Desired } from '../api/snapshot.ts'
import { type HeldCommit, inForceAfter, type Rollback } from '../api/sync.ts'
import { approve } from '../api/syncWords.ts'
import type { Diagnostic } from '../manifests/diagnostics.ts'
import type { Judgement } from '../planner/rails.ts'
import type { Clock } from '../reconciler/clock.ts'
import type { Logger } from '../reconciler/logger.ts'
import { messageOf } from '../reconciler/problems.ts'
import type { News } from '../source/follow.ts'
import type { Revision, SourceError } from '../source/source.ts'
import type { ControlAnswer } from './controlMessages.ts'
import { createDesiredReader } from './desired.ts'
import type { Engine } from './engine.ts'
import { judge } from './judge.ts'
import { Memory } from './memory.ts'
import { putOnRecord } from './putOnRecord.ts'
import type { Site } from './site.ts'
import type { Candidate, Standing } from './standing.ts'
import type { SyncEvent } from './syncState.ts'
import { answerOf, hearResume, hearSuspend, type WordsOptions } from './words.ts'

export interface SyncOptions {
  readonly site: Site
  readonly engine: Engine
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly log: Logger
  readonly tell: (event: SyncEvent) => void
}

/** SyncEvent without its time. */
type Untimed<E> = E extends unknown ? Omit<E, 'at'> : never

/** Decides what becomes of each commit of the branch, one after the other. */
export class Sync {
  readonly #options: SyncOptions
  readonly #reader = createDesiredReader()
  readonly #memory = new Memory()
  #seen: string | undefined
  #failures = 0
  /** The branch's commit, should it be held. */
  #waiting: Candidate | undefined
  /** The branch's commit, should it be one that could not be applied for now. */
  #retried: Candidate | undefined
  #standing: Standing | undefined
  #unreadable: SourceError | undefined

  constructor(options: SyncOptions) {
    this.#options = options
  }

  get memory(): Memory {
    return this.#memory
  }

  /** How the branch's commit stood after the last look. */
  get standing(): Standing | undefined {
    return this.#unreadable === undefined ? this.#standing : { kind: 'unreadable', error: this.#unreadable }
  }

  /**
   * Goes on with what was in force when the last engine ended. What an engine has become too strict for since then leaves the pods as they
   * are. Rejects as runtimes do.
   */
  async begin(revision: Revision, when: 'start' | 'late'): Promise<void> {
    const { engine, signal, site } = this.#options
    const reading = this.#reader.read(revision, 'commit')
    if (reading.kind === 'invalid') {
      const { errors, warnings } = reading
      this.#refuse({ kind: 'invalid', commit: revision.commit, errors, warnings })
      return
    }
    const objection = await site.objection(reading.desired)
    if (objection !== undefined) {
      this.#refuse({ kind: 'refused', commit: revision.commit, message: objection.message })
      return
    }
    const { desired, machine } = await site.take(reading.desired)
    await this.#memory.known(machine.runtime, signal)
    await engine.drive(machine, desired)
    this.#standing = { kind: 'inForce', desired, warnings: reading.warnings }
    // Of one that could not be read at the start, and can now.
    if (when === 'late') this.#tellApplied(desired, reading.warnings)
  }

  /** True: the same commit is to be read and tried again. */
  async hear(news: News): Promise<boolean> {
    if (news.kind === 'failure') {
      this.#failures = news.failures
      this.#unreadable = news.error
      this.#tell({ kind: 'sourceFailed', message: news.error.message, failures: news.failures })
      return false
    }
    this.#unreadable = undefined
    const commit = news.kind === 'revision' ? news.revision.commit : news.commit
    this.#look(commit)
    switch (news.kind) {
      case 'same':
        return false
      case 'folderGone':
        return await this.#withoutFolder(commit)
      case 'revision': {
        const reading = this.#reader.read(news.revision, 'commit')
        if (reading.kind === 'valid') return await this.#consider(reading)
        this.#waiting = undefined
        this.#retried = undefined
        this.#refuse({ kind: 'invalid', commit, errors: reading.errors, warnings: reading.warnings })
        return false
      }
      default:
        return news satisfies never
    }
  }

  /** Tries the branch's commit again, which could not be applied. True: it still cannot. */
  async again(): Promise<boolean> {
    return this.#retried === undefined ? false : await this.#consider(this.#retried)
  }

  /** Lets a commit that is held be put in force; what came of it is in `standing` then. */
  async approve(asked: string): Promise<ControlAnswer> {
    const held = this.#waiting
    const { held: told, ...others } = this.#memory.value
    // On record until the next commit is put in force, and of no use once the branch has moved on.
    const isHeld = told !== undefined && told.commit === held?.desired.commit
    const said = approve(isHeld ? { ...others, held: told } : others, asked, this.#now())
    if (said.kind === 'done' && held !== undefined) {
      const { commit } = held.desired
      await this.#remember(() => said.memory, commit)
      this.#tell({ kind: 'commitApproved', commit })
      await this.#consider(held)
    }
    return answerOf(said)
  }

  async suspend(object: ObjectKey): Promise<ControlAnswer> {
    const { answer, isNew } = await hearSuspend(object, this.#words())
    if (isNew) this.#tell({ kind: 'suspended', object })
    return answer
  }

  async resume(object: ObjectKey): Promise<ControlAnswer> {
    const { answer, isNew } = await hearResume(object, this.#words())
    if (isNew) this.#tell({ kind: 'resumed', object })
    return answer
  }

  #words(): WordsOptions {
    return {
      ...this.#options,
      memory: this.#memory,
      remember: (make, commit) => this.#remember(make, commit),
      now: () => this.#now(),
    }
  }

  /** On record as the last commit under which all was healthy. */
  async healthy(commit: string): Promise<void> {
    const lastHealthy = { commit, at: this.#now() }
    await this.#remember((memory) => ({ ...memory, lastHealthy }), commit)
  }

  /** The commit in force is another one than the branch's now, until the branch moves. */
  wentBack(rollback: Rollback): void {
    this.#standing = { kind: 'rolledBack', rollback }
    const { at: _at, ...what } = rollback
    this.#tell({ kind: 'rolledBack', ...what })
  }

  #look(commit: string): void {
    const before = this.#seen
    if (this.#failures > 0) this.#tell({ kind: 'sourceBack', failures: this.#failures })
    this.#failures = 0
    this.#tell({ kind: 'looked', commit })
    if (before === commit) return
    this.#seen = commit
    this.#tell({ kind: 'commitSeen', commit, ...(before !== undefined && { before }) })
  }

  /** It asks for nothing, so the rails look at it, with the Cluster and the nodes as they are. */
  async #withoutFolder(commit: string): Promise<boolean> {
    const { desired } = this.#options.engine
    if (desired === undefined) {
      const message =
        'the folder that is followed is not in it, and nothing is in force that could tell what it was'
      this.#refuse({ kind: 'refused', commit, message })
      return false
    }
    return await this.#consider({
      desired: { ...desired, commit, objects: new Map() },
      warnings: [],
      pathGone: true,
    })
  }

  async #consider(candidate: Candidate): Promise<boolean> {
    const { engine } = this.#options
    const { desired, warnings } = candidate
    this.#waiting = undefined
    this.#retried = undefined
    const { rollback } = this.#memory.value
    if (rollback?.from === desired.commit) this.#standing = { kind: 'rolledBack', rollback }
    else if (engine.desired?.commit === desired.commit) {
      this.#standing = { kind: 'inForce', desired: engine.desired, warnings }
      // The branch has moved, back to where the engine has gone.
      if (rollback !== undefined)
        await this.#remember((memory) => inForceAfter(memory, desired), desired.commit)
    } else return await this.#try(candidate)
    return false
  }

  async #try(candidate: Candidate): Promise<boolean> {
    const { engine, signal, site } = this.#options
    const { commit } = candidate.desired
    try {
      // Both take their time. Where nothing is in force, a machine that cannot be driven is not even looked at.
      const judging = engine.desired === undefined ? undefined : this.#judge(candidate)
      judging?.catch(() => undefined)
      const objection = await site.objection(candidate.desired)
      if (objection?.kind === 'configuration') {
        this.#refuse({ kind: 'refused', commit, message: objection.message })
        return false
      }
      const judgement = await (judging ?? this.#judge(candidate))
      const isApproved = this.#memory.value.approved?.commit === commit
      const lost = objection === undefined || isApproved ? [] : [objection.message]
      if (judgement.kind === 'held') {
        const { data, objects, reasons } = judgement
        await this.#hold(candidate, { commit, reasons: [...lost, ...reasons], objects, data })
      } else if (lost.length > 0)
        await this.#hold(candidate, { commit, reasons: lost, objects: [], data: [] })
      else await this.#putInForce(candidate)
      return false
    } catch (error) {
      if (signal.aborted) return false
      this.#retried = candidate
      this.#standing = { kind: 'notReady', commit, error }
      this.#options.log('warn', `commit ${commit} cannot be applied yet: ${messageOf(error)}`, { commit })
      return true
    }
  }

  async #judge(candidate: Candidate): Promise<Judgement> {
    const { signal, site } = this.#options
    if (site.record() !== undefined)
      await this.#memory.known((await site.machine(candidate.desired)).runtime, signal)
    return await judge(candidate, { ...this.#options, memory: this.#memory })
  }

  async #hold(candidate: Candidate, held: Omit<HeldCommit, 'at'>): Promise<void> {
    const hold: HeldCommit = { ...held, at: this.#now() }
    this.#waiting = candidate
    const before = this.#memory.value.held
    // Told and written down once, and not again with each look or start.
    if (before?.commit !== hold.commit) {
      await this.#remember((memory) => ({ ...memory, held: hold }), hold.commit)
    }
    this.#standing = { kind: 'held', held: hold }
    this.#tell({ kind: 'commitHeld', ...held })
  }

  async #putInForce(candidate: Candidate): Promise<void> {
    const { engine } = this.#options
    const before = engine.desired?.commit
    const { desired, machine } = await putOnRecord(candidate.desired, {
      ...this.#options,
      memory: this.#memory,
    })
    await engine.drive(machine, desired)
    this.#standing = { kind: 'inForce', desired, warnings: candidate.warnings }
    this.#tellApplied(desired, candidate.warnings, before)
  }

  /** Writes what is to be remembered; also where no loop runs yet. */
  async #remember(make: Parameters<Memory['change']>[0], commit: string): Promise<void> {
    const desired = this.#options.engine.desired ?? this.#waiting?.desired
    if (desired === undefined)
      throw new Error('there is no commit yet, so there is nothing to remember it with')
    const { runtime } = await this.#options.site.machine(desired)
    await this.#memory.change(make, commit, { ...this.#options, runtime })
  }

  #tellApplied({ commit, objects }: Desired, warnings: readonly Diagnostic[], before?: string): void {
    const applied = { commit, objects: objects.size, warnings }
    this.#tell({ kind: 'commitApplied', ...applied, ...(before !== undefined && { before }) })
  }

  #refuse(standing: Extract<Standing, { readonly kind: 'invalid' | 'refused' }>): void {
    this.#standing = standing
    const { commit } = standing
    const refusal =
      standing.kind === 'invalid'
        ? ({ reason: 'invalid', message: 'its manifests are not valid', errors: standing.errors } as const)
        : ({ reason: 'configuration', message: standing.message, errors: [] } as const)
    this.#tell({ kind: 'commitRefused', commit, ...refusal })
  }

  #now(): string {
    return this.#options.clock.now().toString({ smallestUnit: 'millisecond' })
  }

  #tell(event: Untimed<SyncEvent>): void {
    this.#options.tell({ at: this.#now(), ...event })
  }
}
