import type { ContainerResizePolicy } from '../../api/generated/types.ts'
import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'

const RESOURCES = ['cpu', 'memory']

/** Source: validateResizePolicy in pkg/apis/core/validation. */
export function checkResizePolicy(
  context: CheckContext,
  path: Path,
  policies: readonly ContainerResizePolicy[],
  podRestartPolicy: string,
): void {
  const seen = new Set<string>()
  for (const [index, { resourceName, restartPolicy }] of policies.entries()) {
    const at = [...path, index, 'resourceName']
    if (!RESOURCES.includes(resourceName))
      context.error(at, `${JSON.stringify(resourceName)} is not supported: it must be cpu or memory`)
    else if (seen.has(resourceName)) context.error(at, `${resourceName} is there twice`)
    seen.add(resourceName)
    if (podRestartPolicy === 'Never' && restartPolicy !== 'NotRequired')
      context.error([...path, index, 'restartPolicy'], "must be 'NotRequired' when restartPolicy is 'Never'")
  }
}
