import type { CommandSpec } from '../commands.ts'
import { SOURCE_OPTIONS } from '../options.ts'

const POD = { least: 1, most: 1, completes: 'pod' } as const
const POD_DETAILS =
  'POD is a name (web-abc), namespace/name, pod/name or deployment/name; the last picks one of its pods.'

const LOGS: CommandSpec = {
  name: 'logs',
  usage: 'POD [-c CONTAINER] | -l LABELS',
  summary: 'prints what containers wrote',
  details:
    `${POD_DETAILS}\n` +
    'With -f it goes on across rotated files and from one run of the container to the next, and ends when the container\n' +
    'will not be started again. With -l, pods that come later are followed too, until it is interrupted, and only the last\n' +
    '10 lines of each are printed unless --tail says otherwise.',
  options: [
    ...(['follow', 'previous', 'container', 'all-containers', 'selector', 'prefix'] as const),
    ...(['tail', 'since', 'since-time', 'timestamps', 'max-log-requests'] as const),
  ],
  arguments: { least: 0, most: 1, completes: 'pod' },
  examples: [
    ['reconcile logs web-abc', 'of the only or the first container'],
    ['reconcile logs -f --tail 20 deployment/web', 'the last lines of one of its pods, and what comes'],
    ['reconcile logs --previous -n shop db -c server', 'of the run before the last restart'],
    ['reconcile logs -f --prefix -l app=web', 'of all pods of an application, and of those that come'],
  ],
  load: () => import('../commands/logs.ts'),
}

const EXEC: CommandSpec = {
  name: 'exec',
  usage: '[-it] POD [-c CONTAINER] -- COMMAND [ARGUMENT...]',
  summary: 'runs a command in a container; ends with its exit status',
  details: POD_DETAILS,
  options: ['stdin', 'tty', 'container'],
  arguments: POD,
  takesCommand: true,
  examples: [
    ['reconcile exec -it deployment/web -- sh', 'a shell in one of its pods'],
    ['reconcile exec db -c server -- df -h', 'one command'],
    ['reconcile exec -i db -- psql < dump.sql', 'with input'],
  ],
  load: () => import('../commands/exec.ts'),
}

const PORT_FORWARD: CommandSpec = {
  name: 'port-forward',
  usage: 'POD|service/NAME [LOCAL:]REMOTE... [--address ADDRESS,...]',
  summary: 'leads ports of this machine to a pod, until it is ended with Ctrl-C',
  details:
    `${POD_DETAILS} service/NAME picks one that is ready, and REMOTE is a\nport of the Service then. REMOTE is a number or a port's name; without LOCAL the same number is listened on, with an empty\n` +
    'one (:80) whichever is free. A pod is reached at its own address, so what listens on its loopback alone is not.',
  options: ['address', ...SOURCE_OPTIONS],
  arguments: { least: 2, most: Number.POSITIVE_INFINITY, completes: 'pod' },
  examples: [
    ['reconcile port-forward db-0 5432', 'port 5432 of the pod on the loopback of this machine'],
    ['reconcile port-forward service/web 8080:http', "a Service's port by its name"],
    [
      'reconcile port-forward --address 0.0.0.0 deployment/web :80',
      'for other machines, too, on a port that is free',
    ],
  ],
  load: () => import('../commands/portForward.ts'),
}

const FREEZE: CommandSpec = {
  name: 'freeze',
  usage: 'POD',
  summary: 'lets all that runs in a pod stand still, until it is thawed',
  details: `${POD_DETAILS}\nIts memory stays as it is. It is neither asked nor restarted meanwhile, and it is not ready; a pod that is deleted is thawed first.`,
  options: [],
  arguments: POD,
  examples: [['reconcile freeze web-abc', 'stop its use of the cpu at once, and keep its state']],
  load: () => import('../commands/freeze.ts'),
}

const THAW: CommandSpec = {
  name: 'thaw',
  usage: 'POD',
  summary: 'lets what reconcile freeze stopped go on',
  details: POD_DETAILS,
  options: [],
  arguments: POD,
  examples: [['reconcile thaw web-abc', 'go on where it was frozen']],
  load: () => import('../commands/thaw.ts'),
}

const CONDITION: CommandSpec = {
  name: 'condition',
  usage: 'POD TYPE=STATUS...',
  summary: 'says a condition that a readiness gate of a pod waits for',
  details: `${POD_DETAILS}\nSTATUS is True, False or Unknown. It goes before what the pod's annotation reconcile.dev/conditions says, and is forgotten with the pod.`,
  options: [],
  arguments: { least: 2, most: Number.POSITIVE_INFINITY, completes: 'pod' },
  examples: [['reconcile condition web-abc example.com/traffic=True', 'once the load balancer has the pod']],
  load: () => import('../commands/condition.ts'),
}

const DELETE: CommandSpec = {
  name: 'delete',
  usage: 'POD',
  summary: 'ends a pod with its grace period, and waits until it is gone',
  details: `${POD_DETAILS}\nWhat the repository has is made again, at once while an engine runs, else by the next reconcile --once: so a pod of a\nStatefulSet or DaemonSet with updateStrategy OnDelete gets its newest revision.`,
  options: ['timeout'],
  arguments: POD,
  examples: [['reconcile delete db-0', 'let its StatefulSet make it anew']],
  load: () => import('../commands/delete.ts'),
}

export const POD_COMMANDS: readonly CommandSpec[] = [
  LOGS,
  EXEC,
  PORT_FORWARD,
  FREEZE,
  THAW,
  CONDITION,
  DELETE,
]
