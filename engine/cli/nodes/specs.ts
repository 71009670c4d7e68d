import type { CommandSpec } from '../commands.ts'

const NODE = { least: 1, most: 1 } as const

const CORDON: CommandSpec = {
  name: 'cordon',
  usage: 'NODE',
  summary: 'lets no new pods onto a node',
  details:
    'Its pods stay. What is said is kept on record until reconcile uncordon, whatever the repository says of the node meanwhile.',
  options: [],
  arguments: NODE,
  examples: [['reconcile cordon rack-1', 'before work on it']],
  load: () => import('../commands/cordon.ts'),
}

const UNCORDON: CommandSpec = {
  name: 'uncordon',
  usage: 'NODE',
  summary: 'takes back what reconcile cordon or drain said of a node',
  details: 'What the repository says of it (spec.unschedulable, spec.drain) stays in force.',
  options: [],
  arguments: NODE,
  examples: [['reconcile uncordon rack-1', 'once it may have pods again']],
  load: () => import('../commands/uncordon.ts'),
}

const DRAIN: CommandSpec = {
  name: 'drain',
  usage: 'NODE',
  summary: 'takes the pods off a node as their budgets allow, and waits until it is empty',
  details:
    'As kubectl drain: the node is cordoned first; then nothing is done if there are pods that it may not take. Pods of DaemonSets stay,\n' +
    'pods that have ended too. A PodDisruptionBudget that allows no disruption is asked again until --timeout (5m), and with that the drain\n' +
    'is given up: the pods that are left stay, and the node stays cordoned. So it is when the command is interrupted; if it is killed, the\n' +
    'next engine goes on. Beside a running engine, that one does the work; else this command does, on the commit in force.',
  options: [
    'ignore-daemonsets',
    'delete-emptydir-data',
    'force',
    'grace-period',
    'disable-eviction',
    'timeout',
    'dry-run',
  ],
  arguments: NODE,
  examples: [
    ['reconcile drain rack-1 --ignore-daemonsets', 'give its pods to the other nodes'],
    ['reconcile drain rack-1 --dry-run', 'only say which pods these would be'],
    ['reconcile drain rack-1 --force --delete-emptydir-data', 'also those that nobody makes again'],
  ],
  load: () => import('../commands/drain.ts'),
}

const NODES: CommandSpec = {
  name: 'nodes',
  usage: '[fence NODE | unfence NODE | check ssh://[USER@]HOST]',
  summary:
    'shows the machines; fence says that one which does not answer is dead, check looks whether one can have pods',
  details:
    'Without an argument as kubectl get nodes. fence keeps it on record that nothing runs on the node any more: what waits for it, such as pods\n' +
    'of StatefulSets, is made elsewhere, and their claims begin anew there. It is refused while the node answers. It ends when the node\n' +
    'answers after a new boot, or with unfence; what was given up is ended first then. Of a node that was only cut off nobody may say that\n' +
    'it is dead: what runs there would run twice. check changes nothing; it names what is missing, and the command that installs it.',
  options: ['output', 'runtime'],
  arguments: { least: 0, most: 2 },
  outputs: ['wide', 'json'],
  examples: [
    ['reconcile nodes -o wide', 'with addresses, systems and taints'],
    ['reconcile nodes -o json', 'a List of official Nodes'],
    ['reconcile nodes fence rack-1', 'its power is off, and it will not come back as it was'],
    ['reconcile nodes check ssh://root@192.0.2.11', 'before a Node with this address is committed'],
    ['reconcile nodes check ssh://root@192.0.2.12 --runtime docker', 'before one with runtime: docker is'],
  ],
  load: () => import('../commands/nodes.ts'),
}

export const NODE_COMMANDS: readonly CommandSpec[] = [NODES, CORDON, UNCORDON, DRAIN]

const OPENID: CommandSpec = {
  name: 'openid',
  usage: '[keys|configuration]',
  summary: 'prints what service account tokens are checked by',
  details:
    "keys is the public half of the root's key, as a JSON Web Key Set; configuration is the OpenID Connect document of the issuer\n" +
    "(Cluster, spec.serviceAccountIssuer). Vault and others take the keys themselves, or look for both documents at the issuer's\n" +
    'address: /openid/v1/jwks and /.well-known/openid-configuration. Nothing in them is secret.',
  options: [],
  arguments: { least: 0, most: 1 },
  examples: [['reconcile openid keys > jwks.json', 'for whoever is to trust the tokens of pods']],
  load: () => import('../commands/openid.ts'),
}

const CERTIFICATES: CommandSpec = {
  name: 'certificates',
  usage: '[ca]',
  summary: "prints what pods' certificates are checked by",
  details:
    'ca is the root certificate, as PEM, of the signer reconcile.dev/pod: of whatever podCertificate volumes hold. Pods have it from a projected\n' +
    'clusterTrustBundle with that signerName; this is for whoever else is to trust them. Nothing in it is secret.',
  options: [],
  arguments: { least: 0, most: 1 },
  examples: [['reconcile certificates ca > ca.pem', 'for whoever is to trust the certificates of pods']],
  load: () => import('../commands/certificates.ts'),
}

export const TOKEN_COMMANDS: readonly CommandSpec[] = [OPENID, CERTIFICATES]
