import { type Table, tablesOf } from '../table.ts'
import type { MetricsWorld } from '../world.ts'
import { CLAIM_FAMILIES, NAMESPACE_FAMILIES, NODE_FAMILIES, VOLUME_FAMILIES } from './cluster.ts'
import { CRONJOB_FAMILIES, JOB_FAMILIES } from './jobs.ts'
import {
  CONTAINER_FAMILIES,
  containersOf,
  INIT_CONTAINER_FAMILIES,
  initContainersOf,
} from './podContainers.ts'
import { POD_FAMILIES } from './pods.ts'
import { ENDPOINT_FAMILIES, SERVICE_FAMILIES } from './services.ts'
import { AUTOSCALER_FAMILIES, BUDGET_FAMILIES, QUOTA_FAMILIES } from './policies.ts'
import {
  DAEMONSET_FAMILIES,
  DEPLOYMENT_FAMILIES,
  REPLICASET_FAMILIES,
  STATEFULSET_FAMILIES,
} from './workloads.ts'

/** Under the names of kube-state-metrics: https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics */
export const KUBE_TABLES: readonly Table<MetricsWorld>[] = [
  ...tablesOf(({ objects }: MetricsWorld) => objects('Pod'), POD_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('Pod').flatMap(containersOf), CONTAINER_FAMILIES),
  ...tablesOf(
    ({ objects }: MetricsWorld) => objects('Pod').flatMap(initContainersOf),
    INIT_CONTAINER_FAMILIES,
  ),
  ...tablesOf(({ objects }: MetricsWorld) => objects('Deployment'), DEPLOYMENT_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('ReplicaSet'), REPLICASET_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('StatefulSet'), STATEFULSET_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('DaemonSet'), DAEMONSET_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('Job'), JOB_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('CronJob'), CRONJOB_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('HorizontalPodAutoscaler'), AUTOSCALER_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('PodDisruptionBudget'), BUDGET_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('ResourceQuota'), QUOTA_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('Service'), SERVICE_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('EndpointSlice'), ENDPOINT_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('PersistentVolumeClaim'), CLAIM_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('PersistentVolume'), VOLUME_FAMILIES),
  ...tablesOf(({ objects }: MetricsWorld) => objects('Namespace'), NAMESPACE_FAMILIES),
  ...tablesOf(({ nodes }: MetricsWorld) => nodes, NODE_FAMILIES),
]
