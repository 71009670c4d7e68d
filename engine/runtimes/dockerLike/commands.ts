/** What docker's and podman's command lines have in common, a builder a verb. */

export function labelFlags(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(labels).flatMap(([name, value]) => ['--label', `${name}=${value}`])
}

export function startArgs(name: string): readonly string[] {
  return ['container', 'start', name]
}

export function pauseArgs(verb: 'pause' | 'unpause', names: readonly string[]): readonly string[] {
  return ['container', verb, ...names]
}

export function execArgs(
  name: string,
  command: readonly string[],
  options: { readonly stdin?: boolean; readonly tty?: boolean; readonly mark?: string } = {},
): readonly string[] {
  return [
    'exec',
    ...(options.stdin === true ? ['--interactive'] : []),
    ...(options.tty === true ? ['--tty'] : []),
    ...(options.mark === undefined ? [] : ['--env', `${EXEC_MARK}=${options.mark}`]),
    name,
    ...command,
  ]
}

/** In the environment of a command in a container: by it the command is found when its time is over. */
export const EXEC_MARK = 'RECONCILE_EXEC'

export function imageInspectArgs(image: string): readonly string[] {
  return ['image', 'inspect', image]
}

export function imageRemoveArgs(names: readonly string[]): readonly string[] {
  return ['image', 'rm', ...names]
}
