import type { PodUid } from '../../../api/names.ts'
import type { Command } from '../../../transport/transport.ts'
import type { PodPaths } from '../paths.ts'

/** Beside this file, also when it is bundled. On the node it stands at NodeFacts' `hook`; its verbs are below. */
export const HOOK_SOURCE = new URL('hook.sh', import.meta.url)

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

/** The same with users of the pod's own, whose root is `first` on the node. */
export function hookAttachUsersCommand(
  hook: string,
  run: string,
  plugin: Command | undefined,
  users: { readonly first: number; readonly count: number },
  pins: readonly string[],
): Command {
  const { count, first } = users
  const argv = [
    '/bin/sh',
    hook,
    'attach-users',
    run,
    plugin?.argv[0] ?? '',
    String(first),
    String(count),
  ] as const
  return { ...plugin, argv: [...argv, ...pins] }
}

export function hookFreezeCommand(
  hook: string,
  verb: 'freeze' | 'thaw',
  pod: Pick<PodPaths, 'directory' | 'run'>,
): Command {
  return { argv: ['/bin/sh', hook, verb, pod.directory, pod.run] }
}

/** Whoever watches the events looks at the pod. */
export function hookToldCommand(hook: string, events: string, uid: PodUid): Command {
  return { argv: ['/bin/sh', hook, 'told', events, uid] }
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
