import type { ObservedPod } from '../api/snapshot.ts'
import type { PodContext } from './context.ts'
import type { HandlerTarget, SleepTarget } from './handlers.ts'

/** What a container's hook does; undefined: it has no such hook. */
export function hookCommand(
  _pod: ObservedPod,
  _container: string,
  _hook: 'postStart' | 'preStop',
  _context: PodContext,
): HandlerTarget | SleepTarget | undefined {
  throw new Error('not built yet')
}
