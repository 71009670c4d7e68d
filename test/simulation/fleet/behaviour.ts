import type { Pod } from '../../../engine/api/generated/types.ts'
import { unitHash } from '../../../engine/api/names.ts'
import type { ContainerScript, Script } from '../../../engine/runtimes/simulated/script.ts'
import { BEHAVIOUR } from './objects.ts'

/** How containers behave: it follows from the seed and the pod, so that every run of a world is the same. */
export function behaviourOf(seed: number, crashing: boolean): Script {
  return ({ attempt, pod }) => {
    const draw = (what: string): number =>
      unitHash(String(seed), pod.metadata.name ?? '', String(attempt), what)
    const stopAfterMs = draw('stop') < 0.2 ? Math.floor(draw('grace') * 8_000) : 0
    const script = { stopAfterMs, exec: readyAfter(draw('ready') ** 2 * 5_000) }
    const task = { ...script, exitAfterMs: Math.floor(draw('takes') ** 2 * 40_000) }
    switch (kindOf(pod)) {
      case 'does-a-task':
        return task
      case 'fails-at-times':
        return { ...task, exitCode: draw('fails') < 0.4 ? 1 : 0 }
      case 'always-fails':
        return { ...task, exitCode: 3 }
      default:
        if (!crashing || attempt > 1 || draw('crash') > 0.2) return script
        return { ...script, exitAfterMs: Math.floor(draw('life') * 5_000), exitCode: 1 }
    }
  }
}

function kindOf({ metadata }: Pod): string {
  return metadata.labels?.[BEHAVIOUR] ?? 'serves'
}

function readyAfter(ms: number): NonNullable<ContainerScript['exec']> {
  return (_command, ranMs) => ({ exitCode: ranMs >= ms ? 0 : 1, output: '', timedOut: false })
}
