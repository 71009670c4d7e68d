import type { Command } from '../../transport/transport.ts'
import type { PodPaths } from './paths.ts'

/** The verbs of hook.sh, which stands at `hook` on the node. */

export function hookStartCommand(hook: string, rule: string, attempt: number, count: number): Command {
  return { argv: ['/bin/sh', hook, 'start', rule, String(attempt), String(count)], timeoutMs: 120_000 }
}

export function hookDisarmCommand(hook: string, pod: Pick<PodPaths, 'directory' | 'run'>): Command {
  return { argv: ['/bin/sh', hook, 'disarm', pod.directory, pod.run] }
}

export function hookReleaseCommand(hook: string, run: string, rules: readonly string[]): Command {
  return { argv: ['/bin/sh', hook, 'release', run, ...rules] }
}

/** One process for the engine to start instead of two; `plugin` is a CNI plugin's command. */
export function hookAttachCommand(
  hook: string,
  run: string,
  plugin: Command | undefined,
  pins: readonly string[],
): Command {
  return { ...plugin, argv: ['/bin/sh', hook, 'attach', run, plugin?.argv[0] ?? '', ...pins] }
}

export function hookDetachCommand(
  hook: string,
  run: string,
  plugin: Command | undefined,
  mounts: readonly string[],
): Command {
  return { ...plugin, argv: ['/bin/sh', hook, 'detach', run, plugin?.argv[0] ?? '', ...mounts] }
}

/** Holds the pod's lock for as long as the command runs, also when the engine has been killed meanwhile. */
export function locked(lock: string, command: Command): Command {
  return { ...command, argv: ['flock', '--no-fork', lock, ...command.argv] }
}
