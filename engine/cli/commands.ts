import type { Invocation } from './invocation.ts'
import { NODE_COMMANDS, TOKEN_COMMANDS } from './nodes/specs.ts'
import type { OptionName } from './options.ts'
import { SOURCE_OPTIONS } from './options.ts'
import { POD_COMMANDS } from './pods/specs.ts'
import { RAIL_COMMANDS } from './rails/specs.ts'
import type { World } from './world.ts'

/** Carries a command out; resolves to the exit status. */
export type RunCommand = (invocation: Invocation, world: World) => Promise<number>

export interface CommandSpec {
  /** Empty: what `reconcile` does when no command is named. */
  readonly name: string
  /** What follows the name, for the help. */
  readonly usage: string
  readonly summary: string
  /** More about it, in the command's own help. */
  readonly details?: string
  readonly options: readonly OptionName[]
  readonly arguments: {
    readonly least: number
    readonly most: number
    readonly completes?: 'file' | 'pod' | 'command' | 'shell'
  }
  /** What comes after `--` is the command to run. */
  readonly takesCommand?: boolean
  readonly outputs?: readonly string[]
  readonly examples: readonly (readonly [line: string, does: string])[]
  /** A command loads only what it needs. */
  readonly load: () => Promise<{ readonly run: RunCommand }>
}

const NONE = { least: 0, most: 0 } as const
const RECONCILE: CommandSpec = {
  name: '',
  usage: '[--once] [--repo PATH|URL] [--branch NAME] [--path DIR]',
  summary: 'follows a repository; with --once applies its current commit, waits until it is healthy, ends',
  details:
    'Without --once it never ends by itself: each commit of the branch is taken up as it comes, and what is not as the commit says is put\n' +
    'right. SIGTERM ends it and touches no container; SIGHUP makes it look at the repository at once. While it runs, --once asks it.\n' +
    '--once ends with 0 when all is healthy, 1 when something failed or took too long, 3 when the manifests or the\narguments are wrong (nothing was touched then), 130 when interrupted.',
  options: [
    'once',
    ...SOURCE_OPTIONS,
    'listen',
    'webhook-secret-file',
    'timeout',
    'no-wait-jobs',
    'approve',
    'take-over',
    'force-new-head',
    'output',
    'version',
  ],
  arguments: NONE,
  outputs: ['json'],
  examples: [
    ['reconcile --once', 'apply the repository in the current directory'],
    [
      'reconcile --repo /srv/cluster.git --branch main',
      'keep this machine as a branch says, until it is ended',
    ],
    [
      'reconcile --once --repo https://example.org/cluster.git --branch main --path apps',
      'apply a folder of a remote one',
    ],
    ['reconcile --once --timeout 10m -o json', 'print the outcome as one JSON document'],
  ],
  load: () => import('./commands/once.ts'),
}

const PLAN: CommandSpec = {
  name: 'plan',
  usage: '',
  summary: 'prints what would happen and why; touches nothing',
  details:
    'WHAT is one or more of these, with commas between:\n' +
    '  node=NAME down            it does not answer any more\n' +
    '  node=NAME rebooted        whatever ran on it has ended, and it is back\n' +
    '  node=NAME unschedulable   no new pods are put on it\n' +
    '  node=NAME drained         nor do those stay that are on it\n' +
    '  node=NAME added           an empty machine as large as this one\n' +
    '  object=KIND/[NAMESPACE/]NAME replicas=N\n' +
    '  object=KIND/[NAMESPACE/]NAME deleted\n' +
    'The engine then runs on machines in memory that are as the real ones are now, until nothing more happens. Containers are\n' +
    'taken to start at once and to be ready as soon as they are asked, Jobs to end well.',
  options: [...SOURCE_OPTIONS, 'at', 'simulate', 'output', 'detailed-exitcode', 'all', 'take-over'],
  arguments: NONE,
  outputs: ['json'],
  examples: [
    ['reconcile plan', 'what --once would do now'],
    ['reconcile plan --at new-image', 'what applying a branch would do'],
    ["reconcile plan --simulate 'node=rack-1 drained'", 'what would happen if a machine were emptied'],
    ['reconcile plan --detailed-exitcode', 'end with 2 when there is something to do'],
  ],
  load: () => import('./commands/plan.ts'),
}

const VALIDATE: CommandSpec = {
  name: 'validate',
  usage: '[PATH...]',
  summary: 'checks manifests; needs no node and no root',
  details:
    'PATH is a file, a folder, or - for the standard input. Without one, the repository is checked as --once would read it.\nAmong single files, a reference to something that is in none of them is a warning.',
  options: [...SOURCE_OPTIONS, 'output'],
  arguments: { least: 0, most: Number.POSITIVE_INFINITY, completes: 'file' },
  outputs: ['json'],
  examples: [
    ['reconcile validate', 'check the repository in the current directory'],
    ['reconcile validate web.yaml apps/', 'check a file and a folder'],
    ['helm template chart | reconcile validate -', 'check what another program makes'],
  ],
  load: () => import('./commands/validate.ts'),
}

