import { sleeper, workload } from '../../support/manifests.ts'
import { files, pod } from '../../support/pods.ts'

type Fields = Readonly<Record<string, unknown>>

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

export const WITNESS: Fields = sleeping('witness', BASE.witness)

export function manifests({ agent, lone, set, web }: Wanted): Readonly<Record<string, string>> {
  const ready = { readinessProbe: { exec: { command: ['true'] }, periodSeconds: 1 } }
  return files(
    WITNESS,
    workload('Deployment', 'web', podOf(BASE.web + web.version, ready), { replicas: web.replicas }),
    workload('StatefulSet', 'set', podOf(BASE.set + set.version), {
      replicas: set.replicas,
      serviceName: 'set',
    }),
    ...(agent === undefined ? [] : [workload('DaemonSet', 'agent', podOf(BASE.agent + agent.version))]),
    ...(lone === undefined ? [] : [sleeping('lone', BASE.lone + lone.version)]),
  )
}

function sleeping(name: string, seconds: number): Fields {
  return pod(name, { restartPolicy: 'Always', ...podOf(seconds) })
}

function podOf(seconds: number, container: Fields = {}): Fields {
  return { terminationGracePeriodSeconds: 1, containers: [sleeper(seconds, container)] }
}
