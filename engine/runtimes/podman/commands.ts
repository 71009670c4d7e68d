import type { PodUid } from '../../api/names.ts'
import type { Command } from '../../transport/transport.ts'
import { labelFlags } from '../dockerLike/commands.ts'
import { podName } from '../dockerLike/names.ts'
import type { PodmanPlace } from './place.ts'

/** What podman's command line has of its own, a builder a verb. */

export type Environment = Readonly<Record<string, string>>

/** A store of the root's own; the rest is in containers.conf, which podman's own later commands are given, too. */
export function podmanCommand(
  place: Pick<PodmanPlace, 'store' | 'run' | 'state' | 'config'>,
  args: readonly string[],
  more: Omit<Command, 'argv'> = {},
): Command {
  const global = ['--root', place.store, '--runroot', place.run, '--tmpdir', place.state]
  return {
    ...more,
    argv: ['podman', ...global, ...args],
    env: { HOME: '/root', ...more.env, CONTAINERS_CONF: place.config },
  }
}

/**
 * A podman pod without a container of its own that holds namespaces: the pod's are pinned to files, so that its network is what a pod's network is
 * on every node, and outlives whatever ends in it.
 */
export function podCreateArgs(uid: PodUid, labels: Environment): readonly string[] {
  return [
    'pod',
    'create',
    '--infra=false',
    '--share-parent=false',
    ...labelFlags(labels),
    '--name',
    podName(uid),
  ]
}

/** With all containers in it, at once. */
export function podRemoveArgs(uid: PodUid): readonly string[] {
  return ['pod', 'rm', '--force', '--ignore', '--time', '0', podName(uid)]
}

/** Everything of the store, one after the other. */
export function removeAllArgs(): readonly (readonly string[])[] {
  return [
    ['pod', 'rm', '--all', '--force', '--time', '0'],
    ['container', 'rm', '--all', '--force', '--time', '0'],
  ]
}

export function removeArgs(names: readonly string[]): readonly string[] {
  return ['container', 'rm', '--force', '--ignore', '--time', '0', ...names]
}

/** podman waits whole seconds between the signal and SIGKILL. */
export function stopArgs(name: string, graceMs: number): readonly string[] {
  return ['container', 'stop', '--ignore', '--time', String(Math.ceil(graceMs / 1000)), name]
}

const INSPECTED =
  '{{json .Name}} {{json .StaticDir}} {{json .GraphDriver.Data.UpperDir}} {{json .RestartCount}} {{json .State}}'

/** A line for each that is there, five JSON values a line; ends with 125 when one is not. */
export function inspectArgs(names: readonly string[]): readonly string[] {
  return ['container', 'inspect', '--format', INSPECTED, ...names]
}

/** Its data comes by stdin, and is kept in this folder. */
export function secretCreateArgs(name: string, folder: string): readonly string[] {
  return ['secret', 'create', '--driver', 'file', '--driver-opts', `path=${folder}`, name, '-']
}

export function secretRemoveArgs(names: readonly string[]): readonly string[] {
  return ['secret', 'rm', ...names]
}

/** In the namespace that is pinned to this file. */
export function hostnameCommand(pin: string, hostname: string): Command {
  return { argv: ['nsenter', `--uts=${pin}`, 'hostname', hostname] }
}

/** Asks nothing of a store. */
export function versionCommand(): Command {
  return { argv: ['podman', '--version'] }
}

/** `podman version 4.3.1`. */
export function parseVersion(stdout: string): string {
  return stdout.trim().split(' ').at(-1) ?? ''
}

export function imageListArgs(): readonly string[] {
  return ['image', 'list', '--format', 'json']
}

export interface PullFlags {
  readonly authFile?: string
  /** The registry is on loopback: plain http will do. */
  readonly plainHttp: boolean
}

export function pullArgs(reference: string, { authFile, plainHttp }: PullFlags): readonly string[] {
  return [
    'pull',
    '--quiet',
    ...(authFile === undefined ? [] : ['--authfile', authFile]),
    ...(plainHttp ? ['--tls-verify=false'] : []),
    `docker://${reference}`,
  ]
}
