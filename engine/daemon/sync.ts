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
import { goOn } from './goOn.ts'
import { judge } from './judge.ts'
import { Memory } from './memory.ts'
import { putOnRecord } from './putOnRecord.ts'
import type { Site } from './site.ts'
import { desiredOf, nothingOf } from './nothing.ts'
import { type Candidate, type Refused, refusalOf, type Standing } from './standing.ts'
import type { SyncEvent, UntimedEvent } from './syncState.ts'
import { answerOf, hearResume, hearSuspend, type WordsOptions } from './words.ts'

export interface SyncOptions {
  readonly site: Site
  readonly engine: Engine
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly log: Logger
  readonly tell: (event: SyncEvent) => void
}

const NOTHING_LOST = { data: [], objects: [], reasons: [] }

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
  /** The commit that was in force before this engine, should it never be so under it. */
  #unusable: string | undefined

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

  /** The branch's commit could not be put in force, for a reason that may pass. */
  get isToBeTriedAgain(): boolean {
    return this.#retried !== undefined
  }

  /** Whether what was in force when the last engine ended may be gone on with, as far as is known. */
  mayBegin(commit: string): boolean {
    return this.#unusable !== commit
  }

  /** Goes on with what was in force when the last engine ended. Rejects as runtimes do. */
  async begin(revision: Revision, when: 'start' | 'late'): Promise<void> {
    const begun = await goOn(revision, { ...this.#options, reader: this.#reader, memory: this.#memory })
    this.#standing = begun
    if (begun.kind === 'inForce') {
      // Of one that could not be read at the start, and can now.
      if (when === 'late') this.#tellApplied(begun.desired, begun.warnings)
      return
    }
    this.#unusable = begun.commit
    const why = begun.kind === 'invalid' ? `${begun.errors.length} errors, for this engine` : begun.message
    const { commit } = begun
    this.#options.log('error', `commit ${commit}, which was in force, cannot be gone on with: ${why}`, {
      commit,
    })
  }

  /** After each look. What cannot be put in force for now `isToBeTriedAgain`. */
  async hear(news: News): Promise<void> {
    if (news.kind === 'failure') {
      this.#failures = news.failures
      this.#unreadable = news.error
      this.#tell({ kind: 'sourceFailed', message: news.error.message, failures: news.failures })
      return
    }
    this.#unreadable = undefined
    const commit = news.kind === 'revision' ? news.revision.commit : news.commit
    this.#look(commit)
    switch (news.kind) {
      case 'same':
        return
      case 'folderGone':
        return await this.#withoutFolder(commit)
      case 'revision': {
        const reading = this.#reader.read(news.revision, 'commit')
        if (reading.kind === 'valid')
          return await this.#consider({
            desired: desiredOf(reading, this.#options),
            warnings: reading.warnings,
          })
        this.#waiting = undefined
        this.#retried = undefined
        this.#refuse({ kind: 'invalid', commit, errors: reading.errors, warnings: reading.warnings })
        return
      }
      default:
        return news satisfies never
    }
  }

  /** Tries the branch's commit again, should that be wanted still. */
  async again(): Promise<void> {
    if (this.#retried !== undefined) await this.#consider(this.#retried)
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

  /** It asks for nothing, so the rails look at it. */
  async #withoutFolder(commit: string): Promise<void> {
    const desired = nothingOf(commit, this.#options)
    if (desired !== undefined) return await this.#consider({ desired, warnings: [], pathGone: true })
    this.#refuse({ kind: 'refused', commit, message: 'the folder that is followed is not in it' })
  }

  async #consider(candidate: Candidate): Promise<void> {
    const { log, signal } = this.#options
    const { commit } = candidate.desired
    this.#waiting = undefined
    this.#retried = undefined
    try {
      await this.#decide(candidate)
    } catch (error) {
      if (signal.aborted) return
      this.#retried = candidate
      this.#standing = { kind: 'notReady', commit, error }
      log('warn', `commit ${commit} cannot be applied yet: ${messageOf(error)}`, { commit })
    }
  }

  async #decide(candidate: Candidate): Promise<void> {
    const { engine } = this.#options
    const { desired, warnings } = candidate
    const { rollback } = this.#memory.value
    if (rollback?.from === desired.commit) this.#standing = { kind: 'rolledBack', rollback }
    else if (engine.desired?.commit === desired.commit) {
      this.#standing = { kind: 'inForce', desired: engine.desired, warnings }
      // The branch has moved, back to where the engine has gone.
      if (rollback !== undefined)
        await this.#remember((memory) => inForceAfter(memory, desired), desired.commit)
    } else await this.#try(candidate)
  }

  async #try(candidate: Candidate): Promise<void> {
    const { engine, site } = this.#options
    const { commit } = candidate.desired
    // Both take their time. Where nothing is in force, a machine that cannot be driven is not even looked at.
    const judging = engine.desired === undefined ? undefined : this.#judge(candidate)
    judging?.catch(() => undefined)
    const objection = await site.objection(candidate.desired)
    if (objection?.kind === 'configuration')
      return this.#refuse({ kind: 'refused', commit, message: objection.message })
    const judgement = await (judging ?? this.#judge(candidate))
    const isApproved = this.#memory.value.approved?.commit === commit
    const lost = objection === undefined || isApproved ? [] : [objection.message]
    const { data, objects, reasons } = judgement.kind === 'held' ? judgement : NOTHING_LOST
    if (judgement.kind === 'accepted' && lost.length === 0) await this.#putInForce(candidate)
    else await this.#hold(candidate, { commit, reasons: [...lost, ...reasons], objects, data })
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

  #refuse(standing: Refused): void {
    this.#standing = standing
    this.#tell({ kind: 'commitRefused', ...refusalOf(standing) })
  }

  #now(): string {
    return this.#options.clock.now().toString({ smallestUnit: 'millisecond' })
  }

  #tell(event: UntimedEvent): void {
    this.#options.tell({ at: this.#now(), ...event })
  }
}
