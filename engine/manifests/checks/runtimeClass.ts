import type { RuntimeClass } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import { dnsLabel } from './names.ts'
import { checkTolerations } from './placement.ts'
import { checkQuantity } from './resources.ts'

/** Source: ValidateRuntimeClass in Kubernetes' pkg/apis/node/validation. */
export function checkRuntimeClass(
  context: CheckContext,
  { handler, overhead, scheduling }: RuntimeClass,
): void {
  const rule = context.sound(['handler']) ? dnsLabel(handler) : undefined
  if (rule !== undefined) context.error(['handler'], `${JSON.stringify(handler)} ${rule}`)
  if (context.sound(['overhead'])) {
    for (const [name, quantity] of Object.entries(overhead?.podFixed ?? {}))
      checkQuantity(context, ['overhead', 'podFixed', name], quantity)
  }
  if (context.sound(['scheduling']) && scheduling?.tolerations !== undefined)
    checkTolerations(context, ['scheduling', 'tolerations'], scheduling.tolerations)
}
