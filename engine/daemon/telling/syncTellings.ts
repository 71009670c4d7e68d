import { objectKey, type ObjectKey, objectText, shortCommit } from '../../api/names.ts'
import { type Diagnostic, diagnosticText } from '../../manifests/diagnostics.ts'
import { lossLines } from '../../planner/rails.ts'
import type { LogLevel } from '../../reconciler/logger.ts'
import type { SourceName, SyncEvent } from '../syncState.ts'
import { aboutObject, type Scene } from './scene.ts'
import type { Happening, Telling } from './telling.ts'
import { firstOf, plural, spanText } from './words.ts'

/** Of one commit; who wants all of them asks `reconcile validate`. */
const ERRORS_TOLD_MAX = 100
const OBJECTS_TOLD_MAX = 20
const ERRORS_IN_EVENT_MAX = 5

/** The key under which the trouble with the repository is counted. */
export const SOURCE_TROUBLE = 'source '

/** What is told of the daemon and its repository. Events of commits are about the Cluster. */
export function syncTellings(event: SyncEvent, scene: Scene): readonly Telling[] {
  switch (event.kind) {
    case 'started': {
      const { applied, source } = event
      const force = applied === undefined ? 'no commit is in force yet' : `${commitText(applied)} is in force`
      const message = `following ${sourceText(source)}; ${force}`
      return [told(event, scene, 'info', message, { reason: 'Started', commit: applied })]
    }
    case 'looked':
      return [quiet(`looked at the repository: it is at ${commitText(event.commit)}`, event.commit)]
    case 'commitSeen': {
      const { before, commit } = event
      const past = before === undefined ? '' : `, after ${shortCommit(before)}`
      return [
        told(event, scene, 'info', `${commitText(commit)} is seen${past}`, { reason: 'CommitSeen', commit }),
      ]
    }
    case 'commitApplied':
    case 'commitHealthy':
    case 'commitRefused':
    case 'commitHeld':
    case 'commitApproved':
    case 'rolledBack':
      return commitTellings(event, scene)
    case 'sourceFailed': {
      const message = `the repository cannot be read: ${event.message}`
      const telling = told(event, scene, 'warn', message, { reason: 'SourceFailed' })
      return [{ ...telling, repeats: `${SOURCE_TROUBLE}${event.message}` }]
    }
    case 'sourceBack': {
      const message = `the repository can be read again, after ${plural(event.failures, 'failure')}`
      return [told(event, scene, 'info', message, { reason: 'SourceBack' })]
    }
    case 'suspended':
    case 'resumed':
      return [handTelling(event, scene)]
    case 'reloaded':
      return [
        told(event, scene, 'info', 'asked to look again and to read the configuration anew', {
          reason: 'Reloaded',
        }),
      ]
    case 'ended':
      return [told(event, scene, 'info', 'the engine ends; containers go on', { reason: 'Stopped' })]
    default:
      return event satisfies never
  }
}

type CommitEvent = Extract<
  SyncEvent,
  {
    readonly kind:
      | 'commitApplied'
      | 'commitHealthy'
      | 'commitRefused'
      | 'commitHeld'
      | 'commitApproved'
      | 'rolledBack'
  }
>

function commitTellings(event: CommitEvent, scene: Scene): readonly Telling[] {
  switch (event.kind) {
    case 'commitApplied': {
      const { before, commit, objects, warnings } = event
      const past = before === undefined || before === commit ? '' : `, after ${shortCommit(before)}`
      const message = `${commitText(commit)} is in force: ${plural(objects, 'object')}${past}`
      return [
        told(event, scene, 'info', message, { reason: 'CommitApplied', commit }),
        ...diagnosticTellings(warnings, 'warn', commit),
      ]
    }
    case 'commitHealthy': {
      const { commit, durationMs } = event
      const message = `all of ${commitText(commit)} is healthy, after ${spanText(durationMs)}`
      const telling = told(event, scene, 'info', message, { reason: 'CommitHealthy', commit })
      return [{ ...telling, fields: { ...telling.fields, durationMs: Math.round(durationMs) } }]
    }
    case 'commitRefused':
      return refusal(event, scene)
    case 'commitHeld': {
      const { commit, reasons } = event
      const losses = lossLines(event)
      const what = losses.length === 0 ? '' : `; it would delete ${firstOf(losses, OBJECTS_TOLD_MAX, '; ')}`
      const how = `reconcile approve ${shortCommit(commit)} lets it be applied`
      const message = `${commitText(commit)} is held: ${reasons.map(withoutStop).join('; ')}${what}; ${how}`
      return [told(event, scene, 'warn', message, { reason: 'CommitHeld', commit })]
    }
    case 'commitApproved': {
      const { commit } = event
      return [
        told(event, scene, 'info', `${commitText(commit)} is approved`, { reason: 'CommitApproved', commit }),
      ]
    }
    case 'rolledBack': {
      const { from, reason, to } = event
      const message = `ROLLED BACK from ${commitText(from)} to ${commitText(to)}, and stays there until the branch moves: ${reason}`
      return [told(event, scene, 'error', message, { reason: 'RolledBack', commit: to })]
    }
    default:
      return event satisfies never
  }
}

