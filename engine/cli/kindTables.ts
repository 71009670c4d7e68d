import type { KubernetesObject } from '../api/generated/types.ts'
import { keyParts } from '../api/names.ts'
import { autoscalerRow } from './autoscalerRow.ts'
import { CLAIM_HEADING, claimRow, VOLUME_HEADING, volumeRow } from './claimRow.ts'
import { since } from './duration.ts'
import { CRON_JOB_HEADING, cronJobRow, JOB_HEADING, jobRow } from './jobRows.ts'
import { INGRESS_HEADING, ingressRow } from './ingressRow.ts'
import { shortHealth } from './progress.ts'
import { countIn, type RowInput } from './rowInput.ts'
import { SERVICE_HEADING, serviceRow } from './serviceRow.ts'

/** One kind as kubectl prints it. NAMESPACE and NAME come before, AGE and HEALTH after. */
export interface KindTable {
  readonly kind: KubernetesObject['kind']
  readonly heading: readonly string[]
  readonly row: (input: RowInput) => readonly string[]
}

/** In the order in which `reconcile status` shows them. */
export const KIND_TABLES: readonly KindTable[] = [
  { kind: 'Deployment', heading: ['READY', 'UP-TO-DATE', 'AVAILABLE'], row: deploymentRow },
  { kind: 'ReplicaSet', heading: ['DESIRED', 'CURRENT', 'READY'], row: replicaSetRow },
  { kind: 'StatefulSet', heading: ['READY'], row: statefulSetRow },
  {
    kind: 'DaemonSet',
    heading: ['DESIRED', 'CURRENT', 'READY', 'UP-TO-DATE', 'AVAILABLE', 'NODE SELECTOR'],
    row: daemonSetRow,
  },
  { kind: 'Job', heading: JOB_HEADING, row: jobRow },
  { kind: 'CronJob', heading: CRON_JOB_HEADING, row: cronJobRow },
  {
    kind: 'HorizontalPodAutoscaler',
    heading: ['REFERENCE', 'TARGETS', 'MINPODS', 'MAXPODS', 'REPLICAS'],
    row: autoscalerRow,
  },
  { kind: 'Service', heading: SERVICE_HEADING, row: serviceRow },
  { kind: 'Ingress', heading: INGRESS_HEADING, row: ingressRow },
  { kind: 'PersistentVolumeClaim', heading: CLAIM_HEADING, row: claimRow },
  { kind: 'PersistentVolume', heading: VOLUME_HEADING, row: volumeRow },
]

export function headingOf({ heading }: KindTable): readonly string[] {
  return ['NAMESPACE', 'NAME', ...heading, 'AGE', 'HEALTH']
}

export function rowOf(table: KindTable, input: RowInput): readonly string[] {
  const { now, record, report } = input
  const { kind, name, namespace } = keyParts(report.key)
  const age = since(now, record?.object.metadata.creationTimestamp)
  const health = shortHealth(report.health).split('\n')[0] ?? ''
  return [namespace, `${kind.toLowerCase()}/${name}`, ...table.row(input), age, health]
}

function deploymentRow({ object, report }: RowInput): readonly string[] {
  const wanted = object?.kind === 'Deployment' ? (object.spec.replicas ?? 1) : 0
  return [
    `${countIn(report, 'readyReplicas')}/${wanted}`,
    countIn(report, 'updatedReplicas'),
    countIn(report, 'availableReplicas'),
  ]
}

function replicaSetRow({ object, report }: RowInput): readonly string[] {
  const wanted = object?.kind === 'ReplicaSet' ? (object.spec.replicas ?? 1) : 0
  return [String(wanted), countIn(report, 'replicas'), countIn(report, 'readyReplicas')]
}

function statefulSetRow({ object, report }: RowInput): readonly string[] {
  const wanted = object?.kind === 'StatefulSet' ? (object.spec.replicas ?? 1) : 0
  return [`${countIn(report, 'readyReplicas')}/${wanted}`]
}

function daemonSetRow({ object, report }: RowInput): readonly string[] {
  const selector = object?.kind === 'DaemonSet' ? (object.spec.template.spec.nodeSelector ?? {}) : {}
  const labels = Object.entries(selector).map(([key, value]) => `${key}=${value}`)
  return [
    countIn(report, 'desiredNumberScheduled'),
    countIn(report, 'currentNumberScheduled'),
    countIn(report, 'numberReady'),
    countIn(report, 'updatedNumberScheduled'),
    countIn(report, 'numberAvailable'),
    labels.length === 0 ? '<none>' : labels.toSorted().join(','),
  ]
}
