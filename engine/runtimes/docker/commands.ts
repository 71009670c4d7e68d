import type { PodUid } from '../../api/names.ts'
import type { Command, CommandResult } from '../../transport/transport.ts'
import { ROOT_LABEL } from '../dockerLike/labels.ts'

/** What docker's command line has of its own, a builder a verb. */

export function dockerCommand(
  host: string,
  args: readonly string[],
  more: Omit<Command, 'argv'> = {},
): Command {
  return { ...more, argv: ['docker', ...args], env: { HOME: '/root', ...more.env, DOCKER_HOST: host } }
}

const INSPECTED =
  '{{json .Name}} {{json .Id}} {{json .LogPath}} {{json .GraphDriver.Data.UpperDir}} {{json .RestartCount}} {{json .HostConfig.CgroupParent}} {{json .State}}'

/** A line for each that is there, seven JSON values a line; ends with 1 when one is not. */
export function inspectArgs(names: readonly string[]): readonly string[] {
  return ['container', 'inspect', '--format', INSPECTED, ...names]
}

/** With the volumes that docker made for them because their image asks for some. */
export function removeArgs(names: readonly string[]): readonly string[] {
  return ['container', 'rm', '--force', '--volumes', ...names]
}

/** Also when some were not there. */
export function hasRemoved({ exitCode, stderr, timedOut }: CommandResult): boolean {
  if (timedOut) return false
  if (exitCode === 0) return true
  const lines = stderr.split('\n').filter((line) => line.trim() !== '')
  return lines.length > 0 && lines.every((line) => /no such container/i.test(line))
}

/** docker waits whole seconds between the signal and SIGKILL. */
export function stopArgs(name: string, graceMs: number): readonly string[] {
  return ['container', 'stop', '--time', String(Math.ceil(graceMs / 1000)), name]
}

/** Ids, a line each, of containers in whatever state. */
export function podContainersArgs(uid: PodUid): readonly string[] {
  return [
    'container',
    'ls',
    '--all',
    '--quiet',
    '--no-trunc',
    '--filter',
    `label=io.kubernetes.pod.uid=${uid}`,
  ]
}

export function rootContainersArgs(rootId: string): readonly string[] {
  return ['container', 'ls', '--all', '--quiet', '--no-trunc', '--filter', `label=${ROOT_LABEL}=${rootId}`]
}

/** As it goes on. */
export function eventsArgs(rootId: string): readonly string[] {
  const filters = ['--filter', 'type=container', '--filter', `label=${ROOT_LABEL}=${rootId}`]
  return ['events', ...filters, '--format', '{{json .}}']
}

/** The node's clock, to a nanosecond: docker's own words for now leave out what happened within the second. */
export function clockCommand(): Command {
  return { argv: ['date', '--utc', '+%Y-%m-%dT%H:%M:%S.%NZ'] }
}

/** What the daemon remembers: its last 256 events. Ends at once. */
export function pastEndsArgs(names: readonly string[], now: string): readonly string[] {
  const events = ['start', 'oom', 'die'].flatMap((name) => ['--filter', `event=${name}`])
  const filters = [...events, ...names.flatMap((name) => ['--filter', `container=${name}`])]
  return ['events', '--since', '0', '--until', now, ...filters, '--format', '{{json .}}']
}

/** Also: is there anybody to answer? */
export function versionArgs(): readonly string[] {
  return ['version', '--format', '{{.Server.Version}}']
}

export function infoArgs(): readonly string[] {
  return ['info', '--format', '{{json .Driver}} {{json .CgroupDriver}} {{json .SecurityOptions}}']
}

/** Why pods cannot be run by a daemon that tells this of itself, and what to do; undefined: they can. */
export function unfitness(info: string): string | undefined {
  const [, driver, cgroups, options = ''] = /^"([^"]*)" "([^"]*)" (.*)$/s.exec(info.trim()) ?? []
  if (driver === undefined) return `it tells of itself ${JSON.stringify(info)}`
  if (driver !== 'overlay2')
    return `its storage driver is ${driver}: set "storage-driver": "overlay2" in /etc/docker/daemon.json`
  if (cgroups !== 'cgroupfs')
    return `its control groups are made by ${cgroups}: set "exec-opts": ["native.cgroupdriver=cgroupfs"] in /etc/docker/daemon.json`
  if (options.includes('name=rootless')) return 'it runs rootless: give it root'
  if (options.includes('name=userns'))
    return 'it remaps users: take "userns-remap" out of /etc/docker/daemon.json'
  return undefined
}

/** `config`: a folder with a config.json of credentials, instead of the user's own. */
export function pullArgs(name: string, config?: string): readonly string[] {
  return [...(config === undefined ? [] : ['--config', config]), 'pull', '--quiet', name]
}

/** Of an archive that comes by stdin. */
export function importArgs(name: string): readonly string[] {
  return ['image', 'import', '-', name]
}

/** A line for each that is there, four JSON values a line. */
export function imageListArgs(names: readonly string[]): readonly string[] {
  const format = '{{json .Id}} {{json .RepoTags}} {{json .RepoDigests}} {{json .Size}}'
  return ['image', 'inspect', '--format', format, ...names]
}

/** Inodes, a line each: of one namespace they are one. */
export function inodesCommand(paths: readonly string[]): Command {
  return { argv: ['stat', '--dereference', '--format', '%i', ...paths] }
}

export function copyCommand(from: string, to: string): Command {
  return { argv: ['cp', '--no-target-directory', '--', from, to] }
}
