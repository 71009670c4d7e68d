import type { Node } from './generated/types.ts'
import { blockIoOf } from './podAnnotations.ts'
import type { DescribedPods } from './podSpecs.ts'

type Path = readonly (string | number)[]

export type NodeRuntime = 'oci' | 'podman'
export type OtherRuntime = Exclude<NodeRuntime, 'oci'>

export function runtimeOf({ spec }: Pick<Node, 'spec'>): NodeRuntime {
  return spec?.runtime === 'podman' ? 'podman' : 'oci'
}

/** As records tell it: the embedded one goes without saying. */
export function otherRuntime(runtime: NodeRuntime | undefined): { readonly runtime?: OtherRuntime } {
  return runtime === undefined || runtime === 'oci' ? {} : { runtime }
}

/** What pods may ask for of the engine, and not of nodes with this runtime. */
export interface RuntimeLimit {
  /** As docs/fields.md tells it: a path in a pod's template. */
  readonly field: string
  readonly why: string
  /** Where it is asked for, in a pod's template; empty: it is not. */
  readonly asked: (pod: Pick<DescribedPods, 'spec' | 'metadata'>) => readonly Path[]
}

/** What is honoured on nodes with this runtime in another way than on oci nodes, a sentence each. */
export interface RuntimeDifference {
  readonly field: string
  readonly how: string
}

const CONTAINERS = ['containers', 'initContainers'] as const

const PODMAN_LIMITS: readonly RuntimeLimit[] = [
  {
    field: 'spec.hostUsers: false',
    why: "podman cannot show a pod's volumes and image to users of its own; run it on an oci node",
    asked: ({ spec }) => (spec.hostUsers === false ? [['spec', 'hostUsers']] : []),
  },
  {
    field: 'spec.runtimeClassName',
    why: 'podman runs all containers of a node with one OCI runtime; run it on an oci node',
    asked: ({ spec }) => (spec.runtimeClassName === undefined ? [] : [['spec', 'runtimeClassName']]),
  },
  {
    field: 'spec.containers[].volumeMounts[].recursiveReadOnly: Enabled',
    why: 'podman cannot make what is mounted below a volume read-only; IfPossible takes what there is',
    asked: ({ spec }) =>
      CONTAINERS.flatMap((list) =>
        (spec[list] ?? []).flatMap(({ volumeMounts }, container) =>
          (volumeMounts ?? []).flatMap(({ recursiveReadOnly }, mount) =>
            recursiveReadOnly === 'Enabled'
              ? [['spec', list, container, 'volumeMounts', mount, 'recursiveReadOnly']]
              : [],
          ),
        ),
      ),
  },
  {
    field: 'metadata.annotations: reconcile.dev/blkio-...',
    why: 'the disk use of a container is limited on oci nodes alone',
    asked: ({ metadata }) =>
      blockIoOf(metadata?.annotations) === undefined ? [] : [['metadata', 'annotations']],
  },
]

const PODMAN_DIFFERENCES: readonly RuntimeDifference[] = [
  {
    field: 'spec.restartPolicy',
    how: 'podman starts a container that ended again by itself, at once and without a back-off, in the file system that it left; one that was told to end, by a liveness probe for one, is started by the engine, with the back-off and a fresh file system',
  },
  {
    field: 'status.containerStatuses[].lastState',
    how: 'of an attempt that podman has followed with another one by itself only its exit code and its end are told, not its start, its message, or that it was killed for want of memory; CrashLoopBackOff is never waited in',
  },
  {
    field: 'status.containerStatuses[].state.terminated.reason',
    how: 'a container that is killed for want of memory ends with 137 and Error, not OOMKilled, where podman does not say so (seen with podman 4.3 and control groups of version 1)',
  },
  {
    field: 'spec.containers[].restartPolicyRules',
    how: 'podman knows no exit codes: such a container is started again by the engine, so only while one runs',
  },
  {
    field: 'spec.activeDeadlineSeconds',
    how: 'podman knows of no deadline: the pod ends in time only while an engine runs',
  },
  {
    field: 'spec.containers[].securityContext.capabilities.add',
    how: 'a user other than root has what is added at once (as ambient capabilities), not only after a program that asks for it',
  },
  {
    field: 'spec.terminationGracePeriodSeconds',
    how: 'podman waits whole seconds between the signal and SIGKILL',
  },
  {
    field: 'spec.containers[].env',
    how: "podman keeps a container's environment on the disk of the node, in files that root alone can read; oci keeps it on a tmpfs",
  },
  {
    field: 'spec.containers[].resources',
    how: 'a change is for what runs: where podman later starts the container again by itself, it has the resources that it began with, in the cgroup of a pod that has the new ones (podman 4.3 keeps no others)',
  },
  {
    field: 'spec.containers[].resources.limits',
    how: '/proc in a container tells of the whole node: lxcfs is not used',
  },
]

export const RUNTIME_LIMITS: Readonly<Record<NodeRuntime, readonly RuntimeLimit[]>> = {
  oci: [],
  podman: PODMAN_LIMITS,
}

export const RUNTIME_DIFFERENCES: Readonly<Record<NodeRuntime, readonly RuntimeDifference[]>> = {
  oci: [],
  podman: PODMAN_DIFFERENCES,
}
