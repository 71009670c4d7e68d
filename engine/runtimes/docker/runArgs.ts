import { LOG_LIMITS } from '../../api/logLimits.ts'
import { labelFlags } from '../dockerLike/commands.ts'
import {
  commaList,
  groupFlags,
  namespaceFlags,
  processFlags,
  type RunMount,
  type RunParts,
} from '../dockerLike/runParts.ts'
import type { RunWish } from '../dockerLike/tool.ts'

/** docker-run(1). */
export function runArgs(wish: RunWish, parts: RunParts, verb: 'run' | 'create' = 'run'): readonly string[] {
  const [program = '', ...args] = parts.args
  return [
    ...(verb === 'run' ? ['run', '--detach'] : ['create']),
    ...['--pull', 'never', '--name', parts.name],
    ...labelFlags(parts.labels),
    ...namespaceFlags(parts),
    ...groupFlags(parts),
    ...['--restart', RESTARTS[parts.restart]],
    ...(parts.stopSignal === '' ? [] : ['--stop-signal', parts.stopSignal]),
    ...['--log-driver', 'json-file', '--log-opt', `max-size=${parts.log.bytesMax}`],
    ...['--log-opt', `max-file=${LOG_LIMITS.filesMax}`],
    ...['--env-file', parts.envFile, ...parts.variables.flags, '--workdir', parts.cwd, '--no-healthcheck'],
    ...processFlags(wish, parts, {
      capabilities: exactly(parts.capabilities),
      unmasked: 'systempaths=unconfined',
      mountText,
    }),
    ...['--entrypoint', program, parts.image, ...args],
  ]
}

/** By name: docker's own ALL has what the machine may lack, and then no container starts. */
function exactly(capabilities: readonly string[]): readonly string[] {
  return ['--cap-drop', 'all', ...capabilities.flatMap((name) => ['--cap-add', name])]
}

/** What the engine has stopped stays so, also when the daemon comes back. */
const RESTARTS = { no: 'no', 'on-failure': 'on-failure', always: 'unless-stopped' } as const

/** Unless it is told of another propagation, docker takes rprivate; or rslave, where what it keeps itself is below the source. */
export function mountText({ destination, propagation, readOnly, source }: Omit<RunMount, 'noExec'>): string {
  return commaList([
    'type=bind',
    `source=${source}`,
    `target=${destination}`,
    ...(readOnly ? ['readonly'] : []),
    ...(propagation === 'rprivate' ? [] : [`bind-propagation=${propagation}`]),
  ])
}
