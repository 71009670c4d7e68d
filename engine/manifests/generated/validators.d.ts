// Made from schemas/ by `npm run generate`; edit those instead.

/** What ajv says of one violation. `instancePath` is a JSON pointer; `params` depends on the keyword. */
export interface Violation {
  readonly instancePath: string
  readonly keyword: string
  readonly params: Readonly<Record<string, unknown>>
  readonly schemaPath: string
}

/** Checks one object. After `false`, `errors` holds every violation until the next call. */
export interface Validate {
  (object: unknown): boolean
  readonly errors?: readonly Violation[] | null
}

export const Cluster: Validate
export const ClusterTrustBundle: Validate
export const ConfigMap: Validate
export const CronJob: Validate
export const DaemonSet: Validate
export const Deployment: Validate
export const EndpointSlice: Validate
export const HorizontalPodAutoscaler: Validate
export const Ingress: Validate
export const IngressClass: Validate
export const Job: Validate
export const LimitRange: Validate
export const Namespace: Validate
export const Node: Validate
export const PersistentVolume: Validate
export const PersistentVolumeClaim: Validate
export const Pod: Validate
export const PodDisruptionBudget: Validate
export const PriorityClass: Validate
export const ReplicaSet: Validate
export const ResourceQuota: Validate
export const RuntimeClass: Validate
export const Secret: Validate
export const Service: Validate
export const ServiceAccount: Validate
export const StatefulSet: Validate
export const StorageClass: Validate
