import type { PodSpec, PriorityClass } from '../api/generated/types.ts'
import { SYSTEM_PRIORITIES } from '../api/priorities.ts'
import type { Desired } from '../api/snapshot.ts'

export interface Priority {
  readonly value: number
  readonly mayPreempt: boolean
}

/** The classes that are always there. */
const BUILT_IN: ReadonlyMap<string, Priority> = new Map(
  [...SYSTEM_PRIORITIES].map(([name, value]) => [name, { value, mayPreempt: true }]),
)

/** By the classes of the commit, for pods that run as well: a class that changes changes its pods. */
export function prioritiesOf({ objects }: Desired): (spec: PodSpec) => Priority {
  const classes = new Map(BUILT_IN)
  let ofAll: Priority = { value: 0, mayPreempt: true }
  let smallest = Number.POSITIVE_INFINITY
  for (const { object } of objects.values()) {
    if (object.kind !== 'PriorityClass') continue
    classes.set(object.metadata.name ?? '', priorityOf(object))
    // Of several global defaults the smallest counts, as in Kubernetes.
    if (object.globalDefault !== true || object.value >= smallest) continue
    smallest = object.value
    ofAll = priorityOf(object)
  }
  return ({ preemptionPolicy, priority, priorityClassName }) => {
    const named = priorityClassName === undefined ? undefined : classes.get(priorityClassName)
    const found = named ?? (priority === undefined ? ofAll : { ...ofAll, value: priority })
    return preemptionPolicy === undefined ? found : { ...found, mayPreempt: preemptionPolicy !== 'Never' }
  }
}

function priorityOf({ preemptionPolicy, value }: PriorityClass): Priority {
  return { value, mayPreempt: preemptionPolicy !== 'Never' }
}