/** Each error on a line of its own, so that it is found by its file. */
function refusal(
  event: Extract<SyncEvent, { readonly kind: 'commitRefused' }>,
  scene: Scene,
): readonly Telling[] {
  const { commit, errors, message: why } = event
  const count = errors.length === 0 ? '' : ` (${plural(errors.length, 'error')})`
  const force = scene.snapshot?.desired.commit
  const stays = force === undefined ? '' : `; ${commitText(force)} stays in force`
  const message = `${commitText(commit)} is refused: ${withoutStop(why)}${count}${stays}`
  const telling = told(event, scene, 'error', message, { reason: 'CommitRefused', commit })
  const texts = errors.map(diagnosticText)
  const inEvent = texts.length === 0 ? message : `${message}: ${firstOf(texts, ERRORS_IN_EVENT_MAX)}`
  return [
    { ...telling, events: (telling.events ?? []).map((each) => ({ ...each, message: inEvent })) },
    ...diagnosticTellings(errors, 'error', commit),
  ]
}

function diagnosticTellings(
  diagnostics: readonly Diagnostic[],
  level: LogLevel,
  commit: string,
): readonly Telling[] {
  const lines = diagnostics.slice(0, ERRORS_TOLD_MAX).map((diagnostic): Telling => {
    const object = diagnostic.object?.replace(' ', '/')
    return {
      level,
      message: diagnosticText(diagnostic),
      fields: { commit, ...(object !== undefined && { object }) },
    }
  })
  const more = diagnostics.length - lines.length
  if (more <= 0) return lines
  return [...lines, { level, message: `and ${more} more; reconcile validate shows all`, fields: { commit } }]
}

function handTelling(
  event: Extract<SyncEvent, { readonly kind: 'suspended' | 'resumed' }>,
  scene: Scene,
): Telling {
  const { at, kind, object } = event
  const isSuspended = kind === 'suspended'
  const message = isSuspended
    ? `${objectText(object)} is suspended: nothing is done about it until reconcile resume`
    : `${objectText(object)} is resumed`
  const reason = isSuspended ? 'Suspended' : 'Resumed'
  const happening: Happening = { at, about: aboutObject(scene, object), type: 'Normal', reason, message }
  return { level: 'info', message, fields: { object, reason }, events: [happening] }
}

function told(
  { at }: SyncEvent,
  scene: Scene,
  level: LogLevel,
  message: string,
  { commit, reason }: { readonly reason: string; readonly commit?: string | undefined },
): Telling {
  const type = level === 'warn' || level === 'error' ? 'Warning' : 'Normal'
  const of = commit === undefined ? {} : { commit }
  const happening: Happening = { at, about: { key: clusterKey(scene) }, type, reason, message, ...of }
  return { level, message, fields: { ...of, object: happening.about.key, reason }, events: [happening] }
}

function quiet(message: string, commit: string): Telling {
  return { level: 'debug', message, fields: { commit } }
}

export function clusterKey({ cluster = 'default', snapshot }: Scene): ObjectKey {
  return objectKey('Cluster', undefined, snapshot?.desired.cluster.metadata.name ?? cluster)
}

function commitText(commit: string): string {
  return commit === 'uncommitted' ? 'the uncommitted files' : `commit ${shortCommit(commit)}`
}

function sourceText({ branch, path, repository }: SourceName): string {
  const which = branch === undefined ? '' : `, branch ${branch}`
  return `${repository}${which}${path === '' ? '' : `, --path ${path}`}`
}

function withoutStop(sentence: string): string {
  return sentence.replace(/[.;]\s*$/, '')
}
