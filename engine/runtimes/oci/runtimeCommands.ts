import type { ContainerResources } from '../../api/cri.ts'
import type { Command } from '../../transport/transport.ts'
import type { CgroupLayout } from './node/cgroups.ts'
import { CPU_PERIOD_US } from './spec/spec.ts'

/** The OCI runtime's verbs: https://github.com/opencontainers/runtime-spec/blob/v1.0.2/runtime.md */
export interface OciProgram {
  readonly path: string
  /** Where it keeps its own state. */
  readonly state: string
  /** No part in any group: there is none that it could be put into. */
  readonly isGroupless?: true
}

function begin({ isGroupless, path, state }: OciProgram): readonly [string, ...string[]] {
  return [path, '--root', state, ...(isGroupless ? ['--cgroup-manager=disabled'] : [])]
}

/** Of a node whose cgroups the engine has no part in, which takes crun. */
export function grouplessIn({ hierarchies }: CgroupLayout): Pick<OciProgram, 'isGroupless'> {
  return hierarchies.length === 0 ? { isGroupless: true } : {}
}

export function runDetachedCommand(
  program: OciProgram,
  bundle: string,
  pidFile: string,
  id: string,
): Command {
  const files = ['--bundle', bundle, '--pid-file', pidFile]
  return { argv: [...begin(program), 'run', '--detach', ...files, id] }
}

/** Runs it to its end. */
export function runCommandOf(program: OciProgram, bundle: string, id: string): Command {
  return { argv: [...begin(program), 'run', '--bundle', bundle, id] }
}

export function deleteCommand(program: OciProgram, id: string): Command {
  return { argv: [...begin(program), 'delete', '--force', id] }
}

export interface ExecOptions {
  readonly command: readonly string[]
  readonly tty: boolean
  readonly pidFile?: string
  readonly timeoutMs?: number
}

export function execCommand(program: OciProgram, id: string, options: ExecOptions): Command {
  const { command, pidFile, timeoutMs, tty } = options
  return {
    argv: [
      ...begin(program),
      'exec',
      ...(tty ? ['--tty'] : []),
      ...(pidFile === undefined ? [] : ['--pid-file', pidFile]),
      id,
      ...command,
    ],
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  }
}

export function updateCpusCommand(program: OciProgram, id: string, cpus: string): Command {
  return { argv: [...begin(program), 'update', '--cpuset-cpus', cpus, id] }
}

/** A limit that is absent stays as it is. */
export function updateResourcesCommand(
  program: OciProgram,
  id: string,
  { cpuQuotaUs, cpuShares, memoryLimitBytes }: ContainerResources,
): Command {
  return {
    argv: [
      ...begin(program),
      'update',
      '--cpu-share',
      String(cpuShares),
      ...(cpuQuotaUs === undefined
        ? []
        : ['--cpu-period', String(CPU_PERIOD_US), '--cpu-quota', String(cpuQuotaUs)]),
      ...(memoryLimitBytes === undefined ? [] : ['--memory', String(memoryLimitBytes)]),
      id,
    ],
  }
}

export function versionCommand(path: string): Command {
  return { argv: [path, '--version'] }
}

/** `runc version 1.1.5+ds1` and `crun version 1.8.1`: the last word of the first line. */
export function parseVersion(stdout: string): string {
  return stdout.split('\n', 1)[0]?.split(' ').at(-1) ?? ''
}
