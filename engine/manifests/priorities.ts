import { objectKey } from '../api/names.ts'
import { SYSTEM_PRIORITIES } from '../api/priorities.ts'
import { podSpecsOf } from '../api/podSpecs.ts'
import { type Finding, type Index, placeText, type Standing } from './standing.ts'

/** One default for all pods, and no pod that says another priority than its class. */
export function priorities(standings: readonly Standing[], index: Index): readonly Finding[] {
  return [...secondDefaults(standings), ...standings.flatMap((standing) => contradictions(standing, index))]
}

function secondDefaults(standings: readonly Standing[]): readonly Finding[] {
  const defaults = standings.filter(({ placed }) => {
    const object = placed.read.valid?.object
    return object?.kind === 'PriorityClass' && object.globalDefault === true
  })
  const [first, ...others] = defaults
  if (first === undefined) return []
  return others
    .filter(({ placed }) => placed.read.key !== first.placed.read.key)
    .map((standing) => ({
      standing,
      path: ['globalDefault'],
      severity: 'error',
      message: `PriorityClass ${first.placed.read.valid?.object.metadata.name ?? ''} is the default already (${placeText(first)})`,
      suggestion: 'only one may be marked as the default of all pods',
    }))
}

/** As the API server's admission says it; it computes these numbers, and nobody has to write them. */
function contradictions(standing: Standing, index: Index): readonly Finding[] {
  const object = standing.placed.read.valid?.written
  if (object === undefined) return []
  return podSpecsOf(object).flatMap(({ path, spec }) => {
    const { priority, priorityClassName } = spec
    if (priority === undefined) return []
    const value = priorityClassName ? valueOf(priorityClassName, index) : defaultOf(index)
    if (value === undefined || value === priority) return []
    const from = priorityClassName ? `PriorityClass ${priorityClassName}` : 'the default'
    const message = `the integer value of priority (${priority}) must not be provided in pod spec: ${from} says ${value}`
    return [
      {
        standing,
        path: [...path, 'priority'],
        severity: 'error',
        message,
        suggestion: 'leave it out',
      } as const,
    ]
  })
}

/** Undefined when there is no such class, of which is told elsewhere. */
function valueOf(name: string, index: Index): number | undefined {
  const found = index.get(objectKey('PriorityClass', undefined, name))?.placed.read.valid?.object
  return found?.kind === 'PriorityClass' ? found.value : SYSTEM_PRIORITIES.get(name)
}

function defaultOf(index: Index): number {
  for (const { placed } of index.values()) {
    const object = placed.read.valid?.object
    if (object?.kind === 'PriorityClass' && object.globalDefault === true) return object.value
  }
  return 0
}
