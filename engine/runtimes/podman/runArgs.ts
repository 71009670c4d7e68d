import { labelFlags } from '../dockerLike/commands.ts'
import {
  capabilityFlags,
  commaList,
  groupFlags,
  namespaceFlags,
  processFlags,
  type RunMount,
  type RunParts,
} from '../dockerLike/runParts.ts'
import type { RunWish } from '../dockerLike/tool.ts'

/** podman-run(1). `create`: it does not start yet. */
export function runArgs(wish: RunWish, parts: RunParts, verb: 'run' | 'create' = 'run'): readonly string[] {
  return [
    // podman create has no word for /etc/passwd, to which podman adds who is not in it.
    ...(verb === 'run' ? ['run', '--detach', '--passwd=false'] : ['create']),
    '--pull=never',
    ...['--name', parts.name, '--pod', parts.podName],
    ...labelFlags(parts.labels),
    ...namespaceFlags(parts),
    ...groupFlags(parts),
    ...['--restart', parts.restart],
    ...(parts.stopSignal === '' ? [] : ['--stop-signal', parts.stopSignal]),
    ...['--log-driver', 'k8s-file', '--log-opt', `path=${parts.log.path}`],
    ...['--log-opt', `max-size=${parts.log.bytesMax}`],
    ...['--unsetenv-all', '--env-file', parts.envFile, '--workdir', parts.cwd],
    ...parts.variables.flags,
    ...['--no-hosts', '--image-volume=ignore', '--read-only-tmpfs=false', '--no-healthcheck'],
    ...processFlags(wish, parts, {
      capabilities: capabilityFlags(wish.security),
      unmasked: 'unmask=ALL',
      mountText,
    }),
    ...['--entrypoint', JSON.stringify(parts.args)],
    parts.image,
  ]
}

export function mountText({ destination, noExec, propagation, readOnly, source }: RunMount): string {
  return commaList([
    'type=bind',
    `src=${source}`,
    `dst=${destination}`,
    ...(readOnly ? ['ro=true'] : []),
    ...(noExec === true ? ['noexec'] : []),
    `bind-propagation=${propagation}`,
  ])
}
