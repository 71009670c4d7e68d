import type { LogLimits } from '../../../api/logLimits.ts'
import { type AttemptLog, CURRENT, type LogFile, NEXT, numberedName, written } from './files.ts'

/** Names are of files of an attempt: `own` of the one that runs, `before` of the one before it. */
export type KeepStep =
  /** What is called `what` gets a number, which keeps it. */
  | { readonly kind: 'number'; readonly what: typeof CURRENT | typeof NEXT; readonly name: string }
  | { readonly kind: 'renumber'; readonly name: string; readonly to: string }
  /** The file that comes next is made. */
  | { readonly kind: 'prepare'; readonly name: string }
  | { readonly kind: 'remove'; readonly of: 'own' | 'before'; readonly name: string }
  /** conmon is asked to begin the next one. */
  | { readonly kind: 'reopen' }

/**
 * In this order, so that after each of them nothing can be lost that is to be kept. `log.tmp` of an attempt that runs is never taken
 * away: conmon may be about to rename it, and ends when it cannot.
 */
export function keepSteps(
  own: AttemptLog,
  before: AttemptLog | undefined,
  limits: LogLimits,
): readonly KeepStep[] {
  const { current } = own
  // Not begun yet.
  if (current === undefined) return []
  return [
    ...numberingSteps(own, current),
    ...leftovers(own, before),
    ...excess(own, before, limits),
    ...(current.bytes >= limits.bytesMax ? [{ kind: 'reopen' } as const] : []),
  ]
}

/** The order of files is told by their numbers: what comes next has the highest. */
function numberingSteps({ next, older }: AttemptLog, current: LogFile): readonly KeepStep[] {
  const numbers = [...older, current, next].flatMap((file) => file?.number ?? [])
  const last = Math.max(0, ...numbers)
  const free = numberedName(last + 1)
  if (current.number !== undefined) {
    if (next === undefined) return [{ kind: 'prepare', name: free }]
    return next.number === undefined ? [{ kind: 'number', what: NEXT, name: free }] : []
  }
  if (next?.number !== undefined) {
    return [
      { kind: 'renumber', name: next.name, to: free },
      { kind: 'number', what: CURRENT, name: next.name },
    ]
  }
  const after = numberedName(last + 2)
  return [
    { kind: 'number', what: CURRENT, name: free },
    next === undefined ? { kind: 'prepare', name: after } : { kind: 'number', what: NEXT, name: after },
  ]
}

function removed(of: 'own' | 'before', name: string): KeepStep {
  return { kind: 'remove', of, name }
}

/** Files that were prepared for what did not come. */
function leftovers(own: AttemptLog, before: AttemptLog | undefined): readonly KeepStep[] {
  return [
    ...own.older.filter(({ bytes }) => bytes === 0).map(({ name }) => removed('own', name)),
    ...(before?.next === undefined
      ? []
      : [...new Set([NEXT, before.next.name])].map((name) => removed('before', name))),
  ]
}

/** The oldest that are more than may be kept, of the attempt before first. */
function excess(own: AttemptLog, before: AttemptLog | undefined, limits: LogLimits): readonly KeepStep[] {
  const former = before === undefined ? [] : written(before)
  const told = toldBefore(former, limits)
  const older = own.older.filter(({ bytes }) => bytes > 0)
  const current = own.current?.bytes ?? 0
  const candidates = [
    ...former.slice(0, former.length - told).map((file) => ({ ...file, of: 'before' as const })),
    ...older.map((file) => ({ ...file, of: 'own' as const })),
  ]
  // What is written to and what comes next have their places.
  let files = former.length + older.length + 2
  let bytes = sum(former) + sum(older) + current
  const steps: KeepStep[] = []
  for (const file of candidates) {
    if (files <= limits.filesMax && bytes <= limits.filesMax * limits.bytesMax) break
    steps.push(removed(file.of, file.name))
    files -= 1
    bytes -= file.bytes
  }
  return steps
}

/** How many files tell how the attempt before ended: its last one, and where that has only begun the one before it. */
function toldBefore(former: readonly LogFile[], limits: LogLimits): number {
  const last = former.at(-1)
  if (last === undefined) return 0
  const short = last.bytes < limits.bytesMax / 2 && limits.filesMax > 3
  return Math.min(former.length, short ? 2 : 1)
}

function sum(files: readonly LogFile[]): number {
  return files.reduce((bytes, file) => bytes + file.bytes, 0)
}
