import { NODE_RUNTIMES } from '../api/runtimeLimits.ts'

/** Every option, once. A name means the same with every command that takes it. */
export interface OptionSpec {
  readonly short?: string
  /** What stands for the value in the help; absent: the option takes none. */
  readonly value?: string
  readonly help: string
  /** The values that may be given, for those with a fixed set. */
  readonly choices?: readonly string[]
  /** What the shell completes the value with. */
  readonly completes?: 'directory' | 'pod' | 'namespace' | 'container'
}

export const OPTIONS = {
  repo: {
    value: 'PATH|URL',
    help: 'the repository: a path, or an address that Git understands (default: the current directory)',
    completes: 'directory',
  },
  branch: { value: 'NAME', help: 'a branch, tag or commit (default: what is checked out)' },
  path: { value: 'DIR', help: 'only this folder of the repository' },
  root: {
    value: 'DIR',
    help: 'where pods and records are kept (default: /var/lib/reconcile)',
    completes: 'directory',
  },
  listen: {
    value: '[ADDRESS:]PORT',
    help: 'answer over http: health, metrics and webhooks; on the loopback unless an address is named',
  },
  'webhook-secret-file': {
    value: 'FILE',
    help: 'holds what senders of webhooks sign with; without it webhooks are refused',
  },
  once: { help: 'apply the current commit, wait until it is healthy, end' },
  timeout: { value: 'DURATION', help: 'how long to wait, such as 90s, 5m or 1h (default: 5m)' },
  'take-over': {
    help: 'use the root although it was another repository’s, or its last commit is gone from Git',
  },
  'force-new-head': {
    help: 'be the head of a fleet although half of its nodes or more, or the machine that was its head, cannot be asked',
  },
  approve: { help: 'apply the commit even if it deletes much, is empty, or its folder is gone' },
  'no-wait-jobs': { help: 'do not wait until Jobs are complete' },
  output: { short: 'o', value: 'FORMAT', help: 'how to print: wide or json', choices: ['wide', 'json'] },
  at: { value: 'COMMIT', help: 'plan this commit (a branch, a tag or an id) against what runs now' },
  simulate: {
    value: 'WHAT',
    help: 'play forward what would happen if, on machines in memory; may be given more than once',
  },
  'detailed-exitcode': { help: 'end with status 2 when there are changes' },
  all: { help: 'show pods about which there is nothing to do, too' },
  namespace: {
    short: 'n',
    value: 'NAMESPACE',
    help: 'show only this namespace (everything is reconciled all the same)',
    completes: 'namespace',
  },
  selector: { short: 'l', value: 'LABELS', help: 'show only what has these labels, such as app=web' },
  container: {
    short: 'c',
    value: 'NAME',
    help: 'the container (default: the first)',
    completes: 'container',
  },
  watch: { short: 'w', help: 'go on showing what changes, until it is ended with Ctrl-C' },
  for: { value: 'OBJECT', help: 'only what happened to this object: KIND/NAME or KIND/NAMESPACE/NAME' },
  follow: { short: 'f', help: 'go on printing what comes' },
  previous: { short: 'p', help: 'of the container before its last restart' },
  tail: { value: 'LINES', help: 'only the last lines' },
  since: { value: 'DURATION', help: 'only what is newer than this, such as 10m' },
  'since-time': { value: 'TIME', help: 'only what is newer than this, such as 2026-01-31T09:00:00Z' },
  'all-containers': { help: 'of all containers of the pod, init containers first' },
  prefix: { help: 'put the pod and the container in front of each line' },
  'max-log-requests': {
    value: 'NUMBER',
    help: 'how many containers are followed at a time (default: 50)',
  },
  timestamps: { help: 'put the time in front of each line' },
  'ignore-daemonsets': { help: 'go on although the node has pods of DaemonSets, which stay' },
  'delete-emptydir-data': { help: 'take pods with emptyDir volumes too, and lose what is in these' },
  force: { help: 'take pods that no controller looks after, too' },
  'grace-period': { value: 'SECONDS', help: 'in the place of each pod’s own grace period; -1: its own' },
  'disable-eviction': { help: 'ask no PodDisruptionBudget' },
  'dry-run': { help: 'only say what would be done' },
  stdin: { short: 'i', help: 'pass the standard input on' },
  tty: { short: 't', help: 'give the command a terminal' },
  runtime: {
    value: 'RUNTIME',
    help: 'what would run the containers: oci (default; of an account that is not root podman), podman or docker',
    choices: NODE_RUNTIMES,
  },
  address: {
    value: 'ADDRESS,...',
    help: 'where to listen (default: localhost); with commas between several',
  },
  print: { help: 'show the unit, and change nothing' },
  verbose: { short: 'v', help: 'say more about what is done' },
  'log-format': {
    value: 'FORMAT',
    help: 'of the standard error: text or json; auto: text, but json of a daemon that no terminal shows',
    choices: ['auto', 'text', 'json'],
  },
  help: { short: 'h', help: 'show help' },
  version: { help: 'show the version' },
} as const satisfies Readonly<Record<string, OptionSpec>>

export type OptionName = keyof typeof OPTIONS

export function optionSpec(name: OptionName): OptionSpec {
  return OPTIONS[name]
}

export function isOptionName(name: string): name is OptionName {
  return Object.hasOwn(OPTIONS, name)
}

export const OPTION_NAMES: readonly OptionName[] = Object.keys(OPTIONS).filter(isOptionName)

/** With every command. */
export const GLOBAL_OPTIONS: readonly OptionName[] = ['root', 'namespace', 'verbose', 'log-format', 'help']
export const SOURCE_OPTIONS: readonly OptionName[] = ['repo', 'branch', 'path']
