import type { KubernetesObject, LabelSelector } from '../api/generated/types.ts'
import { objectKey } from '../api/names.ts'
import { podSpecsOf } from '../api/podSpecs.ts'
import { isEmptySelector, type Labels, matchesSelector } from '../api/selectors.ts'
import { type Finding, type Index, placeText, type Standing } from './standing.ts'

/** Pods that an object describes: by their labels they are found. */
interface Labelled {
  readonly standing: Standing
  readonly object: KubernetesObject
  readonly labels: Labels
  /** Absent: the object has no selector of its own (a Pod, a Job whose selector is generated). */
  readonly selector?: LabelSelector
}

/**
 * Selectors that match what is another's: two controllers would fight for its pods, were it not for their owners, and budgets,
 * autoscalers and people count them wrongly. A controller of Kubernetes takes a bare Pod that it matches for its own.
 */
export function overlaps(standings: readonly Standing[], index: Index): readonly Finding[] {
  const spaces = Map.groupBy(standings.flatMap(labelledOf), ({ object }) => object.metadata.namespace ?? '')
  return [...spaces.values()]
    .flatMap((labelled) => selectorsOver(labelled))
    .concat(ordinalsTaken(standings, index))
}

function labelledOf(standing: Standing): readonly Labelled[] {
  const object = standing.placed.read.valid?.object
  if (object === undefined) return []
  const [pods] = podSpecsOf(object)
  const selector = selectorOf(object)
  if (pods === undefined && selector === undefined) return []
  return [
    { standing, object, labels: pods?.metadata?.labels ?? {}, ...(selector !== undefined && { selector }) },
  ]
}

/** Of what controls pods; a Job's own counts only where it is not generated. */
function selectorOf(object: KubernetesObject): LabelSelector | undefined {
  if (object.kind === 'Job') return object.spec.manualSelector === true ? object.spec.selector : undefined
  const controls =
    object.kind === 'Deployment' ||
    object.kind === 'ReplicaSet' ||
    object.kind === 'StatefulSet' ||
    object.kind === 'DaemonSet'
  return controls ? object.spec.selector : undefined
}

function selectorsOver(labelled: readonly Labelled[]): readonly Finding[] {
  if (labelled.length < 2) return []
  const carriers = carriersOf(labelled)
  return labelled.flatMap((one, at) => {
    const { selector } = one
    if (selector === undefined || isEmptySelector(selector)) return []
    const other = candidatesFor(selector, labelled, carriers).find(
      (candidate) =>
        // A second object of the name is told of as that.
        candidate.standing.placed.read.key !== one.standing.placed.read.key &&
        matchesSelector(selector, candidate.labels) &&
        isTold(one, at, candidate, labelled),
    )
    return other === undefined ? [] : [overlap(one, other)]
  })
}

/** Who carries each label, so that not all are compared with all. */
type Carriers = ReadonlyMap<string, readonly Labelled[]>

function carriersOf(labelled: readonly Labelled[]): Carriers {
  const carriers = new Map<string, Labelled[]>()
  for (const one of labelled) {
    for (const [key, value] of Object.entries(one.labels)) {
      const text = `${key}=${value}`
      const others = carriers.get(text)
      if (others === undefined) carriers.set(text, [one])
      else others.push(one)
    }
  }
  return carriers
}

/** Those with the rarest of the labels that are asked for. */
function candidatesFor(
  selector: LabelSelector,
  labelled: readonly Labelled[],
  carriers: Carriers,
): readonly Labelled[] {
  return Object.entries(selector.matchLabels ?? {})
    .map(([key, value]) => carriers.get(`${key}=${value}`) ?? [])
    .reduce((few, others) => (others.length < few.length ? others : few), labelled)
}

/** When each matches the other's pods, it is told once: of the later one. */
function isTold(one: Labelled, at: number, other: Labelled, labelled: readonly Labelled[]): boolean {
  if (other.selector === undefined || !matchesSelector(other.selector, one.labels)) return true
  return labelled.indexOf(other) < at
}

/** The pods of a Job that selects its own are safe from others, as in Kubernetes; they are only counted twice. */
function overlap(one: Labelled, other: Labelled): Finding {
  const { kind, metadata } = other.object
  const label = `${kind} ${metadata.namespace ?? ''}/${metadata.name ?? ''}`
  const isJob = (kind === 'Job' || kind === 'CronJob') && other.selector === undefined
  const whose = kind === 'Pod' ? label : `the pods of ${label}`
  return {
    standing: one.standing,
    path: ['spec', 'selector'],
    severity: isJob ? 'warning' : 'error',
    message: `the selector matches ${whose} too (${placeText(other.standing)})`,
    suggestion: 'give each a label of its own, in its selector and its template',
  }
}

/** A Pod that is called as one of a StatefulSet's: there can be only one of the name. */
function ordinalsTaken(standings: readonly Standing[], index: Index): readonly Finding[] {
  return standings.flatMap((standing) => {
    const pod = standing.placed.read.valid?.object
    if (pod?.kind !== 'Pod') return []
    const [, name, ordinal] = /^(.*)-(0|[1-9][0-9]*)$/.exec(pod.metadata.name ?? '') ?? []
    const namespace = pod.metadata.namespace
    const found = name === undefined ? undefined : index.get(objectKey('StatefulSet', namespace, name))
    const set = found?.placed.read.valid?.object
    if (found === undefined || set?.kind !== 'StatefulSet') return []
    const { ordinals, replicas = 1 } = set.spec
    const place = Number(ordinal) - (ordinals?.start ?? 0)
    if (place < 0 || place >= replicas) return []
    const message = `StatefulSet ${namespace ?? ''}/${name ?? ''} has a pod of this name (${placeText(found)})`
    return [
      {
        standing,
        path: ['metadata', 'name'],
        severity: 'error',
        message,
        suggestion: 'rename one of them',
      } as const,
    ]
  })
}
