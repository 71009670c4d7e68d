import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import type { PodPaths } from '../paths.ts'

/** Rejects where there is no such pod: what was to be done to it would leave a folder that is nobody's. */
export async function requirePod(
  transport: Transport,
  { record }: Pick<PodPaths, 'record'>,
  name: string,
): Promise<void> {
  if ((await transport.stat(record)) !== undefined) return
  throw new RuntimeFailure('NotFound', `pod ${name} is not on this node`)
}
