import { annotationProblems } from '../../api/podAnnotations.ts'
import { CONDITIONS_ANNOTATION, conditionsProblem } from '../../api/podConditions.ts'
import { PRUNE, SYNC_MODE } from '../../api/syncAnnotations.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { didYouMean } from '../suggestions.ts'

type Texts = Readonly<Record<string, string>>

const PREFIX = 'reconcile.dev/'

/** What one of our annotations may say; the sentence when it says something else. */
type Rule = (value: string) => string | undefined

const truth: Rule = (value) =>
  value === 'true' || value === 'false'
    ? undefined
    : `must be "true" or "false", not ${JSON.stringify(value)}`

/** Told by `annotationProblems`, beside what reads them. */
const read: Rule = () => undefined

const syncMode: Rule = (value) =>
  value === 'heal' || value === 'detect' ? undefined : `must be heal or detect, not ${JSON.stringify(value)}`

const OF_OBJECTS: Readonly<Record<string, Rule>> = {
  [PRUNE]: truth,
  'reconcile.dev/replace': truth,
  [SYNC_MODE]: syncMode,
}

const OF_PODS: Readonly<Record<string, Rule>> = {
  'kubernetes.io/egress-bandwidth': read,
  'kubernetes.io/ingress-bandwidth': read,
  'reconcile.dev/blkio-read-bps': read,
  'reconcile.dev/blkio-read-iops': read,
  'reconcile.dev/blkio-weight': read,
  'reconcile.dev/blkio-write-bps': read,
  'reconcile.dev/blkio-write-iops': read,
  [CONDITIONS_ANNOTATION]: conditionsProblem,
  'reconcile.dev/restart-on-config-change': truth,
}

export function checkObjectAnnotations(
  context: CheckContext,
  path: Path,
  annotations: Texts | undefined,
): void {
  check(context, path, annotations, OF_OBJECTS)
}

/** Of a pod template. */
export function checkPodAnnotations(context: CheckContext, path: Path, annotations: Texts | undefined): void {
  check(context, path, annotations, OF_PODS)
  checkRead(context, path, annotations)
}

/** A Pod is both. */
export function checkBareAnnotations(
  context: CheckContext,
  path: Path,
  annotations: Texts | undefined,
): void {
  check(context, path, annotations, { ...OF_OBJECTS, ...OF_PODS })
  checkRead(context, path, annotations)
}

function checkRead(context: CheckContext, path: Path, annotations: Texts | undefined): void {
  if (!context.sound(path)) return
  for (const { annotation, message } of annotationProblems(annotations))
    context.error([...path, annotation], message)
}

function check(
  context: CheckContext,
  path: Path,
  annotations: Texts | undefined,
  rules: Readonly<Record<string, Rule>>,
): void {
  if (annotations === undefined || !context.sound(path)) return
  for (const [key, value] of Object.entries(annotations)) {
    const rule = Object.hasOwn(rules, key) ? rules[key] : undefined
    const problem = rule?.(value)
    if (problem !== undefined) context.error([...path, key], problem)
    else if (rule === undefined && key.startsWith(PREFIX)) unknown(context, [...path, key], key, rules)
  }
}

function unknown(
  context: CheckContext,
  path: Path,
  key: string,
  rules: Readonly<Record<string, Rule>>,
): void {
  const ofObject = Object.hasOwn(OF_OBJECTS, key)
    ? 'belongs to the object: write it into its own metadata'
    : undefined
  const elsewhere = Object.hasOwn(OF_PODS, key) ? 'belongs to pods: write it into the pod template' : ofObject
  const { suggestion } = didYouMean(key, Object.keys(rules))
  context.error(path, `there is no annotation ${key} here`, elsewhere ?? suggestion)
}
