import type { Container, ContainerStatus, Pod, ResourceRequirements } from '../../../api/generated/types.ts'
import { parseQuantity } from '../../../api/quantity.ts'
import { Describing, type Family, type Row, unixSeconds } from '../table.ts'

/** A container of a pod, and how it does; the status is absent until the pod is on a node. */
export interface ContainerSubject {
  readonly pod: Pod
  readonly spec: Container
  readonly status: ContainerStatus | undefined
}

export function containersOf(pod: Pod): readonly ContainerSubject[] {
  return joined(pod, pod.spec.containers, pod.status?.containerStatuses)
}

export function initContainersOf(pod: Pod): readonly ContainerSubject[] {
  return joined(pod, pod.spec.initContainers, pod.status?.initContainerStatuses)
}

function joined(
  pod: Pod,
  specs: readonly Container[] = [],
  statuses: readonly ContainerStatus[] = [],
): readonly ContainerSubject[] {
  const byName = new Map(statuses.map((status) => [status.name, status]))
  return specs.map((spec) => ({ pod, spec, status: byName.get(spec.name) }))
}

const container = new Describing<ContainerSubject>(
  ['namespace', 'pod', 'uid', 'container'],
  ({ pod, spec }) => ({
    namespace: pod.metadata.namespace ?? 'default',
    pod: pod.metadata.name,
    uid: pod.metadata.uid ?? '',
    container: spec.name,
  }),
)

/** Whether it is in this state; nothing is said of one that has no status yet. */
function inState(
  name: 'running' | 'terminated' | 'waiting',
): (subject: ContainerSubject) => boolean | undefined {
  return ({ status }) => status && status.state?.[name] !== undefined
}

function reason(value: string | undefined): readonly Row[] {
  return value === undefined ? [] : [[[value], 1]]
}

/** Alike for containers and init containers but for their names, as in kube-state-metrics. */
function families(prefix: string, what: string): readonly Family<ContainerSubject>[] {
  return [
    container.gauges(
      `${prefix}_info`,
      `Information about ${what} in a pod.`,
      ['image_spec', 'image', 'image_id', 'container_id'],
      ({ spec, status }) =>
        status === undefined
          ? []
          : [[[spec.image ?? '', status.image, status.imageID, status.containerID ?? ''], 1]],
    ),
    container.gauge(
      `${prefix}_status_waiting`,
      `Describes whether ${what} is currently in waiting state.`,
      inState('waiting'),
    ),
    container.gauges(
      `${prefix}_status_waiting_reason`,
      `Describes the reason ${what} is currently in waiting state.`,
      ['reason'],
      ({ status }) => reason(status?.state?.waiting?.reason),
    ),
    container.gauge(
      `${prefix}_status_running`,
      `Describes whether ${what} is currently in running state.`,
      inState('running'),
    ),
    container.gauge(
      `${prefix}_status_terminated`,
      `Describes whether ${what} is currently in terminated state.`,
      inState('terminated'),
    ),
    container.gauges(
      `${prefix}_status_terminated_reason`,
      `Describes the reason ${what} is currently in terminated state.`,
      ['reason'],
      ({ status }) => reason(status?.state?.terminated?.reason),
    ),
    container.gauges(
      `${prefix}_status_last_terminated_reason`,
      `Describes the last reason ${what} was in terminated state.`,
      ['reason'],
      ({ status }) => reason(status?.lastState?.terminated?.reason),
    ),
    container.gauge(
      `${prefix}_status_ready`,
      `Describes whether the readiness check of ${what} succeeded.`,
      ({ status }) => status?.ready,
    ),
    container.counter(
      `${prefix}_status_restarts_total`,
      `The number of restarts of ${what}.`,
      ({ status }) => status?.restartCount,
    ),
    container.gauges(
      `${prefix}_resource_requests`,
      `The number of requested request resource by ${what}.`,
      ['node', 'resource', 'unit'],
      ({ pod, spec }) => resourceRows(pod, spec.resources?.requests),
    ),
    container.gauges(
      `${prefix}_resource_limits`,
      `The number of requested limit resource by ${what}.`,
      ['node', 'resource', 'unit'],
      ({ pod, spec }) => resourceRows(pod, spec.resources?.limits),
    ),
  ]
}

function resourceRows(pod: Pod, resources: ResourceRequirements['requests'] = {}): readonly Row[] {
  return Object.entries(resources).flatMap(([name, quantity]): Row[] => {
    const value = parseQuantity(quantity)
    return value === undefined ? [] : [[[pod.spec.nodeName ?? '', resourceName(name), unitOf(name)], value]]
  })
}

export function resourceName(name: string): string {
  return name.replace(/[^a-zA-Z0-9_]/g, '_')
}

/** As kube-state-metrics calls them. */
export function unitOf(resource: string): 'core' | 'byte' | 'integer' {
  if (resource === 'cpu') return 'core'
  return /^(memory|storage|ephemeral-storage|hugepages-.*)$/.test(resource) ? 'byte' : 'integer'
}

export const CONTAINER_FAMILIES: readonly Family<ContainerSubject>[] = [
  ...families('kube_pod_container', 'a container'),
  container.gauge(
    'kube_pod_container_state_started',
    'Start time in unix timestamp for a pod container.',
    ({ status }) => unixSeconds(status?.state?.running?.startedAt ?? status?.state?.terminated?.startedAt),
  ),
  container.gauge(
    'kube_pod_container_status_last_terminated_exitcode',
    'Describes the exit code for the last container in terminated state.',
    ({ status }) => status?.lastState?.terminated?.exitCode,
  ),
  container.gauge(
    'kube_pod_container_status_last_terminated_timestamp',
    'Last terminated time for a pod container in unix timestamp.',
    ({ status }) => unixSeconds(status?.lastState?.terminated?.finishedAt),
  ),
]

export const INIT_CONTAINER_FAMILIES: readonly Family<ContainerSubject>[] = families(
  'kube_pod_init_container',
  'an init container',
)
