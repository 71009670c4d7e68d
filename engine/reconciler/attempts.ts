import type { Action, ContainerAttempt } from '../api/plan.ts'

/** The containers and attempts that an action is about; none: it is about the pod, or about a record. */
export function attemptsOf(action: Action): readonly ContainerAttempt[] {
  if ('containers' in action) return action.containers
  return 'container' in action ? [action.container] : []
}

/** What makes two actions the same attempt: not their words, and not the record that they write. */
export function signatureOf(action: Action): string {
  return [action.kind, ...attemptsOf(action).map(({ name, attempt }) => `${name}/${attempt}`)].join(' ')
}

/** Whose action it is: a pod has one at a time, and so has a record. */
export function subjectOf(action: Action): string {
  if ('uid' in action) return action.uid
  return action.kind === 'writeRecord' ? action.record.key : action.key
}