const STATUS: CommandSpec = {
  name: 'status',
  usage: '',
  summary: 'shows objects and pods, desired against observed, and how the repository is followed',
  details:
    'It needs no running engine. With --watch it is drawn anew on a terminal when something changes; elsewhere each change is a line,\nand with -o json each List of objects that is another one.',
  options: [...SOURCE_OPTIONS, 'watch', 'output', 'selector'],
  arguments: NONE,
  outputs: ['wide', 'json'],
  examples: [
    ['reconcile status', 'everything that runs, and the commit it comes from'],
    ['reconcile status -w', 'a picture that lives, until Ctrl-C'],
    ['reconcile status -n web -l app=shop -o wide', 'some pods, with addresses and nodes'],
    ['reconcile status -o json', 'a List of the official objects with their status'],
  ],
  load: () => import('./commands/status.ts'),
}

const EVENTS: CommandSpec = {
  name: 'events',
  usage: '',
  summary: 'shows what happened to commits, objects, pods and nodes in the last day, oldest first',
  details:
    'Events are Kubernetes’ own: what comes again is counted. They are kept on this machine, at most 1,000 and 50 of one object, also\nwhile no engine runs. With --watch each line, or each document of -o json, is an event that is new or was counted.',
  options: ['watch', 'for', 'output', 'selector'],
  arguments: NONE,
  outputs: ['json'],
  examples: [
    ['reconcile events', 'commits, starts, exits, restarts and failures'],
    ['reconcile events -w --for deployment/web', 'what happens to one object from now on'],
    ['reconcile events -n shop -o json', 'of one namespace, as a List of Events'],
  ],
  load: () => import('./commands/events.ts'),
}

const TOP: CommandSpec = {
  name: 'top',
  usage: '',
  summary: 'shows what pods use of cpu and memory now',
  options: ['output', 'selector'],
  arguments: NONE,
  outputs: ['json'],
  examples: [
    ['reconcile top', 'each container, measured over a second'],
    ['reconcile top -n shop -l app=web', 'some of them'],
  ],
  load: () => import('./commands/top.ts'),
}

const DOWN: CommandSpec = {
  name: 'down',
  usage: '',
  summary: 'removes all that the engine made on the nodes, and says what it removed',
  details: 'Pods end with their grace periods. What is in Git stays: --once brings everything back.',
  options: ['output', 'timeout'],
  arguments: NONE,
  outputs: ['json'],
  examples: [
    ['reconcile down', 'end all pods and remove the root'],
    ['reconcile down --root /srv/other', 'of another root'],
  ],
  load: () => import('./commands/down.ts'),
}

const INSTALL: CommandSpec = {
  name: 'install',
  usage: '[--repo PATH|URL]',
  summary: 'makes the engine a service of systemd that follows a repository, and starts it',
  details:
    'Once more with other options, or with another version of reconcile, it changes the service and restarts it: containers run on\nmeanwhile. docs/install.md says what the service may do and why.',
  options: [...SOURCE_OPTIONS, 'listen', 'webhook-secret-file', 'print'],
  arguments: NONE,
  examples: [
    ['reconcile install --repo /srv/cluster', 'follow a repository on this machine'],
    ['reconcile install --repo https://example.org/cluster.git --listen 9100', 'or elsewhere, with metrics'],
    ['reconcile install --print', 'show the unit only'],
  ],
  load: () => import('./commands/install.ts'),
}

const UNINSTALL: CommandSpec = {
  name: 'uninstall',
  usage: '',
  summary: 'stops the service and removes it; its containers run on',
  options: [],
  arguments: NONE,
  examples: [['reconcile uninstall', 'then reconcile down ends what runs']],
  load: () => import('./commands/uninstall.ts'),
}

const COMPLETION: CommandSpec = {
  name: 'completion',
  usage: 'bash|zsh|fish',
  summary: 'prints the completion for a shell',
  options: [],
  arguments: { least: 1, most: 1, completes: 'shell' },
  examples: [
    ['source <(reconcile completion bash)', 'for this bash'],
    ['reconcile completion zsh > "${fpath[1]}/_reconcile"', 'for zsh from now on'],
    ['reconcile completion fish > ~/.config/fish/completions/reconcile.fish', 'for fish from now on'],
  ],
  load: () => import('./commands/completion.ts'),
}

const VERSION: CommandSpec = {
  name: 'version',
  usage: '',
  summary: 'shows the version',
  options: ['output'],
  arguments: NONE,
  outputs: ['json'],
  examples: [['reconcile version -o json', 'with the version of Node that runs it']],
  load: () => import('./commands/version.ts'),
}

const HELP: CommandSpec = {
  name: 'help',
  usage: '[COMMAND]',
  summary: 'shows help, also of one command',
  options: [],
  arguments: { least: 0, most: 1, completes: 'command' },
  examples: [['reconcile help logs', 'how to use logs']],
  load: () => import('./commands/help.ts'),
}

/** In the order of the help. */
export const COMMANDS: readonly CommandSpec[] = [
  RECONCILE,
  PLAN,
  VALIDATE,
  STATUS,
  ...POD_COMMANDS,
  ...NODE_COMMANDS,
  ...RAIL_COMMANDS,
  EVENTS,
  TOP,
  ...TOKEN_COMMANDS,
  DOWN,
  INSTALL,
  UNINSTALL,
  COMPLETION,
  VERSION,
  HELP,
]

export function findCommand(name: string): CommandSpec | undefined {
  return COMMANDS.find((command) => command.name === name)
}
