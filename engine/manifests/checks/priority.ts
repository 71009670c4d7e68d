import type { PriorityClass } from '../../api/generated/types.ts'
import { SYSTEM_PRIORITIES } from '../../api/priorities.ts'
import type { CheckContext } from '../context.ts'

/** What users may give; above it are the classes of the system. */
const VALUE_MAX = 1_000_000_000
const SYSTEM_PREFIX = 'system-'

export function checkPriorityClass(context: CheckContext, priorityClass: PriorityClass): void {
  const { metadata, value } = priorityClass
  if (!context.sound(['metadata']) || !context.sound(['value'])) return
  const name = metadata.name ?? ''
  const system = SYSTEM_PRIORITIES.get(name)
  if (system !== undefined) {
    if (value !== system)
      context.error(['value'], `the value of ${name} is ${system}, and cannot be another one`)
    if (priorityClass.globalDefault === true)
      context.error(['globalDefault'], `${name} cannot be the default of all pods`)
    return
  }
  if (name.startsWith(SYSTEM_PREFIX)) {
    const message = `priority class names with the prefix ${SYSTEM_PREFIX} are reserved for system use only`
    context.error(['metadata', 'name'], message)
  }
  if (value > VALUE_MAX) {
    const message = `must be no more than ${VALUE_MAX}, not ${value}: what is above is reserved for system use`
    context.error(['value'], message)
  }
}
