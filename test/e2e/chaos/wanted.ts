/** What the chaos commits: a few workloads whose containers tell by their command line what they belong to. */
export interface Wanted {
  readonly web: { readonly replicas: number; readonly version: number }
  readonly set: { readonly replicas: number; readonly version: number }
  readonly agent: { readonly version: number } | undefined
  readonly lone: { readonly version: number } | undefined
}

export const FIRST: Wanted = {
  web: { replicas: 2, version: 0 },
  set: { replicas: 1, version: 0 },
  agent: { version: 0 },
  lone: { version: 0 },
}

/** Each kind sleeps in a range of its own: `sleep 10003` is version 3 of the Deployment. */
const BASE = { web: 10_000, set: 20_000, agent: 30_000, lone: 40_000, witness: 50_000 } as const

/** What `ps` has to show when all is as committed, sorted. */
export function expectedCommands({ agent, lone, set, web }: Wanted): readonly string[] {
  const all = [
    ...Array.from({ length: web.replicas }, () => BASE.web + web.version),
    ...Array.from({ length: set.replicas }, () => BASE.set + set.version),
    ...(agent === undefined ? [] : [BASE.agent + agent.version]),
    ...(lone === undefined ? [] : [BASE.lone + lone.version]),
    BASE.witness,
  ]
  return all.map((seconds) => `sleep ${seconds}`).toSorted()
}

export const WITNESS_COMMAND = `sleep ${BASE.witness}`

export function manifests({ agent, lone, set, web }: Wanted): Readonly<Record<string, string>> {
  return {
    'witness.yaml': pod('witness', BASE.witness),
    'web.yaml': deployment(web.replicas, BASE.web + web.version),
    'set.yaml': statefulSet(set.replicas, BASE.set + set.version),
    ...(agent === undefined ? {} : { 'agent.yaml': daemonSet(BASE.agent + agent.version) }),
    ...(lone === undefined ? {} : { 'lone.yaml': pod('lone', BASE.lone + lone.version) }),
  }
}

function deployment(replicas: number, seconds: number): string {
  return `apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  replicas: ${replicas}
  selector: {matchLabels: {app: web}}
${template('web', seconds, '{exec: {command: ["true"]}, periodSeconds: 1}')}`
}

function statefulSet(replicas: number, seconds: number): string {
  return `apiVersion: apps/v1
kind: StatefulSet
metadata: {name: set}
spec:
  replicas: ${replicas}
  serviceName: set
  selector: {matchLabels: {app: set}}
${template('set', seconds)}`
}

function daemonSet(seconds: number): string {
  return `apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent}
spec:
  selector: {matchLabels: {app: agent}}
${template('agent', seconds)}`
}

function template(app: string, seconds: number, probe?: string): string {
  return `  template:
    metadata: {labels: {app: ${app}}}
    spec:
      terminationGracePeriodSeconds: 1
      containers:
        - name: main
          image: busybox:1.36
          command: ["sleep", "${seconds}"]
${probe === undefined ? '' : `          readinessProbe: ${probe}\n`}`
}

function pod(name: string, seconds: number): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: 1
  containers:
    - {name: main, image: "busybox:1.36", command: ["sleep", "${seconds}"]}
`
}
