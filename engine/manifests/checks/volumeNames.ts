import type { CheckContext } from '../context.ts'
import type { Path } from '../diagnostics.ts'
import { didYouMean } from '../suggestions.ts'

/** `volumes`: the names of all volumes of the pod; undefined when they cannot be known. */
export function checkVolumeName(
  context: CheckContext,
  path: Path,
  name: string,
  volumes: readonly string[] | undefined,
): void {
  if (volumes === undefined || volumes.includes(name)) return
  const message = `the pod has no volume named ${JSON.stringify(name)}`
  context.error(path, message, didYouMean(name, volumes).suggestion)
}
