import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import type { PodPaths } from '../paths.ts'

/**
 * Rejects where there is no such pod: what was to be done to it would leave a folder that is nobody's. One whose record somebody has
 * removed is there for as long as the copy is.
 */
export async function requirePod(
  transport: Transport,
  { record, recordCopy }: Pick<PodPaths, 'record' | 'recordCopy'>,
  name: string,
): Promise<void> {
  if ((await transport.stat(record)) !== undefined) return
  if ((await transport.stat(recordCopy)) !== undefined) return
  throw new RuntimeFailure('NotFound', `pod ${name} is not on this node`)
}
