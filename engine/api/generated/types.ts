// Made from schemas/ by `npm run generate`; edit those instead.

/**
 * Settings of the whole set of machines. At most one; without it, the defaults hold.
 */
export interface Cluster {
  readonly apiVersion: 'reconcile.dev/v1'
  readonly kind: 'Cluster'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * The settings.
   */
  readonly spec?: ClusterSpec
}

/**
 * Root certificates that pods can mount.
 */
export interface ClusterTrustBundle {
  readonly apiVersion: 'certificates.k8s.io/v1beta1'
  readonly kind: 'ClusterTrustBundle'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * The certificates, and whose they are.
   */
  readonly spec: ClusterTrustBundleSpec
}

/**
 * Settings that pods read as files or environment variables.
 */
export interface ConfigMap {
  readonly apiVersion: 'v1'
  readonly kind: 'ConfigMap'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * Bytes by key, in base64.
   */
  readonly binaryData?: {
    readonly [k: string]: string
  }
  /**
   * Texts by key.
   */
  readonly data?: {
    readonly [k: string]: string
  }
  /**
   * Refuse later changes of the data.
   */
  readonly immutable?: boolean
}

/**
 * Makes a Job at set times.
 */
export interface CronJob {
  readonly apiVersion: 'batch/v1'
  readonly kind: 'CronJob'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * What is wanted.
   */
  readonly spec: CronJobSpec
  /**
   * What was found.
   */
  readonly status?: CronJobStatus
}

/**
 * Keeps one pod running on each machine that matches.
 */
export interface DaemonSet {
  readonly apiVersion: 'apps/v1'
  readonly kind: 'DaemonSet'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * What is wanted.
   */
  readonly spec: DaemonSetSpec
  /**
   * What was found.
   */
  readonly status?: DaemonSetStatus
}

/**
 * Keeps a number of equal pods running, and replaces them step by step when their template changes.
 */
export interface Deployment {
  readonly apiVersion: 'apps/v1'
  readonly kind: 'Deployment'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * How many pods, made from what, replaced how.
   */
  readonly spec: DeploymentSpec
  /**
   * What was found.
   */
  readonly status?: DeploymentStatus
}

/**
 * Addresses behind a Service without selector, which its label kubernetes.io/service-name names.
 */
export interface EndpointSlice {
  readonly apiVersion: 'discovery.k8s.io/v1'
  readonly kind: 'EndpointSlice'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * Of what family the addresses are.
   */
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN'
  /**
   * The endpoints.
   */
  readonly endpoints?: readonly Endpoint[]
  /**
   * The ports of every endpoint.
   */
  readonly ports?: readonly EndpointPort[]
}

/**
 * Changes the number of a workload's pods by what they use.
 */
export interface HorizontalPodAutoscaler {
  readonly apiVersion: 'autoscaling/v2'
  readonly kind: 'HorizontalPodAutoscaler'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * What is wanted.
   */
  readonly spec: HorizontalPodAutoscalerSpec
  /**
   * What was found.
   */
  readonly status?: HorizontalPodAutoscalerStatus
}

/**
 * Requests of HTTP from outside, led to Services by host and path.
 */
export interface Ingress {
  readonly apiVersion: 'networking.k8s.io/v1'
  readonly kind: 'Ingress'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * Which requests go where.
   */
  readonly spec?: IngressSpec
  /**
   * Where it can be reached.
   */
  readonly status?: IngressStatus
}

/**
 * Who answers for Ingresses that name it.
 */
export interface IngressClass {
  readonly apiVersion: 'networking.k8s.io/v1'
  readonly kind: 'IngressClass'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * Who it is.
   */
  readonly spec?: IngressClassSpec
}

/**
 * Runs pods until enough of them have succeeded.
 */
export interface Job {
  readonly apiVersion: 'batch/v1'
  readonly kind: 'Job'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * What is wanted.
   */
  readonly spec: JobSpec
  /**
   * What was found.
   */
  readonly status?: JobStatus
}

/**
 * What each container, pod and claim of a namespace gets by default, and may ask for. Defaults are filled into pods that are made from then on: one that runs stays as it is. A commit whose pods or claims break a limit is refused, those that run already included.
 */
export interface LimitRange {
  readonly apiVersion: 'v1'
  readonly kind: 'LimitRange'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * The limits.
   */
  readonly spec?: LimitRangeSpec
}

/**
 * A room for names: two objects of one kind may have the same name in different namespaces.
 */
export interface Namespace {
  readonly apiVersion: 'v1'
  readonly kind: 'Namespace'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * What is wanted.
   */
  readonly spec?: NamespaceSpec
  /**
   * What was found.
   */
  readonly status?: NamespaceStatus
}

/**
 * A machine that runs pods. Without any, it is the machine that the engine runs on.
 */
export interface Node {
  readonly apiVersion: 'reconcile.dev/v1'
  readonly kind: 'Node'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * How the machine is reached and used.
   */
  readonly spec?: NodeSpec
  /**
   * What was found.
   */
  readonly status?: NodeStatus
}

/**
 * Storage that is there already, for a claim to bind to.
 */
export interface PersistentVolume {
  readonly apiVersion: 'v1'
  readonly kind: 'PersistentVolume'
  /**
   * Name, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * What it is, and whose.
   */
  readonly spec: PersistentVolumeSpec
  /**
   * Whether a claim has it.
   */
  readonly status?: PersistentVolumeStatus
}

/**
 * A demand for storage that outlives pods.
 */
export interface PersistentVolumeClaim {
  readonly apiVersion: 'v1'
  readonly kind: 'PersistentVolumeClaim'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * What is wanted.
   */
  readonly spec: PersistentVolumeClaimSpec
  /**
   * What was found.
   */
  readonly status?: PersistentVolumeClaimStatus
}

/**
 * Containers that run together on one machine, with one network address and shared volumes.
 */
export interface Pod {
  readonly apiVersion: 'v1'
  readonly kind: 'Pod'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * The containers and what they need.
   */
  readonly spec: PodSpec
  /**
   * How the pod does.
   */
  readonly status?: PodStatus
}

/**
 * How many of a set of pods may be down at once on purpose.
 */
export interface PodDisruptionBudget {
  readonly apiVersion: 'policy/v1'
  readonly kind: 'PodDisruptionBudget'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * What is wanted.
   */
  readonly spec: PodDisruptionBudgetSpec
  /**
   * What was found.
   */
  readonly status?: PodDisruptionBudgetStatus
}

/**
 * A name for a priority that pods can have.
 */
export interface PriorityClass {
  readonly apiVersion: 'scheduling.k8s.io/v1'
  readonly kind: 'PriorityClass'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * For people: when to use this class.
   */
  readonly description?: string
  /**
   * Whether pods without a class get this one.
   */
  readonly globalDefault?: boolean
  /**
   * Whether pods of this class may push others out.
   */
  readonly preemptionPolicy?: 'PreemptLowerPriority' | 'Never'
  /**
   * The priority; higher goes first.
   */
  readonly value: number
}

/**
 * Keeps a number of equal pods running.
 */
export interface ReplicaSet {
  readonly apiVersion: 'apps/v1'
  readonly kind: 'ReplicaSet'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * What is wanted.
   */
  readonly spec: ReplicaSetSpec
  /**
   * What was found.
   */
  readonly status?: ReplicaSetStatus
}

/**
 * How much all pods of a namespace may ask for together, and how many objects of each kind there may be. What a commit wants as a whole is counted, and a commit that wants more is refused. Where an autoscaler decides, its least counts, and what it adds later is not held back; so it is with the Jobs of a CronJob and with the surge of a rollout.
 */
export interface ResourceQuota {
  readonly apiVersion: 'v1'
  readonly kind: 'ResourceQuota'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * What is counted, and the most of it.
   */
  readonly spec?: ResourceQuotaSpec
  /**
   * What was found.
   */
  readonly status?: ResourceQuotaStatus
}

/**
 * Another OCI runtime than the node's own for the pods that name it.
 */
export interface RuntimeClass {
  readonly apiVersion: 'node.k8s.io/v1'
  readonly kind: 'RuntimeClass'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * The program, as it is called in the node's folders of programs: runc, crun, or another with their command line.
   */
  readonly handler: string
  /**
   * What it needs beside the containers.
   */
  readonly overhead?: Overhead
  /**
   * On which nodes it is.
   */
  readonly scheduling?: Scheduling
}

/**
 * Like a ConfigMap, for what must not be seen.
 */
export interface Secret {
  readonly apiVersion: 'v1'
  readonly kind: 'Secret'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * What the keys mean, such as kubernetes.io/dockerconfigjson. Opaque by default.
   */
  readonly type?: string
  /**
   * Bytes by key, in base64.
   */
  readonly data?: {
    readonly [k: string]: string
  }
  /**
   * Refuse later changes of the data.
   */
  readonly immutable?: boolean
  /**
   * Texts by key; they win over the same key in data.
   */
  readonly stringData?: {
    readonly [k: string]: string
  }
}

/**
 * One stable address and name for the ready pods that match a selector.
 */
export interface Service {
  readonly apiVersion: 'v1'
  readonly kind: 'Service'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * The ports and the pods behind them.
   */
  readonly spec: ServiceSpec
  /**
   * What was found.
   */
  readonly status?: ServiceStatus
}

/**
 * An identity for the pods that name it.
 */
export interface ServiceAccount {
  readonly apiVersion: 'v1'
  readonly kind: 'ServiceAccount'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * Whether pods get a token for the API server.
   */
  readonly automountServiceAccountToken?: boolean
  /**
   * The Secrets with which the images of its pods are pulled.
   */
  readonly imagePullSecrets?: readonly LocalObjectReference[]
  /**
   * The Secrets that its pods may use.
   */
  readonly secrets?: readonly ObjectReference[]
}

/**
 * Keeps a number of pods running that each have a fixed name and storage of their own.
 */
export interface StatefulSet {
  readonly apiVersion: 'apps/v1'
  readonly kind: 'StatefulSet'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * What is wanted.
   */
  readonly spec: StatefulSetSpec
  /**
   * What was found.
   */
  readonly status?: StatefulSetStatus
}

/**
 * A kind of storage, and what makes volumes of it.
 */
export interface StorageClass {
  readonly apiVersion: 'storage.k8s.io/v1'
  readonly kind: 'StorageClass'
  /**
   * Name, namespace, labels and annotations.
   */
  readonly metadata: ObjectMeta
  /**
   * Whether claims may grow.
   */
  readonly allowVolumeExpansion?: boolean
  /**
   * Where volumes may be made.
   */
  readonly allowedTopologies?: readonly TopologySelectorTerm[]
  /**
   * Options that volumes are mounted with.
   */
  readonly mountOptions?: readonly string[]
  /**
   * What the provisioner is told.
   */
  readonly parameters?: {
    readonly [k: string]: string
  }
  /**
   * What makes the volumes.
   */
  readonly provisioner: string
  /**
   * What becomes of a volume whose claim is gone.
   */
  readonly reclaimPolicy?: 'Delete' | 'Retain' | 'Recycle'
  /**
   * Whether volumes are made at once, or for the first pod.
   */
  readonly volumeBindingMode?: 'Immediate' | 'WaitForFirstConsumer'
}

/**
 * A disk of AWS.
 */
export interface AWSElasticBlockStoreVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The partition.
   */
  readonly partition?: number
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The disk.
   */
  readonly volumeID: string
}

/**
 * Where a pod must or should run.
 */
export interface Affinity {
  /**
   * By the labels of machines.
   */
  readonly nodeAffinity?: NodeAffinity
  /**
   * Near which other pods.
   */
  readonly podAffinity?: PodAffinity
  /**
   * Away from which other pods.
   */
  readonly podAntiAffinity?: PodAntiAffinity
}

/**
 * An AppArmor profile.
 */
export interface AppArmorProfile {
  /**
   * The runtime's usual profile, none, or one loaded on the machine.
   */
  readonly type: 'RuntimeDefault' | 'Unconfined' | 'Localhost'
  /**
   * The name of a loaded profile.
   */
  readonly localhostProfile?: string
}

/**
 * A volume attached to a machine.
 */
export interface AttachedVolume {
  /**
   * The volume's name.
   */
  readonly name: string
  /**
   * The device by which it is seen.
   */
  readonly devicePath: string
}

/**
 * A disk of Azure.
 */
export interface AzureDiskVolumeSource {
  /**
   * How the disk is kept.
   */
  readonly kind?: 'Shared' | 'Dedicated' | 'Managed'
  /**
   * How the disk is cached.
   */
  readonly cachingMode?: 'None' | 'ReadOnly' | 'ReadWrite'
  /**
   * The disk's name.
   */
  readonly diskName: string
  /**
   * The disk's address.
   */
  readonly diskURI: string
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
}

/**
 * An Azure file share.
 */
export interface AzureFilePersistentVolumeSource {
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the account.
   */
  readonly secretName: string
  /**
   * The Secret's namespace.
   */
  readonly secretNamespace?: string
  /**
   * The share's name.
   */
  readonly shareName: string
}

/**
 * A file share of Azure.
 */
export interface AzureFileVolumeSource {
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretName: string
  /**
   * The share's name.
   */
  readonly shareName: string
}

/**
 * A volume of a CSI driver.
 */
export interface CSIPersistentVolumeSource {
  /**
   * A Secret for the driver.
   */
  readonly controllerExpandSecretRef?: SecretReference
  /**
   * A Secret for the driver.
   */
  readonly controllerPublishSecretRef?: SecretReference
  /**
   * A Secret for the driver.
   */
  readonly nodeExpandSecretRef?: SecretReference
  /**
   * A Secret for the driver.
   */
  readonly nodePublishSecretRef?: SecretReference
  /**
   * A Secret for the driver.
   */
  readonly nodeStageSecretRef?: SecretReference
  /**
   * The driver's name.
   */
  readonly driver: string
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * What the driver is told.
   */
  readonly volumeAttributes?: {
    readonly [k: string]: string
  }
  /**
   * The volume's id at the driver.
   */
  readonly volumeHandle: string
}

/**
 * A volume of a CSI driver.
 */
export interface CSIVolumeSource {
  /**
   * The driver, by the name that it gives itself.
   */
  readonly driver: string
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The Secret with the driver's credentials.
   */
  readonly nodePublishSecretRef?: LocalObjectReference
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The driver's own settings.
   */
  readonly volumeAttributes?: {
    readonly [k: string]: string
  }
}

/**
 * Linux capabilities, without the prefix CAP_; ALL means each.
 */
export interface Capabilities {
  /**
   * Those to add.
   */
  readonly add?: readonly string[]
  /**
   * Those to drop.
   */
  readonly drop?: readonly string[]
}

/**
 * A CephFS file system.
 */
export interface CephFSPersistentVolumeSource {
  /**
   * The monitors.
   */
  readonly monitors: readonly string[]
  /**
   * The folder.
   */
  readonly path?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * A file with the key.
   */
  readonly secretFile?: string
  /**
   * The Secret with the credentials.
   */
  readonly secretRef?: SecretReference
  /**
   * The user.
   */
  readonly user?: string
}

/**
 * A CephFS file system.
 */
export interface CephFSVolumeSource {
  /**
   * The monitors' addresses.
   */
  readonly monitors: readonly string[]
  /**
   * The folder to mount.
   */
  readonly path?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * A file with the credentials.
   */
  readonly secretFile?: string
  /**
   * The Secret with the credentials.
   */
  readonly secretRef?: LocalObjectReference
  /**
   * The user.
   */
  readonly user?: string
}

/**
 * An OpenStack disk.
 */
export interface CinderPersistentVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretRef?: SecretReference
  /**
   * The disk's id.
   */
  readonly volumeID: string
}

/**
 * A disk of OpenStack.
 */
export interface CinderVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretRef?: LocalObjectReference
  /**
   * The disk.
   */
  readonly volumeID: string
}

/**
 * For how long a client's address leads to the same pod.
 */
export interface ClientIPConfig {
  /**
   * That long. 10800 by default.
   */
  readonly timeoutSeconds?: number
}

/**
 * How it is made sure of that a machine which does not answer is off.
 */
export interface ClusterFencing {
  /**
   * Run on the machine of the engine for a node whose podEvictionTimeoutSeconds are over: a program and its arguments, in which $(NODE_NAME) and $(NODE_ADDRESS) stand for the node's. When it succeeds, the node is taken to be dead; when not, it is run again later.
   *
   * @minItems 1
   */
  readonly command: readonly string[]
  /**
   * How long the command may take, 60 when absent.
   */
  readonly timeoutSeconds?: number
}

/**
 * Where the proxy runs that answers for Ingresses.
 */
export interface ClusterIngress {
  /**
   * The address that it listens at; every address of the machine when absent.
   */
  readonly address?: string
  /**
   * The port for HTTP, 80 when absent.
   */
  readonly httpPort?: number
  /**
   * The port for HTTPS, 443 when absent; it is listened on when an Ingress has a certificate.
   */
  readonly httpsPort?: number
  /**
   * The machines that it runs on; this one when absent, none when empty.
   */
  readonly nodes?: readonly string[]
}

/**
 * Where images are pulled from.
 */
export interface ClusterRegistries {
  /**
   * For each registry, such as docker.io, the URLs to try before it, in order.
   */
  readonly mirrors?: {
    readonly [k: string]: readonly string[]
  }
}

/**
 * Settings of the whole set of machines.
 */
export interface ClusterSpec {
  /**
   * How many files of its log a container may have, over its last two runs, 5 when absent: the one written to, those before it, and the empty one that comes next.
   */
  readonly containerLogMaxFiles?: number
  /**
   * How large a file of a container's log gets before the next one is begun, 10Mi when absent and 16Ki at least.
   */
  readonly containerLogMaxSize?: Quantity
  /**
   * How what the pods of one machine send to those of another one is encrypted; not at all when absent. wireguard: by the kernel's WireGuard or, where it has none, wireguard-go.
   */
  readonly encryption?: 'wireguard'
  /**
   * How it is made sure of that a machine which does not answer is off.
   */
  readonly fencing?: ClusterFencing
  /**
   * Where Ingresses are answered for.
   */
  readonly ingress?: ClusterIngress
  /**
   * The range that pod addresses are taken from, such as 10.244.0.0/16. For pods with two addresses one of IPv4 and one of IPv6, with a comma between them.
   */
  readonly podCIDR?: string
  /**
   * For how long a machine may count as unreachable before pods of Deployments, ReplicaSets and Jobs are made elsewhere, 300 when absent. What a pod's own toleration of node.kubernetes.io/unreachable says goes before it.
   */
  readonly podEvictionTimeoutSeconds?: number
  /**
   * How many processes and threads all containers of a pod may have at a time, as the kubelet's setting of this name; as many as the node lets them when absent. Pods that are there already keep what they were made with.
   */
  readonly podPidsLimit?: number
  /**
   * Where images are pulled from.
   */
  readonly registries?: ClusterRegistries
  /**
   * Who signs the tokens of service accounts: the address where whoever takes them looks for reconcile openid's two documents; https://kubernetes.default.svc.cluster.local when absent.
   */
  readonly serviceAccountIssuer?: string
  /**
   * The range that Service addresses are taken from, such as 10.96.0.0/16; or two, of IPv4 and IPv6, with a comma between them: Services that name no family get an address of the first.
   */
  readonly serviceCIDR?: string
  /**
   * How the machines are kept to what the repository says.
   */
  readonly sync?: ClusterSync
  /**
   * What each machine keeps back for all that is no pod, as the kubelet's setting of this name: cpu, memory and ephemeral-storage. Nothing when absent; a Node may say otherwise.
   */
  readonly systemReserved?: {
    readonly [k: string]: Quantity
  }
}

/**
 * How the machines are kept to what the repository says.
 */
export interface ClusterSync {
  /**
   * Hold a commit that would delete more than this share of the running objects, 50 when absent, until it is approved. 100: never for this reason.
   */
  readonly maxDeletePercent?: number
  /**
   * heal, which is the default: put right what has drifted; detect: only report it.
   */
  readonly mode?: 'heal' | 'detect'
  /**
   * How often a remote repository is asked for news, 30 when absent. A local one is watched.
   */
  readonly pollIntervalSeconds?: number
  /**
   * How often everything on the nodes is looked at even when nothing was heard, 30 when absent.
   */
  readonly resyncIntervalSeconds?: number
  /**
   * Go back to the last healthy commit when a rollout of a new one is past its progress deadline, and stay there until the branch moves. false when absent.
   */
  readonly rollback?: boolean
}

/**
 * Root certificates in a projected volume.
 */
export interface ClusterTrustBundleProjection {
  /**
   * The bundle's name.
   */
  readonly name?: string
  /**
   * Which labels to look for.
   */
  readonly labelSelector?: LabelSelector
  /**
   * Go on without it when it does not exist.
   */
  readonly optional?: boolean
  /**
   * The file, from the volume's root.
   */
  readonly path: string
  /**
   * The signer whose bundles are taken.
   */
  readonly signerName?: string
}

/**
 * The certificates of a bundle.
 */
export interface ClusterTrustBundleSpec {
  /**
   * The signer that these certificates are the roots of.
   */
  readonly signerName?: string
  /**
   * PEM blocks of CERTIFICATE, one after the other.
   */
  readonly trustBundle: string
}

/**
 * One aspect of how an object does.
 */
export interface Condition {
  /**
   * The aspect.
   */
  readonly type: string
  /**
   * Whether it holds.
   */
  readonly status: 'True' | 'False' | 'Unknown'
  /**
   * When the status last changed.
   */
  readonly lastTransitionTime: string
  /**
   * For people: what happened.
   */
  readonly message: string
  /**
   * The generation of the spec that this status is about.
   */
  readonly observedGeneration?: number
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason: string
}

/**
 * A ConfigMap whose keys become variables.
 */
export interface ConfigMapEnvSource {
  /**
   * The ConfigMap's name.
   */
  readonly name?: string
  /**
   * Go on without it when it does not exist.
   */
  readonly optional?: boolean
}

/**
 * A key of a ConfigMap.
 */
export interface ConfigMapKeySelector {
  /**
   * The ConfigMap's name.
   */
  readonly name?: string
  /**
   * The key.
   */
  readonly key: string
  /**
   * Go on without it when it does not exist.
   */
  readonly optional?: boolean
}

/**
 * The keys of a ConfigMap in a projected volume.
 */
export interface ConfigMapProjection {
  /**
   * The ConfigMap's name.
   */
  readonly name?: string
  /**
   * Which keys, and as which files. All by default.
   */
  readonly items?: readonly KeyToPath[]
  /**
   * Go on without it when it does not exist.
   */
  readonly optional?: boolean
}

/**
 * The keys of a ConfigMap as files.
 */
export interface ConfigMapVolumeSource {
  /**
   * The ConfigMap's name.
   */
  readonly name?: string
  /**
   * The files' permission bits. 0644 by default.
   */
  readonly defaultMode?: number
  /**
   * Which keys, and as which files. All by default.
   */
  readonly items?: readonly KeyToPath[]
  /**
   * Go on without it when it does not exist.
   */
  readonly optional?: boolean
}

/**
 * One container: an image, a command and what they need.
 */
export interface Container {
  /**
   * Unique in the pod.
   */
  readonly name: string
  /**
   * Arguments. Those of the image by default.
   */
  readonly args?: readonly string[]
  /**
   * The program. The image's entrypoint by default.
   */
  readonly command?: readonly string[]
  /**
   * Environment variables. They win over envFrom.
   */
  readonly env?: readonly EnvVar[]
  /**
   * Environment variables from whole ConfigMaps and Secrets.
   */
  readonly envFrom?: readonly EnvFromSource[]
  /**
   * The image, such as nginx:1.29 or registry.example/app@sha256:...
   */
  readonly image?: string
  /**
   * When the image is pulled. Always for the tag latest, else IfNotPresent.
   */
  readonly imagePullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  /**
   * What to run after the start and before the end.
   */
  readonly lifecycle?: Lifecycle
  /**
   * When this fails, the container is restarted.
   */
  readonly livenessProbe?: Probe
  /**
   * The ports on which it listens.
   */
  readonly ports?: readonly ContainerPort[]
  /**
   * While this fails, the container is not ready.
   */
  readonly readinessProbe?: Probe
  /**
   * What a change of resources does to the running container of a bare Pod. Pods of workloads are replaced by a rollout, as in Kubernetes.
   */
  readonly resizePolicy?: readonly ContainerResizePolicy[]
  /**
   * How much cpu and memory it may use, and how much it needs.
   */
  readonly resources?: ResourceRequirements
  /**
   * When the container is started again; as its pod says by default. Always makes a sidecar of an init container.
   */
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never'
  /**
   * Exit codes after which the container, or all of the pod, starts again: the first rule that fits, then the policy. The node restarts the container by itself; RestartAllContainers needs the engine.
   */
  readonly restartPolicyRules?: readonly ContainerRestartRule[]
  /**
   * User, group and rights.
   */
  readonly securityContext?: SecurityContext
  /**
   * Until this succeeds, the other probes wait.
   */
  readonly startupProbe?: Probe
  /**
   * Keep standard input open.
   */
  readonly stdin?: boolean
  /**
   * Close standard input after the first client has gone.
   */
  readonly stdinOnce?: boolean
  /**
   * The file from which a last message is read. /dev/termination-log by default.
   */
  readonly terminationMessagePath?: string
  /**
   * Whether the end of the log serves when that file is empty.
   */
  readonly terminationMessagePolicy?: 'File' | 'FallbackToLogsOnError'
  /**
   * Give it a terminal.
   */
  readonly tty?: boolean
  /**
   * Block devices to hand in.
   */
  readonly volumeDevices?: readonly VolumeDevice[]
  /**
   * Volumes to mount, and where.
   */
  readonly volumeMounts?: readonly VolumeMount[]
  /**
   * The folder to start in. The image's by default.
   */
  readonly workingDir?: string
}

/**
 * Which request serves a container.
 */
export interface ContainerExtendedResourceRequest {
  /**
   * The container.
   */
  readonly containerName: string
  /**
   * The request.
   */
  readonly requestName: string
  /**
   * The resource.
   */
  readonly resourceName: string
}

/**
 * An image on a machine.
 */
export interface ContainerImage {
  /**
   * The names by which it is known.
   */
  readonly names?: readonly string[]
  /**
   * Its size.
   */
  readonly sizeBytes?: number
}

/**
 * A port on which a container listens.
 */
export interface ContainerPort {
  /**
   * A name by which probes and Services can refer to it.
   */
  readonly name?: string
  /**
   * The port's number.
   */
  readonly containerPort: number
  /**
   * The machine's address on which hostPort listens.
   */
  readonly hostIP?: string
  /**
   * The machine's port that leads to it.
   */
  readonly hostPort?: number
  /**
   * The protocol. TCP by default.
   */
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP'
}

/**
 * What a change of one resource does to a running container.
 */
export interface ContainerResizePolicy {
  /**
   * The resource: cpu or memory.
   */
  readonly resourceName: string
  /**
   * Whether the container is restarted. It is not when nothing is said.
   */
  readonly restartPolicy: 'NotRequired' | 'RestartContainer'
}

/**
 * What one container of each pod uses.
 */
export interface ContainerResourceMetricSource {
  /**
   * The resource.
   */
  readonly name: string
  /**
   * The container.
   */
  readonly container: string
  /**
   * The value to keep.
   */
  readonly target: MetricTarget
}

/**
 * What one container of each pod uses.
 */
export interface ContainerResourceMetricStatus {
  /**
   * The resource.
   */
  readonly name: string
  /**
   * The container.
   */
  readonly container: string
  /**
   * The value that was seen.
   */
  readonly current: MetricValueStatus
}

/**
 * When to restart a container.
 */
export interface ContainerRestartRule {
  /**
   * What to do.
   */
  readonly action: 'Restart' | 'RestartAllContainers'
  /**
   * After which exit codes.
   */
  readonly exitCodes?: ContainerRestartRuleOnExitCodes
}

/**
 * Exit codes.
 */
export interface ContainerRestartRuleOnExitCodes {
  /**
   * Whether the code must be one of the values or none.
   */
  readonly operator: 'In' | 'NotIn'
  /**
   * The codes.
   */
  readonly values?: readonly number[]
}

/**
 * What a container does; one of these.
 */
export interface ContainerState {
  /**
   * It runs.
   */
  readonly running?: ContainerStateRunning
  /**
   * It has ended.
   */
  readonly terminated?: ContainerStateTerminated
  /**
   * It has not started yet.
   */
  readonly waiting?: ContainerStateWaiting
}

/**
 * A container that runs.
 */
export interface ContainerStateRunning {
  /**
   * Since when.
   */
  readonly startedAt?: string
}

/**
 * A container that has ended.
 */
export interface ContainerStateTerminated {
  /**
   * The runtime and the container's id.
   */
  readonly containerID?: string
  /**
   * Its exit code.
   */
  readonly exitCode: number
  /**
   * When it ended.
   */
  readonly finishedAt?: string
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
  /**
   * The signal that ended it.
   */
  readonly signal?: number
  /**
   * When it started.
   */
  readonly startedAt?: string
}

/**
 * A container that has not started yet.
 */
export interface ContainerStateWaiting {
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
}

/**
 * How a container does.
 */
export interface ContainerStatus {
  /**
   * The container.
   */
  readonly name: string
  /**
   * What is set aside for it.
   */
  readonly allocatedResources?: {
    readonly [k: string]: Quantity
  }
  /**
   * How its devices do.
   */
  readonly allocatedResourcesStatus?: readonly ResourceStatus[]
  /**
   * The runtime and the container's id, such as oci://3f2a...
   */
  readonly containerID?: string
  /**
   * The image that runs.
   */
  readonly image: string
  /**
   * The image's digest.
   */
  readonly imageID: string
  /**
   * How it last ended.
   */
  readonly lastState?: ContainerState
  /**
   * Whether it is ready.
   */
  readonly ready: boolean
  /**
   * The resources that are in force.
   */
  readonly resources?: ResourceRequirements
  /**
   * How often it was restarted.
   */
  readonly restartCount: number
  /**
   * Whether its startup probe has succeeded and its postStart hook is done.
   */
  readonly started?: boolean
  /**
   * What it does now.
   */
  readonly state?: ContainerState
  /**
   * The signal that ends it.
   */
  readonly stopSignal?: string
  /**
   * The user that it was started as.
   */
  readonly user?: ContainerUser
  /**
   * Its mounts.
   */
  readonly volumeMounts?: readonly VolumeMountStatus[]
}

/**
 * The user that a container was started as.
 */
export interface ContainerUser {
  /**
   * On Linux.
   */
  readonly linux?: LinuxContainerUser
}

/**
 * When Jobs are made, and from what.
 */
export interface CronJobSpec {
  /**
   * What to do when the last Job still runs. Allow by default.
   */
  readonly concurrencyPolicy?: 'Allow' | 'Forbid' | 'Replace'
  /**
   * How many failed Jobs to keep. 1 by default.
   */
  readonly failedJobsHistoryLimit?: number
  /**
   * What Jobs are made from.
   */
  readonly jobTemplate: JobTemplateSpec
  /**
   * The times, in cron's five fields, or @hourly, @daily, @weekly, @monthly, @yearly, @every 1h30m.
   */
  readonly schedule: string
  /**
   * How late a Job may start.
   */
  readonly startingDeadlineSeconds?: number
  /**
   * How many done Jobs to keep. 3 by default.
   */
  readonly successfulJobsHistoryLimit?: number
  /**
   * Make no Jobs for now.
   */
  readonly suspend?: boolean
  /**
   * The time zone of the schedule, such as Europe/Berlin. UTC by default.
   */
  readonly timeZone?: string
}

/**
 * How a CronJob does.
 */
export interface CronJobStatus {
  /**
   * Jobs that run.
   */
  readonly active?: readonly ObjectReference[]
  /**
   * When the last Job was due.
   */
  readonly lastScheduleTime?: string
  /**
   * When the last Job succeeded.
   */
  readonly lastSuccessfulTime?: string
}

/**
 * Points to an object of the same namespace.
 */
export interface CrossVersionObjectReference {
  /**
   * The object's version.
   */
  readonly apiVersion?: string
  /**
   * The object's kind.
   */
  readonly kind: string
  /**
   * The object's name.
   */
  readonly name: string
}

/**
 * A port of a service on a machine.
 */
export interface DaemonEndpoint {
  /**
   * The port's number.
   */
  readonly Port: number
}

/**
 * One aspect of how a DaemonSet does.
 */
export interface DaemonSetCondition {
  /**
   * The aspect.
   */
  readonly type: string
  /**
   * Whether it holds.
   */
  readonly status: 'True' | 'False' | 'Unknown'
  /**
   * When the status last changed.
   */
  readonly lastTransitionTime?: string
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
}

/**
 * What runs on each machine.
 */
export interface DaemonSetSpec {
  /**
   * How long a new pod must have been ready before it counts as available. 0 by default.
   */
  readonly minReadySeconds?: number
  /**
   * How many old revisions to remember. 10 by default.
   */
  readonly revisionHistoryLimit?: number
  /**
   * Which pods are its own; must match the template's labels.
   */
  readonly selector: LabelSelector
  /**
   * What the pods are made from.
   */
  readonly template: PodTemplateSpec
  /**
   * How pods are replaced.
   */
  readonly updateStrategy?: DaemonSetUpdateStrategy
}

/**
 * How a DaemonSet does.
 */
export interface DaemonSetStatus {
  /**
   * How often a hash of the template had to be changed because its name was taken.
   */
  readonly collisionCount?: number
  /**
   * Where the object stands, one entry a type.
   */
  readonly conditions?: readonly DaemonSetCondition[]
  /**
   * Machines that run the pod and should.
   */
  readonly currentNumberScheduled: number
  /**
   * Machines that should run the pod.
   */
  readonly desiredNumberScheduled: number
  /**
   * Machines whose pod has been ready for minReadySeconds.
   */
  readonly numberAvailable?: number
  /**
   * Machines that run the pod and should not.
   */
  readonly numberMisscheduled: number
  /**
   * Machines whose pod is ready.
   */
  readonly numberReady: number
  /**
   * Machines whose pod is missing or not available.
   */
  readonly numberUnavailable?: number
  /**
   * The generation of the spec that this status is about.
   */
  readonly observedGeneration?: number
  /**
   * Machines that run the current template.
   */
  readonly updatedNumberScheduled?: number
}

/**
 * How pods are replaced.
 */
export interface DaemonSetUpdateStrategy {
  /**
   * RollingUpdate (the default), or OnDelete: only once someone deletes them.
   */
  readonly type?: 'RollingUpdate' | 'OnDelete'
  /**
   * The limits of a RollingUpdate.
   */
  readonly rollingUpdate?: RollingUpdateDaemonSet
}

/**
 * One aspect of how a Deployment does.
 */
export interface DeploymentCondition {
  /**
   * Available, Progressing or ReplicaFailure.
   */
  readonly type: string
  /**
   * Whether it holds.
   */
  readonly status: 'True' | 'False' | 'Unknown'
  /**
   * When the status last changed.
   */
  readonly lastTransitionTime?: string
  /**
   * When the condition was last written.
   */
  readonly lastUpdateTime?: string
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
}

/**
 * How many pods, made from what, replaced how.
 */
export interface DeploymentSpec {
  /**
   * How long a new pod must have been ready before it counts as available. 0 by default.
   */
  readonly minReadySeconds?: number
  /**
   * Do not roll out changes of the template for now.
   */
  readonly paused?: boolean
  /**
   * How long a rollout may stand still before it counts as failed. 600 by default.
   */
  readonly progressDeadlineSeconds?: number
  /**
   * How many pods. 1 by default.
   */
  readonly replicas?: number
  /**
   * How many old revisions to remember. 10 by default.
   */
  readonly revisionHistoryLimit?: number
  /**
   * Which pods are its own; must match the template's labels.
   */
  readonly selector: LabelSelector
  /**
   * How old pods are replaced by new ones.
   */
  readonly strategy?: DeploymentStrategy
  /**
   * What the pods are made from.
   */
  readonly template: PodTemplateSpec
}

/**
 * How a Deployment does.
 */
export interface DeploymentStatus {
  /**
   * Pods that have been ready for minReadySeconds.
   */
  readonly availableReplicas?: number
  /**
   * How often a hash of the template had to be changed because its name was taken.
   */
  readonly collisionCount?: number
  /**
   * Where the object stands, one entry a type.
   */
  readonly conditions?: readonly DeploymentCondition[]
  /**
   * The generation of the spec that this status is about.
   */
  readonly observedGeneration?: number
  /**
   * Pods that are ready.
   */
  readonly readyReplicas?: number
  /**
   * Pods that are not on their way out.
   */
  readonly replicas?: number
  /**
   * Pods on their way out.
   */
  readonly terminatingReplicas?: number
  /**
   * Pods that are still missing.
   */
  readonly unavailableReplicas?: number
  /**
   * Pods made from the current template.
   */
  readonly updatedReplicas?: number
}

/**
 * How old pods are replaced by new ones.
 */
export interface DeploymentStrategy {
  /**
   * RollingUpdate (the default): step by step; Recreate: the old ones go first.
   */
  readonly type?: 'RollingUpdate' | 'Recreate'
  /**
   * The limits of a RollingUpdate.
   */
  readonly rollingUpdate?: RollingUpdateDeployment
}

/**
 * Facts of the pod in a projected volume.
 */
export interface DownwardAPIProjection {
  /**
   * The files.
   */
  readonly items?: readonly DownwardAPIVolumeFile[]
}

/**
 * A fact of the pod as a file.
 */
export interface DownwardAPIVolumeFile {
  /**
   * A field of the pod.
   */
  readonly fieldRef?: ObjectFieldSelector
  /**
   * The file's permission bits.
   */
  readonly mode?: number
  /**
   * The file, from the volume's root.
   */
  readonly path: string
  /**
   * A container's limit or request.
   */
  readonly resourceFieldRef?: ResourceFieldSelector
}

/**
 * Facts of the pod as files.
 */
export interface DownwardAPIVolumeSource {
  /**
   * The files' permission bits. 0644 by default.
   */
  readonly defaultMode?: number
  /**
   * The files.
   */
  readonly items?: readonly DownwardAPIVolumeFile[]
}

/**
 * An empty folder that goes with the pod.
 */
export interface EmptyDirVolumeSource {
  /**
   * Memory keeps it in memory; otherwise it is on the machine's disk.
   */
  readonly medium?: '' | 'Memory' | 'HugePages' | 'HugePages-2Mi' | 'HugePages-1Gi'
  /**
   * The most it may hold. In memory the kernel keeps to it; on disk it is looked at every 10 s while the engine runs, and a pod that is over it is evicted.
   */
  readonly sizeLimit?: Quantity
}

/**
 * What answers for a Service.
 */
export interface Endpoint {
  /**
   * Its addresses; all mean the same.
   */
  readonly addresses: readonly string[]
  /**
   * Whether it can be used.
   */
  readonly conditions?: EndpointConditions
  /**
   * What Kubernetes once said of its place.
   */
  readonly deprecatedTopology?: {
    readonly [k: string]: string
  }
  /**
   * Where it should be used.
   */
  readonly hints?: EndpointHints
  /**
   * Its name in the DNS of a headless Service.
   */
  readonly hostname?: string
  /**
   * The machine that it is on.
   */
  readonly nodeName?: string
  /**
   * What it is, such as a Pod.
   */
  readonly targetRef?: ObjectReference
  /**
   * The zone that it is in.
   */
  readonly zone?: string
}

/**
 * Whether an endpoint can be used.
 */
export interface EndpointConditions {
  /**
   * It takes new connections. True by default.
   */
  readonly ready?: boolean
  /**
   * It answers, though it may be about to end. As ready by default.
   */
  readonly serving?: boolean
  /**
   * It is about to end.
   */
  readonly terminating?: boolean
}

/**
 * Where an endpoint should be used.
 */
export interface EndpointHints {
  /**
   * The machines.
   */
  readonly forNodes?: readonly ForNode[]
  /**
   * The zones.
   */
  readonly forZones?: readonly ForZone[]
}

/**
 * A port of endpoints.
 */
export interface EndpointPort {
  /**
   * The protocol that is spoken on it.
   */
  readonly appProtocol?: string
  /**
   * The port of the Service that it is for; empty by default.
   */
  readonly name?: string
  /**
   * The port's number.
   */
  readonly port?: number
  /**
   * The protocol. TCP by default.
   */
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP'
}

/**
 * All keys of a ConfigMap or Secret as variables.
 */
export interface EnvFromSource {
  /**
   * The ConfigMap.
   */
  readonly configMapRef?: ConfigMapEnvSource
  /**
   * What is put before each name.
   */
  readonly prefix?: string
  /**
   * The Secret.
   */
  readonly secretRef?: SecretEnvSource
}

/**
 * An environment variable.
 */
export interface EnvVar {
  /**
   * Its name.
   */
  readonly name: string
  /**
   * Its value; $(NAME) stands for an earlier variable.
   */
  readonly value?: string
  /**
   * Where its value comes from.
   */
  readonly valueFrom?: EnvVarSource
}

/**
 * Where a variable's value comes from; exactly one of these.
 */
export interface EnvVarSource {
  /**
   * A key of a ConfigMap.
   */
  readonly configMapKeyRef?: ConfigMapKeySelector
  /**
   * A field of the pod.
   */
  readonly fieldRef?: ObjectFieldSelector
  /**
   * A line of a file in a volume.
   */
  readonly fileKeyRef?: FileKeySelector
  /**
   * A container's limit or request.
   */
  readonly resourceFieldRef?: ResourceFieldSelector
  /**
   * A key of a Secret.
   */
  readonly secretKeyRef?: SecretKeySelector
}

/**
 * A claim that goes with the pod.
 */
export interface EphemeralVolumeSource {
  /**
   * What the claim is made from.
   */
  readonly volumeClaimTemplate?: PersistentVolumeClaimTemplate
}

/**
 * Run a command in the container.
 */
export interface ExecAction {
  /**
   * The program and its arguments; no shell. Exit status 0 is success.
   */
  readonly command?: readonly string[]
}

/**
 * Something outside.
 */
export interface ExternalMetricSource {
  /**
   * The metric.
   */
  readonly metric: MetricIdentifier
  /**
   * The value to keep.
   */
  readonly target: MetricTarget
}

/**
 * Something outside.
 */
export interface ExternalMetricStatus {
  /**
   * The value that was seen.
   */
  readonly current: MetricValueStatus
  /**
   * The metric.
   */
  readonly metric: MetricIdentifier
}

/**
 * A Fibre Channel disk.
 */
export interface FCVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The number of the disk at the target.
   */
  readonly lun?: number
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The names of the target.
   */
  readonly targetWWNs?: readonly string[]
  /**
   * The names of the disk.
   */
  readonly wwids?: readonly string[]
}

/**
 * A variable in a file of a volume.
 */
export interface FileKeySelector {
  /**
   * The variable's name in the file.
   */
  readonly key: string
  /**
   * Go on without it when it does not exist.
   */
  readonly optional?: boolean
  /**
   * The file, from the volume's root.
   */
  readonly path: string
  /**
   * The volume.
   */
  readonly volumeName: string
}

/**
 * A volume of a FlexVolume driver.
 */
export interface FlexPersistentVolumeSource {
  /**
   * The driver's name.
   */
  readonly driver: string
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * What the driver is told.
   */
  readonly options?: {
    readonly [k: string]: string
  }
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretRef?: SecretReference
}

/**
 * A volume of a FlexVolume driver.
 */
export interface FlexVolumeSource {
  /**
   * The driver.
   */
  readonly driver: string
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The driver's own settings.
   */
  readonly options?: {
    readonly [k: string]: string
  }
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretRef?: LocalObjectReference
}

/**
 * A Flocker volume.
 */
export interface FlockerVolumeSource {
  /**
   * Its name.
   */
  readonly datasetName?: string
  /**
   * Its id.
   */
  readonly datasetUUID?: string
}

/**
 * A machine.
 */
export interface ForNode {
  /**
   * Its name.
   */
  readonly name: string
}

/**
 * A zone.
 */
export interface ForZone {
  /**
   * Its name.
   */
  readonly name: string
}

/**
 * A disk of Google.
 */
export interface GCEPersistentDiskVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The partition.
   */
  readonly partition?: number
  /**
   * The disk's name.
   */
  readonly pdName: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
}

/**
 * Ask by the gRPC health protocol.
 */
export interface GRPCAction {
  /**
   * The port's number.
   */
  readonly port: number
  /**
   * The service to ask about.
   */
  readonly service?: string
}

/**
 * A Git repository at one revision.
 */
export interface GitRepoVolumeSource {
  /**
   * The folder to put it in.
   */
  readonly directory?: string
  /**
   * Its URL.
   */
  readonly repository: string
  /**
   * The commit.
   */
  readonly revision?: string
}

/**
 * A GlusterFS volume.
 */
export interface GlusterfsPersistentVolumeSource {
  /**
   * The Endpoints with the servers.
   */
  readonly endpoints: string
  /**
   * The namespace of the Endpoints.
   */
  readonly endpointsNamespace?: string
  /**
   * The volume's name.
   */
  readonly path: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
}

/**
 * A GlusterFS volume.
 */
export interface GlusterfsVolumeSource {
  /**
   * The servers' addresses.
   */
  readonly endpoints: string
  /**
   * The volume's name.
   */
  readonly path: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
}

/**
 * One limit of speed.
 */
export interface HPAScalingPolicy {
  /**
   * Pods or Percent.
   */
  readonly type: 'Pods' | 'Percent'
  /**
   * In which time.
   */
  readonly periodSeconds: number
  /**
   * How many.
   */
  readonly value: number
}

/**
 * How fast it scales in one direction.
 */
export interface HPAScalingRules {
  /**
   * The limits.
   */
  readonly policies?: readonly HPAScalingPolicy[]
  /**
   * Which limit counts. Max by default.
   */
  readonly selectPolicy?: 'Max' | 'Min' | 'Disabled'
  /**
   * How far back earlier answers count.
   */
  readonly stabilizationWindowSeconds?: number
  /**
   * How far from the target is near enough.
   */
  readonly tolerance?: Quantity
}

/**
 * Send an HTTP GET request; a status from 200 to 399 is success.
 */
export interface HTTPGetAction {
  /**
   * The host to connect to. The pod's address by default.
   */
  readonly host?: string
  /**
   * Headers to send.
   */
  readonly httpHeaders?: readonly HTTPHeader[]
  /**
   * The path.
   */
  readonly path?: string
  /**
   * The port's number or name.
   */
  readonly port: IntOrString
  /**
   * HTTP by default; with HTTPS the certificate is not checked.
   */
  readonly scheme?: 'HTTP' | 'HTTPS'
}

/**
 * A header to send.
 */
export interface HTTPHeader {
  /**
   * Its name.
   */
  readonly name: string
  /**
   * Its value.
   */
  readonly value: string
}

/**
 * Where the requests for a path go.
 */
export interface HTTPIngressPath {
  /**
   * Where they go.
   */
  readonly backend: IngressBackend
  /**
   * The path; it begins with a slash.
   */
  readonly path?: string
  /**
   * How a request's path is compared.
   */
  readonly pathType: 'Exact' | 'Prefix' | 'ImplementationSpecific'
}

/**
 * The paths of a host.
 */
export interface HTTPIngressRuleValue {
  /**
   * The paths.
   */
  readonly paths: readonly HTTPIngressPath[]
}

/**
 * How fast it scales.
 */
export interface HorizontalPodAutoscalerBehavior {
  /**
   * Downwards.
   */
  readonly scaleDown?: HPAScalingRules
  /**
   * Upwards.
   */
  readonly scaleUp?: HPAScalingRules
}

/**
 * One aspect of how an autoscaler does.
 */
export interface HorizontalPodAutoscalerCondition {
  /**
   * The aspect.
   */
  readonly type: string
  /**
   * Whether it holds.
   */
  readonly status: 'True' | 'False' | 'Unknown'
  /**
   * When the status last changed.
   */
  readonly lastTransitionTime?: string
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
}

/**
 * What to scale, by what, within which limits.
 */
export interface HorizontalPodAutoscalerSpec {
  /**
   * How fast it scales.
   */
  readonly behavior?: HorizontalPodAutoscalerBehavior
  /**
   * The most pods.
   */
  readonly maxReplicas: number
  /**
   * What it looks at; the highest answer counts.
   */
  readonly metrics?: readonly MetricSpec[]
  /**
   * The fewest pods. 1 by default.
   */
  readonly minReplicas?: number
  /**
   * What to scale.
   */
  readonly scaleTargetRef: CrossVersionObjectReference
}

/**
 * How an autoscaler does.
 */
export interface HorizontalPodAutoscalerStatus {
  /**
   * Where the object stands, one entry a type.
   */
  readonly conditions?: readonly HorizontalPodAutoscalerCondition[]
  /**
   * What was seen.
   */
  readonly currentMetrics?: readonly MetricStatus[]
  /**
   * Pods now.
   */
  readonly currentReplicas?: number
  /**
   * Pods wanted.
   */
  readonly desiredReplicas: number
  /**
   * When it last changed the number.
   */
  readonly lastScaleTime?: string
  /**
   * The generation of the spec that this status is about.
   */
  readonly observedGeneration?: number
}

/**
 * Names for an address in /etc/hosts.
 */
export interface HostAlias {
  /**
   * The names.
   */
  readonly hostnames?: readonly string[]
  /**
   * The address.
   */
  readonly ip: string
}

/**
 * An address of a machine.
 */
export interface HostIP {
  /**
   * The address.
   */
  readonly ip: string
}

/**
 * A file or folder of the machine.
 */
export interface HostPathVolumeSource {
  /**
   * What must be there, or is made. Anything when empty.
   */
  type?:
    '' | 'DirectoryOrCreate' | 'Directory' | 'FileOrCreate' | 'File' | 'Socket' | 'CharDevice' | 'BlockDevice'
  /**
   * The path on the machine.
   */
  readonly path: string
}

/**
 * An iSCSI disk.
 */
export interface ISCSIPersistentVolumeSource {
  /**
   * Whether discovery needs a password.
   */
  readonly chapAuthDiscovery?: boolean
  /**
   * Whether sessions need a password.
   */
  readonly chapAuthSession?: boolean
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The initiator's name.
   */
  readonly initiatorName?: string
  /**
   * The target's name.
   */
  readonly iqn: string
  /**
   * The interface.
   */
  readonly iscsiInterface?: string
  /**
   * The number of the disk at the target.
   */
  readonly lun: number
  /**
   * Further addresses of the target.
   */
  readonly portals?: readonly string[]
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretRef?: SecretReference
  /**
   * The target's address.
   */
  readonly targetPortal: string
}

/**
 * An iSCSI disk.
 */
export interface ISCSIVolumeSource {
  /**
   * Whether discovery needs a password.
   */
  readonly chapAuthDiscovery?: boolean
  /**
   * Whether sessions need a password.
   */
  readonly chapAuthSession?: boolean
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The initiator's name.
   */
  readonly initiatorName?: string
  /**
   * The target's name.
   */
  readonly iqn: string
  /**
   * The interface.
   */
  readonly iscsiInterface?: string
  /**
   * The number of the disk at the target.
   */
  readonly lun: number
  /**
   * Further addresses of the target.
   */
  readonly portals?: readonly string[]
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretRef?: LocalObjectReference
  /**
   * The target's address.
   */
  readonly targetPortal: string
}

/**
 * The content of an image.
 */
export interface ImageVolumeSource {
  /**
   * When the image is pulled.
   */
  readonly pullPolicy?: 'Always' | 'IfNotPresent' | 'Never'
  /**
   * The image.
   */
  readonly reference?: string
}

/**
 * An image that is mounted.
 */
export interface ImageVolumeStatus {
  /**
   * Its digest.
   */
  readonly imageRef: string
}

/**
 * Where requests go.
 */
export interface IngressBackend {
  /**
   * An object that answers.
   */
  readonly resource?: TypedLocalObjectReference
  /**
   * The Service that answers.
   */
  readonly service?: IngressServiceBackend
}

/**
 * Points to settings of a controller.
 */
export interface IngressClassParametersReference {
  /**
   * The kind's API group.
   */
  readonly apiGroup?: string
  /**
   * The object's kind.
   */
  readonly kind: string
  /**
   * The object's name.
   */
  readonly name: string
  /**
   * The object's namespace.
   */
  readonly namespace?: string
  /**
   * Whether the object is in a namespace.
   */
  readonly scope?: 'Cluster' | 'Namespace'
}

/**
 * Who answers for Ingresses.
 */
export interface IngressClassSpec {
  /**
   * The controller's name; reconcile.dev/ingress is the engine's own.
   */
  readonly controller?: string
  /**
   * Further settings of the controller.
   */
  readonly parameters?: IngressClassParametersReference
}

/**
 * An address of an Ingress.
 */
export interface IngressLoadBalancerIngress {
  /**
   * The name.
   */
  readonly hostname?: string
  /**
   * The address.
   */
  readonly ip?: string
  /**
   * Its ports.
   */
  readonly ports?: readonly IngressPortStatus[]
}

/**
 * The addresses of an Ingress.
 */
export interface IngressLoadBalancerStatus {
  /**
   * The addresses.
   */
  readonly ingress?: readonly IngressLoadBalancerIngress[]
}

/**
 * A port of an Ingress.
 */
export interface IngressPortStatus {
  /**
   * What went wrong.
   */
  readonly error?: string
  /**
   * The port's number.
   */
  readonly port: number
  /**
   * The protocol.
   */
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
}

/**
 * Where the requests to a host go.
 */
export interface IngressRule {
  /**
   * The host; *.example.org for all names one label below; every host when absent.
   */
  readonly host?: string
  /**
   * Its paths.
   */
  readonly http?: HTTPIngressRuleValue
}

/**
 * A port of a Service.
 */
export interface IngressServiceBackend {
  /**
   * The Service, in the same namespace.
   */
  readonly name: string
  /**
   * Its port.
   */
  readonly port?: ServiceBackendPort
}

/**
 * Which requests go where.
 */
export interface IngressSpec {
  /**
   * Where requests go that no rule takes.
   */
  readonly defaultBackend?: IngressBackend
  /**
   * The class of Ingresses that it belongs to; the default one when absent.
   */
  readonly ingressClassName?: string
  /**
   * The rules.
   */
  readonly rules?: readonly IngressRule[]
  /**
   * Which hosts are served encrypted, and with which certificate.
   */
  readonly tls?: readonly IngressTLS[]
}

/**
 * Where an Ingress can be reached.
 */
export interface IngressStatus {
  /**
   * Its addresses.
   */
  readonly loadBalancer?: IngressLoadBalancerStatus
}

/**
 * A certificate for hosts.
 */
export interface IngressTLS {
  /**
   * The hosts.
   */
  readonly hosts?: readonly string[]
  /**
   * The Secret of type kubernetes.io/tls that holds certificate and key.
   */
  readonly secretName?: string
}

/**
 * A number, or a text such as a port's name or a percentage.
 */
export type IntOrString = number | string

/**
 * One aspect of how a Job does.
 */
export interface JobCondition {
  /**
   * Complete, Failed, Suspended, SuccessCriteriaMet or FailureTarget.
   */
  readonly type: string
  /**
   * Whether it holds.
   */
  readonly status: 'True' | 'False' | 'Unknown'
  /**
   * When it was last looked at.
   */
  readonly lastProbeTime?: string
  /**
   * When the status last changed.
   */
  readonly lastTransitionTime?: string
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
}

/**
 * Which pods run, how often, and what a failure means.
 */
export interface JobSpec {
  /**
   * How long the Job may take in all.
   */
  readonly activeDeadlineSeconds?: number
  /**
   * How many failures are borne. 6 by default.
   */
  readonly backoffLimit?: number
  /**
   * How many failures each index may have.
   */
  readonly backoffLimitPerIndex?: number
  /**
   * Indexed gives each pod its number. NonIndexed by default.
   */
  readonly completionMode?: 'NonIndexed' | 'Indexed'
  /**
   * How many pods must succeed.
   */
  readonly completions?: number
  /**
   * Another controller that looks after the Job.
   */
  readonly managedBy?: string
  /**
   * Whether the selector is given by hand.
   */
  readonly manualSelector?: boolean
  /**
   * How many indexes may fail.
   */
  readonly maxFailedIndexes?: number
  /**
   * How many pods run at once. 1 by default.
   */
  readonly parallelism?: number
  /**
   * What failures mean.
   */
  readonly podFailurePolicy?: PodFailurePolicy
  /**
   * Whether a new pod waits until the old one has ended. A pod of an index always does.
   */
  readonly podReplacementPolicy?: 'TerminatingOrFailed' | 'Failed'
  /**
   * Which pods are its own; made up by itself.
   */
  readonly selector?: LabelSelector
  /**
   * When the Job has succeeded early.
   */
  readonly successPolicy?: SuccessPolicy
  /**
   * Do not run pods for now.
   */
  readonly suspend?: boolean
  /**
   * What the pods are made from.
   */
  readonly template: PodTemplateSpec
  /**
   * How long the Job's pods are kept after its end. A Job of a CronJob goes with them; one that stands in the commit is remembered as done.
   */
  readonly ttlSecondsAfterFinished?: number
}

/**
 * How a Job does.
 */
export interface JobStatus {
  /**
   * Pods that run.
   */
  readonly active?: number
  /**
   * The indexes that succeeded.
   */
  readonly completedIndexes?: string
  /**
   * When it was done.
   */
  readonly completionTime?: string
  /**
   * Where the object stands, one entry a type.
   */
  readonly conditions?: readonly JobCondition[]
  /**
   * Pods that failed.
   */
  readonly failed?: number
  /**
   * The indexes that failed.
   */
  readonly failedIndexes?: string
  /**
   * Pods that are ready.
   */
  readonly ready?: number
  /**
   * When it began.
   */
  readonly startTime?: string
  /**
   * Pods that succeeded.
   */
  readonly succeeded?: number
  /**
   * Pods on their way out.
   */
  readonly terminating?: number
  /**
   * Pods that ended and are not in the counts yet.
   */
  readonly uncountedTerminatedPods?: UncountedTerminatedPods
}

/**
 * What Jobs are made from.
 */
export interface JobTemplateSpec {
  /**
   * The labels and annotations of each Job.
   */
  readonly metadata?: ObjectMeta
  /**
   * What each Job runs.
   */
  readonly spec?: JobSpec
}

/**
 * A key as a file.
 */
export interface KeyToPath {
  /**
   * The key.
   */
  readonly key: string
  /**
   * The file's permission bits.
   */
  readonly mode?: number
  /**
   * The file, from the volume's root.
   */
  readonly path: string
}

/**
 * Chooses objects by their labels; all that is asked for must hold.
 */
export interface LabelSelector {
  /**
   * Conditions that must all hold.
   */
  readonly matchExpressions?: readonly LabelSelectorRequirement[]
  /**
   * Labels that must be there with exactly these values.
   */
  readonly matchLabels?: {
    readonly [k: string]: string
  }
}

/**
 * One condition on a label.
 */
export interface LabelSelectorRequirement {
  /**
   * The label.
   */
  readonly key: string
  /**
   * How the label's value relates to the values.
   */
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  /**
   * The values, for In and NotIn.
   */
  readonly values?: readonly string[]
}

/**
 * What to run after a container's start and before its end.
 */
export interface Lifecycle {
  /**
   * Run right after the start; when it fails, the container is killed.
   */
  readonly postStart?: LifecycleHandler
  /**
   * Run before the signal to end; the grace period runs meanwhile.
   */
  readonly preStop?: LifecycleHandler
  /**
   * The signal to end. The image's, or SIGTERM, by default.
   */
  readonly stopSignal?: string
}

/**
 * What to do; exactly one of these.
 */
export interface LifecycleHandler {
  /**
   * Run a command in the container.
   */
  readonly exec?: ExecAction
  /**
   * Send an HTTP request to the container.
   */
  readonly httpGet?: HTTPGetAction
  /**
   * Wait.
   */
  readonly sleep?: SleepAction
  /**
   * Open a TCP connection.
   */
  readonly tcpSocket?: TCPSocketAction
}

/**
 * The limits of one type of object.
 */
export interface LimitRangeItem {
  /**
   * What is limited: Container, Pod or PersistentVolumeClaim.
   */
  readonly type: string
  /**
   * Limits of a container that has none of its own; max by default.
   */
  readonly default?: {
    readonly [k: string]: Quantity
  }
  /**
   * Requests of a container that has none of its own; default by default, then min.
   */
  readonly defaultRequest?: {
    readonly [k: string]: Quantity
  }
  /**
   * The most that may be asked for; a limit must be written, too.
   */
  readonly max?: {
    readonly [k: string]: Quantity
  }
  /**
   * How many times its request a limit may be; both must be written.
   */
  readonly maxLimitRequestRatio?: {
    readonly [k: string]: Quantity
  }
  /**
   * The least that must be asked for.
   */
  readonly min?: {
    readonly [k: string]: Quantity
  }
}

/**
 * The limits of a namespace.
 */
export interface LimitRangeSpec {
  /**
   * One entry a type.
   */
  readonly limits: readonly LimitRangeItem[]
}

/**
 * The user that a container was started as.
 */
export interface LinuxContainerUser {
  /**
   * The group id.
   */
  readonly gid: number
  /**
   * Further group ids.
   */
  readonly supplementalGroups?: readonly number[]
  /**
   * The user id.
   */
  readonly uid: number
}

/**
 * An address of a load balancer.
 */
export interface LoadBalancerIngress {
  /**
   * The name.
   */
  readonly hostname?: string
  /**
   * The address.
   */
  readonly ip?: string
  /**
   * How packets arrive.
   */
  readonly ipMode?: 'VIP' | 'Proxy'
  /**
   * Its ports.
   */
  readonly ports?: readonly PortStatus[]
}

/**
 * A load balancer.
 */
export interface LoadBalancerStatus {
  /**
   * Its addresses.
   */
  readonly ingress?: readonly LoadBalancerIngress[]
}

/**
 * Points to an object of the same namespace by name.
 */
export interface LocalObjectReference {
  /**
   * The object's name.
   */
  readonly name?: string
}

/**
 * A folder of one machine.
 */
export interface LocalVolumeSource {
  /**
   * The folder on the machine.
   */
  readonly path: string
  /**
   * The file system that a disk is given.
   */
  readonly fsType?: string
}

/**
 * Which tool set which fields.
 */
export interface ManagedFieldsEntry {
  /**
   * The version of the fields.
   */
  readonly apiVersion?: string
  /**
   * The form of fieldsV1.
   */
  readonly fieldsType?: string
  /**
   * The fields.
   */
  readonly fieldsV1?: {}
  /**
   * The tool.
   */
  readonly manager?: string
  /**
   * What the tool did: Apply or Update.
   */
  readonly operation?: string
  /**
   * The part of the object that it wrote to.
   */
  readonly subresource?: string
  /**
   * When it did.
   */
  readonly time?: string
}

/**
 * A metric.
 */
export interface MetricIdentifier {
  /**
   * Its name.
   */
  readonly name: string
  /**
   * Its labels.
   */
  readonly selector?: LabelSelector
}

/**
 * Something to look at.
 */
export interface MetricSpec {
  /**
   * Which of the fields is used.
   */
  readonly type: 'Object' | 'Pods' | 'Resource' | 'ContainerResource' | 'External'
  /**
   * What one container of each pod uses.
   */
  readonly containerResource?: ContainerResourceMetricSource
  /**
   * Something outside.
   */
  readonly external?: ExternalMetricSource
  /**
   * Something about another object.
   */
  readonly object?: ObjectMetricSource
  /**
   * Something about the pods.
   */
  readonly pods?: PodsMetricSource
  /**
   * What the pods use.
   */
  readonly resource?: ResourceMetricSource
}

/**
 * What was seen.
 */
export interface MetricStatus {
  /**
   * Which of the fields is used.
   */
  readonly type: 'Object' | 'Pods' | 'Resource' | 'ContainerResource' | 'External'
  /**
   * What one container of each pod uses.
   */
  readonly containerResource?: ContainerResourceMetricStatus
  /**
   * Something outside.
   */
  readonly external?: ExternalMetricStatus
  /**
   * Something about another object.
   */
  readonly object?: ObjectMetricStatus
  /**
   * Something about the pods.
   */
  readonly pods?: PodsMetricStatus
  /**
   * What the pods use.
   */
  readonly resource?: ResourceMetricStatus
}

/**
 * The value to keep.
 */
export interface MetricTarget {
  /**
   * Which of the fields is used.
   */
  readonly type: 'Utilization' | 'Value' | 'AverageValue'
  /**
   * In percent of the requests.
   */
  readonly averageUtilization?: number
  /**
   * As an amount a pod.
   */
  readonly averageValue?: Quantity
  /**
   * As an amount.
   */
  readonly value?: Quantity
}

/**
 * The value that was seen.
 */
export interface MetricValueStatus {
  /**
   * In percent of the requests.
   */
  readonly averageUtilization?: number
  /**
   * As an amount a pod.
   */
  readonly averageValue?: Quantity
  /**
   * As an amount.
   */
  readonly value?: Quantity
}

/**
 * How a change of attributes goes.
 */
export interface ModifyVolumeStatus {
  /**
   * Where it stands.
   */
  readonly status: string
  /**
   * The attributes that are wanted.
   */
  readonly targetVolumeAttributesClassName?: string
}

/**
 * A folder of an NFS server.
 */
export interface NFSVolumeSource {
  /**
   * The folder.
   */
  readonly path: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The server.
   */
  readonly server: string
}

/**
 * One aspect of how a namespace does.
 */
export interface NamespaceCondition {
  /**
   * The aspect.
   */
  readonly type: string
  /**
   * Whether it holds.
   */
  readonly status: 'True' | 'False' | 'Unknown'
  /**
   * When the status last changed.
   */
  readonly lastTransitionTime?: string
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
}

/**
 * Settings of a namespace.
 */
export interface NamespaceSpec {
  /**
   * Who must agree before the namespace goes.
   */
  readonly finalizers?: readonly string[]
}

/**
 * How a namespace does.
 */
export interface NamespaceStatus {
  /**
   * Where the object stands, one entry a type.
   */
  readonly conditions?: readonly NamespaceCondition[]
  /**
   * Active, or Terminating while it is being removed.
   */
  readonly phase?: 'Active' | 'Terminating'
}

/**
 * One address or name of a machine.
 */
export interface NodeAddress {
  /**
   * What kind of address it is.
   */
  readonly type: 'Hostname' | 'InternalIP' | 'ExternalIP' | 'InternalDNS' | 'ExternalDNS'
  /**
   * The address or name itself.
   */
  readonly address: string
}

/**
 * Where a pod must or should run, by the labels of machines.
 */
export interface NodeAffinity {
  /**
   * Machines to prefer.
   */
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly PreferredSchedulingTerm[]
  /**
   * Machines that come into question at all.
   */
  readonly requiredDuringSchedulingIgnoredDuringExecution?: NodeSelector
}

/**
 * What a claim takes of a machine's resources.
 */
export interface NodeAllocatableResourceClaimStatus {
  /**
   * The containers that use it.
   */
  readonly containers?: readonly string[]
  /**
   * The claim.
   */
  readonly resourceClaimName: string
  /**
   * How much.
   */
  readonly resources: {
    readonly [k: string]: Quantity
  }
}

/**
 * One aspect of how a machine does.
 */
export interface NodeCondition {
  /**
   * The aspect, such as Ready or DiskPressure.
   */
  readonly type: string
  /**
   * Whether it holds.
   */
  readonly status: 'True' | 'False' | 'Unknown'
  /**
   * When the machine last told.
   */
  readonly lastHeartbeatTime?: string
  /**
   * When the status last changed.
   */
  readonly lastTransitionTime?: string
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
}

/**
 * The ports of the services on a machine.
 */
export interface NodeDaemonEndpoints {
  /**
   * The port of what looks after the machine's pods.
   */
  readonly kubeletEndpoint?: DaemonEndpoint
}

/**
 * How a machine is emptied of pods, in kubectl drain's terms. Pods of DaemonSets stay, and pods that have ended; budgets hold.
 */
export interface NodeDrain {
  /**
   * Pods with emptyDir volumes go too, and what these hold is lost.
   */
  readonly deleteEmptyDirData?: boolean
  /**
   * PodDisruptionBudgets are not asked.
   */
  readonly disableEviction?: boolean
  /**
   * Pods that no controller looks after go too.
   */
  readonly force?: boolean
  /**
   * In the place of each pod's own grace period.
   */
  readonly gracePeriodSeconds?: number
}

/**
 * What a machine's container runtime can do.
 */
export interface NodeFeatures {
  /**
   * Whether it follows supplementalGroupsPolicy.
   */
  readonly supplementalGroupsPolicy?: boolean
}

/**
 * One runtime that a machine offers.
 */
export interface NodeRuntimeHandler {
  /**
   * Its name; empty for the default one.
   */
  readonly name?: string
  /**
   * What it can do.
   */
  readonly features?: NodeRuntimeHandlerFeatures
}

/**
 * What one runtime can do.
 */
export interface NodeRuntimeHandlerFeatures {
  /**
   * Whether it can make everything below a mount read-only.
   */
  readonly recursiveReadOnlyMounts?: boolean
  /**
   * Whether it can use user namespaces.
   */
  readonly userNamespaces?: boolean
}

/**
 * Chooses machines; one of the terms must hold.
 */
export interface NodeSelector {
  /**
   * The terms.
   *
   * @minItems 1
   */
  readonly nodeSelectorTerms: readonly NodeSelectorTerm[]
}

/**
 * One condition on a machine.
 */
export interface NodeSelectorRequirement {
  /**
   * The label or field.
   */
  readonly key: string
  /**
   * How its value relates to the values.
   */
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt'
  /**
   * The values.
   */
  readonly values?: readonly string[]
}

/**
 * Chooses machines; all conditions must hold.
 */
export interface NodeSelectorTerm {
  /**
   * Conditions that must all hold.
   */
  readonly matchExpressions?: readonly NodeSelectorRequirement[]
  /**
   * Conditions on the machine's name.
   */
  readonly matchFields?: readonly NodeSelectorRequirement[]
}

/**
 * How a machine is reached and used.
 */
export interface NodeSpec {
  /**
   * "local" (the default), or "ssh://user@host" with an optional ":port".
   */
  readonly address?: string
  /**
   * Kernel parameters that pods may set here besides the safe ones, such as net.core.somaxconn; a star at the end stands for any rest.
   */
  readonly allowedUnsafeSysctls?: readonly string[]
  /**
   * Take the pods off the machine, one by one as their budgets allow, and put no new ones on it; an empty drain does so with kubectl's defaults.
   */
  readonly drain?: NodeDrain
  /**
   * What runs the containers: oci (the default: runc or crun, driven directly), podman or docker.
   */
  readonly runtime?: 'oci' | 'podman' | 'docker'
  /**
   * What is kept back for all that is no pod, as the kubelet's setting of this name: cpu, memory and ephemeral-storage. Pods may request the rest. What is not named here is as the Cluster says.
   */
  readonly systemReserved?: {
    readonly [k: string]: Quantity
  }
  /**
   * Marks that keep pods off the machine, unless they tolerate them.
   */
  readonly taints?: readonly Taint[]
  /**
   * Put no new pods on the machine.
   */
  readonly unschedulable?: boolean
}

/**
 * What is known of a machine.
 */
export interface NodeStatus {
  /**
   * Its addresses and names.
   */
  readonly addresses?: readonly NodeAddress[]
  /**
   * What pods may use of its resources.
   */
  readonly allocatable?: {
    readonly [k: string]: Quantity
  }
  /**
   * All of its resources.
   */
  readonly capacity?: {
    readonly [k: string]: Quantity
  }
  /**
   * Where the object stands, one entry a type.
   */
  readonly conditions?: readonly NodeCondition[]
  /**
   * The ports of the services on the machine that look after pods.
   */
  readonly daemonEndpoints?: NodeDaemonEndpoints
  /**
   * The features that the machine says it has.
   */
  readonly declaredFeatures?: readonly string[]
  /**
   * What its container runtime can do.
   */
  readonly features?: NodeFeatures
  /**
   * The images on the machine.
   */
  readonly images?: readonly ContainerImage[]
  /**
   * Its hardware and software.
   */
  readonly nodeInfo?: NodeSystemInfo
  /**
   * No longer used.
   */
  readonly phase?: string
  /**
   * The runtimes that it offers.
   */
  readonly runtimeHandlers?: readonly NodeRuntimeHandler[]
  /**
   * The volumes attached to it.
   */
  readonly volumesAttached?: readonly AttachedVolume[]
  /**
   * The volumes that pods on it use.
   */
  readonly volumesInUse?: readonly string[]
}

/**
 * A machine's swap space.
 */
export interface NodeSwapStatus {
  /**
   * Its size in bytes.
   */
  readonly capacity?: number
}

/**
 * A machine's hardware and software.
 */
export interface NodeSystemInfo {
  /**
   * The processor's architecture, such as amd64.
   */
  readonly architecture: string
  /**
   * Changes with every boot.
   */
  readonly bootID: string
  /**
   * The runtime and its version.
   */
  readonly containerRuntimeVersion: string
  /**
   * What uname -r says.
   */
  readonly kernelVersion: string
  /**
   * No longer used.
   */
  readonly kubeProxyVersion: string
  /**
   * The version of what looks after the machine's pods.
   */
  readonly kubeletVersion: string
  /**
   * The content of /etc/machine-id.
   */
  readonly machineID: string
  /**
   * The operating system, such as linux.
   */
  readonly operatingSystem: string
  /**
   * The name of the distribution.
   */
  readonly osImage: string
  /**
   * The machine's swap space.
   */
  readonly swap?: NodeSwapStatus
  /**
   * The id that the machine's firmware gives.
   */
  readonly systemUUID: string
}

/**
 * A field of the pod.
 */
export interface ObjectFieldSelector {
  /**
   * The version of the path. v1 by default.
   */
  readonly apiVersion?: string
  /**
   * The field, such as metadata.name or status.podIP.
   */
  readonly fieldPath: string
}

/**
 * What every object carries beside its content.
 */
export interface ObjectMeta {
  /**
   * Unique among the objects of the kind in the namespace.
   */
  readonly name: string
  /**
   * "default" when not given.
   */
  readonly namespace?: string
  /**
   * Any other facts, for tools and people.
   */
  readonly annotations?: {
    readonly [k: string]: string
  }
  /**
   * When the object was made.
   */
  readonly creationTimestamp?: string
  /**
   * How long the object has to go.
   */
  readonly deletionGracePeriodSeconds?: number
  /**
   * When the object is to be gone.
   */
  readonly deletionTimestamp?: string
  /**
   * Who must agree before the object goes.
   */
  readonly finalizers?: readonly string[]
  /**
   * A prefix to which the API server adds random letters.
   */
  readonly generateName?: string
  /**
   * Counts the changes of the spec.
   */
  readonly generation?: number
  /**
   * Short facts that selectors can look for.
   */
  readonly labels?: {
    readonly [k: string]: string
  }
  /**
   * Which tool set which field.
   */
  readonly managedFields?: readonly ManagedFieldsEntry[]
  /**
   * The objects that this one goes with.
   */
  readonly ownerReferences?: readonly OwnerReference[]
  /**
   * The version of the object in the API server.
   */
  readonly resourceVersion?: string
  /**
   * No longer used.
   */
  readonly selfLink?: string
  /**
   * The object's unique id.
   */
  readonly uid?: string
}

/**
 * Something about another object.
 */
export interface ObjectMetricSource {
  /**
   * The object.
   */
  readonly describedObject: CrossVersionObjectReference
  /**
   * The metric.
   */
  readonly metric: MetricIdentifier
  /**
   * The value to keep.
   */
  readonly target: MetricTarget
}

/**
 * Something about another object.
 */
export interface ObjectMetricStatus {
  /**
   * The value that was seen.
   */
  readonly current: MetricValueStatus
  /**
   * The object.
   */
  readonly describedObject: CrossVersionObjectReference
  /**
   * The metric.
   */
  readonly metric: MetricIdentifier
}

/**
 * Points to another object.
 */
export interface ObjectReference {
  /**
   * The object's version.
   */
  readonly apiVersion?: string
  /**
   * The object's kind.
   */
  readonly kind?: string
  /**
   * The object's name.
   */
  readonly name?: string
  /**
   * The namespace of the object referred to.
   */
  readonly namespace?: string
  /**
   * A part of the object.
   */
  readonly fieldPath?: string
  /**
   * The version of the object referred to.
   */
  readonly resourceVersion?: string
  /**
   * The unique id of the object referred to.
   */
  readonly uid?: string
}

/**
 * What a runtime needs for a pod, beside its containers.
 */
export interface Overhead {
  /**
   * For each pod, whatever its containers ask for.
   */
  readonly podFixed?: {
    readonly [k: string]: Quantity
  }
}

/**
 * The object that another one goes with.
 */
export interface OwnerReference {
  /**
   * The owner's version.
   */
  readonly apiVersion: string
  /**
   * The owner's kind.
   */
  readonly kind: string
  /**
   * The owner's name.
   */
  readonly name: string
  /**
   * Whether the owner stays until the object is gone.
   */
  readonly blockOwnerDeletion?: boolean
  /**
   * Whether the owner is the one that controls the object.
   */
  readonly controller?: boolean
  /**
   * The owner's unique id.
   */
  readonly uid: string
}

/**
 * One aspect of how a claim does.
 */
export interface PersistentVolumeClaimCondition {
  /**
   * The aspect.
   */
  readonly type: string
  /**
   * Whether it holds.
   */
  readonly status: 'True' | 'False' | 'Unknown'
  /**
   * When it was last looked at.
   */
  readonly lastProbeTime?: string
  /**
   * When the status last changed.
   */
  readonly lastTransitionTime?: string
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
}

/**
 * What storage is wanted.
 */
export interface PersistentVolumeClaimSpec {
  /**
   * How it is shared.
   */
  readonly accessModes?: readonly ('ReadWriteOnce' | 'ReadOnlyMany' | 'ReadWriteMany' | 'ReadWriteOncePod')[]
  /**
   * What it is filled from.
   */
  readonly dataSource?: TypedLocalObjectReference
  /**
   * What it is filled from.
   */
  readonly dataSourceRef?: TypedObjectReference
  /**
   * How much is wanted.
   */
  readonly resources?: VolumeResourceRequirements
  /**
   * Which volumes come into question.
   */
  readonly selector?: LabelSelector
  /**
   * The kind of storage.
   */
  readonly storageClassName?: string
  /**
   * Further attributes by name.
   */
  readonly volumeAttributesClassName?: string
  /**
   * A file system (the default) or a block device.
   */
  readonly volumeMode?: 'Filesystem' | 'Block'
  /**
   * A certain volume.
   */
  readonly volumeName?: string
}

/**
 * How a claim does.
 */
export interface PersistentVolumeClaimStatus {
  /**
   * How the storage is shared.
   */
  readonly accessModes?: readonly string[]
  /**
   * How resizing goes.
   */
  readonly allocatedResourceStatuses?: {
    readonly [k: string]: string
  }
  /**
   * How much is set aside.
   */
  readonly allocatedResources?: {
    readonly [k: string]: Quantity
  }
  /**
   * How much there is.
   */
  readonly capacity?: {
    readonly [k: string]: Quantity
  }
  /**
   * Where the object stands, one entry a type.
   */
  readonly conditions?: readonly PersistentVolumeClaimCondition[]
  /**
   * The attributes that hold.
   */
  readonly currentVolumeAttributesClassName?: string
  /**
   * How a change of attributes goes.
   */
  readonly modifyVolumeStatus?: ModifyVolumeStatus
  /**
   * Pending, Bound or Lost.
   */
  readonly phase?: 'Pending' | 'Bound' | 'Lost'
}

/**
 * What the claim of an ephemeral volume is made from.
 */
export interface PersistentVolumeClaimTemplate {
  /**
   * The labels and annotations of the claim.
   */
  readonly metadata?: ObjectMeta
  /**
   * What storage is wanted.
   */
  readonly spec: PersistentVolumeClaimSpec
}

/**
 * The storage of a claim.
 */
export interface PersistentVolumeClaimVolumeSource {
  /**
   * The claim's name.
   */
  readonly claimName: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
}

/**
 * What a volume is, and whose.
 */
export interface PersistentVolumeSpec {
  /**
   * How it can be shared.
   */
  readonly accessModes?: readonly ('ReadWriteOnce' | 'ReadOnlyMany' | 'ReadWriteMany' | 'ReadWriteOncePod')[]
  /**
   * An AWS disk.
   */
  readonly awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource
  /**
   * An Azure disk.
   */
  readonly azureDisk?: AzureDiskVolumeSource
  /**
   * An Azure file share.
   */
  readonly azureFile?: AzureFilePersistentVolumeSource
  /**
   * How much it holds.
   */
  readonly capacity?: {
    readonly [k: string]: Quantity
  }
  /**
   * A CephFS file system.
   */
  readonly cephfs?: CephFSPersistentVolumeSource
  /**
   * An OpenStack disk.
   */
  readonly cinder?: CinderPersistentVolumeSource
  /**
   * The claim that it is kept for, or bound to.
   */
  readonly claimRef?: ObjectReference
  /**
   * A volume of a CSI driver.
   */
  readonly csi?: CSIPersistentVolumeSource
  /**
   * A Fibre Channel disk.
   */
  readonly fc?: FCVolumeSource
  /**
   * A volume of a FlexVolume driver.
   */
  readonly flexVolume?: FlexPersistentVolumeSource
  /**
   * A Flocker volume.
   */
  readonly flocker?: FlockerVolumeSource
  /**
   * A Google disk.
   */
  readonly gcePersistentDisk?: GCEPersistentDiskVolumeSource
  /**
   * A GlusterFS volume.
   */
  readonly glusterfs?: GlusterfsPersistentVolumeSource
  /**
   * A folder of whichever machine the pod runs on.
   */
  readonly hostPath?: HostPathVolumeSource
  /**
   * An iSCSI disk.
   */
  readonly iscsi?: ISCSIPersistentVolumeSource
  /**
   * A folder of the machine that nodeAffinity names.
   */
  readonly local?: LocalVolumeSource
  /**
   * Options that it is mounted with, such as nfsvers=4.1.
   */
  readonly mountOptions?: readonly string[]
  /**
   * A folder of an NFS server.
   */
  readonly nfs?: NFSVolumeSource
  /**
   * The machines that it can be reached from.
   */
  readonly nodeAffinity?: VolumeNodeAffinity
  /**
   * What becomes of it once its claim is gone.
   */
  readonly persistentVolumeReclaimPolicy?: 'Retain' | 'Delete' | 'Recycle'
  /**
   * A Photon disk.
   */
  readonly photonPersistentDisk?: PhotonPersistentDiskVolumeSource
  /**
   * A Portworx volume.
   */
  readonly portworxVolume?: PortworxVolumeSource
  /**
   * A Quobyte volume.
   */
  readonly quobyte?: QuobyteVolumeSource
  /**
   * A Ceph block device.
   */
  readonly rbd?: RBDPersistentVolumeSource
  /**
   * A ScaleIO volume.
   */
  readonly scaleIO?: ScaleIOPersistentVolumeSource
  /**
   * The kind of storage: a claim must ask for the same.
   */
  readonly storageClassName?: string
  /**
   * A StorageOS volume.
   */
  readonly storageos?: StorageOSPersistentVolumeSource
  /**
   * Further attributes by name.
   */
  readonly volumeAttributesClassName?: string
  /**
   * A file system (the default) or a block device.
   */
  readonly volumeMode?: 'Filesystem' | 'Block'
  /**
   * A vSphere disk.
   */
  readonly vsphereVolume?: VsphereVirtualDiskVolumeSource
}

/**
 * Whether a claim has a volume.
 */
export interface PersistentVolumeStatus {
  /**
   * When the phase came to be.
   */
  readonly lastPhaseTransitionTime?: string
  /**
   * Why it is so, for people.
   */
  readonly message?: string
  /**
   * Where it stands.
   */
  readonly phase?: 'Pending' | 'Available' | 'Bound' | 'Released' | 'Failed'
  /**
   * Why it is so, in a word.
   */
  readonly reason?: string
}

/**
 * A disk of Photon.
 */
export interface PhotonPersistentDiskVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The disk.
   */
  readonly pdID: string
}

/**
 * Near which pods a pod must or should run.
 */
export interface PodAffinity {
  /**
   * Pods to be near if possible.
   */
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly WeightedPodAffinityTerm[]
  /**
   * Pods to be near.
   */
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[]
}

/**
 * Which pods, and what near means.
 */
export interface PodAffinityTerm {
  /**
   * Which labels to look for.
   */
  readonly labelSelector?: LabelSelector
  /**
   * Labels whose value must be the same as the pod's own.
   */
  readonly matchLabelKeys?: readonly string[]
  /**
   * Labels whose value must not be the pod's own.
   */
  readonly mismatchLabelKeys?: readonly string[]
  /**
   * The namespaces to look in, by label.
   */
  readonly namespaceSelector?: LabelSelector
  /**
   * The namespaces to look in, by name.
   */
  readonly namespaces?: readonly string[]
  /**
   * The label of machines whose value says what is near.
   */
  readonly topologyKey: string
}

/**
 * Away from which pods a pod must or should run.
 */
export interface PodAntiAffinity {
  /**
   * Pods to be away from if possible.
   */
  readonly preferredDuringSchedulingIgnoredDuringExecution?: readonly WeightedPodAffinityTerm[]
  /**
   * Pods to be away from.
   */
  readonly requiredDuringSchedulingIgnoredDuringExecution?: readonly PodAffinityTerm[]
}

/**
 * A certificate for the pod in a projected volume.
 */
export interface PodCertificateProjection {
  /**
   * The file for the certificate. With keyPath two files have to be read, which may change between the one and the other.
   */
  readonly certificateChainPath?: string
  /**
   * The file for key and certificate together, in this order: both of one time.
   */
  readonly credentialBundlePath?: string
  /**
   * The file for the key, as PKCS #8.
   */
  readonly keyPath?: string
  /**
   * The kind of key.
   */
  readonly keyType: 'RSA3072' | 'RSA4096' | 'ECDSAP256' | 'ECDSAP384' | 'ECDSAP521' | 'ED25519'
  /**
   * How long it is valid, 86400 (a day) when absent, from 3600 to 7862400. Another one takes its place after four fifths of this time.
   */
  readonly maxExpirationSeconds?: number
  /**
   * Who signs: reconcile.dev/pod, which is this engine. No other signer is there to be asked.
   */
  readonly signerName: string
  /**
   * Further facts for the signer. Ours takes any, and makes nothing of them.
   */
  readonly userAnnotations?: {
    readonly [k: string]: string
  }
}

/**
 * One aspect of how a pod does.
 */
export interface PodCondition {
  /**
   * PodScheduled, Initialized, ContainersReady, Ready and others.
   */
  readonly type: string
  /**
   * Whether it holds.
   */
  readonly status: 'True' | 'False' | 'Unknown'
  /**
   * When it was last looked at.
   */
  readonly lastProbeTime?: string
  /**
   * When the status last changed.
   */
  readonly lastTransitionTime?: string
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * The generation of the spec that this status is about.
   */
  readonly observedGeneration?: number
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
}

/**
 * Additions to a pod's /etc/resolv.conf.
 */
export interface PodDNSConfig {
  /**
   * Addresses of name servers.
   */
  readonly nameservers?: readonly string[]
  /**
   * Options of the resolver.
   */
  readonly options?: readonly PodDNSConfigOption[]
  /**
   * Domains to search.
   */
  readonly searches?: readonly string[]
}

/**
 * One option of the resolver.
 */
export interface PodDNSConfigOption {
  /**
   * Its name, such as ndots.
   */
  readonly name?: string
  /**
   * Its value.
   */
  readonly value?: string
}

/**
 * How many of which pods may be down at once on purpose.
 */
export interface PodDisruptionBudgetSpec {
  /**
   * How many may be down, as a number or percentage.
   */
  readonly maxUnavailable?: IntOrString
  /**
   * How many must be up, as a number or percentage.
   */
  readonly minAvailable?: IntOrString
  /**
   * Which pods.
   */
  readonly selector?: LabelSelector
  /**
   * Whether pods that are not ready may always go.
   */
  readonly unhealthyPodEvictionPolicy?: 'IfHealthyBudget' | 'AlwaysAllow'
}

/**
 * How a budget stands.
 */
export interface PodDisruptionBudgetStatus {
  /**
   * Where the object stands, one entry a type.
   */
  readonly conditions?: readonly Condition[]
  /**
   * Pods that are up.
   */
  readonly currentHealthy: number
  /**
   * Pods that must be up.
   */
  readonly desiredHealthy: number
  /**
   * Pods about to go, and since when.
   */
  readonly disruptedPods?: {
    readonly [k: string]: string
  }
  /**
   * Pods that may go now.
   */
  readonly disruptionsAllowed: number
  /**
   * Pods in all.
   */
  readonly expectedPods: number
  /**
   * The generation of the spec that this status is about.
   */
  readonly observedGeneration?: number
}

/**
 * The claim made for a pod's extended resources.
 */
export interface PodExtendedResourceClaimStatus {
  /**
   * Which request serves which container.
   */
  readonly requestMappings: readonly ContainerExtendedResourceRequest[]
  /**
   * The claim.
   */
  readonly resourceClaimName: string
}

/**
 * What failures mean.
 */
export interface PodFailurePolicy {
  /**
   * The first rule that matches decides.
   */
  readonly rules: readonly PodFailurePolicyRule[]
}

/**
 * Matches by exit code.
 */
export interface PodFailurePolicyOnExitCodesRequirement {
  /**
   * The container. Any by default.
   */
  readonly containerName?: string
  /**
   * Whether the code must be one of the values or none.
   */
  readonly operator: 'In' | 'NotIn'
  /**
   * The codes.
   */
  readonly values: readonly number[]
}

/**
 * Matches by a condition of the pod.
 */
export interface PodFailurePolicyOnPodConditionsPattern {
  /**
   * The condition's type.
   */
  readonly type: string
  /**
   * The condition's status. True by default.
   */
  readonly status?: 'True' | 'False' | 'Unknown'
}

/**
 * What one kind of failure means.
 */
export interface PodFailurePolicyRule {
  /**
   * What to do.
   */
  readonly action: 'FailJob' | 'FailIndex' | 'Ignore' | 'Count'
  /**
   * Matches by exit code.
   */
  readonly onExitCodes?: PodFailurePolicyOnExitCodesRequirement
  /**
   * Matches by the pod's conditions.
   */
  readonly onPodConditions?: readonly PodFailurePolicyOnPodConditionsPattern[]
}

/**
 * An address of a pod.
 */
export interface PodIP {
  /**
   * The address.
   */
  readonly ip: string
}

/**
 * An operating system.
 */
export interface PodOS {
  /**
   * Its name.
   */
  readonly name: 'linux' | 'windows'
}

/**
 * A further condition for a pod to be ready.
 */
export interface PodReadinessGate {
  /**
   * The condition's type.
   */
  readonly conditionType: string
}

/**
 * A device that a pod uses.
 */
export interface PodResourceClaim {
  /**
   * What containers call it.
   */
  readonly name: string
  /**
   * The claim.
   */
  readonly resourceClaimName?: string
  /**
   * The template that a claim is made from.
   */
  readonly resourceClaimTemplateName?: string
}

/**
 * A claim made for a pod.
 */
export interface PodResourceClaimStatus {
  /**
   * What the pod calls it.
   */
  readonly name: string
  /**
   * The claim.
   */
  readonly resourceClaimName?: string
}

/**
 * Keeps a pod from being placed.
 */
export interface PodSchedulingGate {
  /**
   * The gate's name.
   */
  readonly name: string
}

/**
 * A group of pods that are placed together.
 */
export interface PodSchedulingGroup {
  /**
   * The group's name.
   */
  readonly podGroupName?: string
}

/**
 * Users, groups and rights for all containers of a pod.
 */
export interface PodSecurityContext {
  /**
   * The AppArmor profile.
   */
  readonly appArmorProfile?: AppArmorProfile
  /**
   * The group that owns the volumes, and that every process is a member of.
   */
  readonly fsGroup?: number
  /**
   * When the ownership of a volume's content is changed.
   */
  readonly fsGroupChangePolicy?: 'Always' | 'OnRootMismatch'
  /**
   * The group id of the processes.
   */
  readonly runAsGroup?: number
  /**
   * Refuse to start a container as root.
   */
  readonly runAsNonRoot?: boolean
  /**
   * The user id of the processes.
   */
  readonly runAsUser?: number
  /**
   * How volumes get their SELinux label.
   */
  readonly seLinuxChangePolicy?: 'MountOption' | 'Recursive'
  /**
   * The SELinux label.
   */
  readonly seLinuxOptions?: SELinuxOptions
  /**
   * The system calls that are allowed. RuntimeDefault when not given.
   */
  readonly seccompProfile?: SeccompProfile
  /**
   * Further group ids of the processes.
   */
  readonly supplementalGroups?: readonly number[]
  /**
   * Whether groups that the image's /etc/group names are added.
   */
  readonly supplementalGroupsPolicy?: 'Merge' | 'Strict'
  /**
   * Kernel parameters of the pod.
   */
  readonly sysctls?: readonly Sysctl[]
  /**
   * Settings for Windows.
   */
  readonly windowsOptions?: WindowsSecurityContextOptions
}

/**
 * The containers of a pod and what they need.
 */
export interface PodSpec {
  /**
   * How long the pod may run, from when it was made, before it is ended and counts as failed. With no engine at work nothing starts again after it, but what runs then runs on.
   */
  readonly activeDeadlineSeconds?: number
  /**
   * Where the pod must or should run.
   */
  readonly affinity?: Affinity
  /**
   * Whether the containers get a token for the API server.
   */
  readonly automountServiceAccountToken?: boolean
  /**
   * The containers that run side by side.
   *
   * @minItems 1
   */
  readonly containers: readonly Container[]
  /**
   * Additions to what dnsPolicy gives.
   */
  readonly dnsConfig?: PodDNSConfig
  /**
   * Where /etc/resolv.conf comes from. ClusterFirst by default.
   */
  readonly dnsPolicy?: 'ClusterFirst' | 'ClusterFirstWithHostNet' | 'Default' | 'None'
  /**
   * Whether the addresses of Services become environment variables.
   */
  readonly enableServiceLinks?: boolean
  /**
   * Containers added to a running pod to look into it.
   */
  readonly ephemeralContainers?: {}[]
  /**
   * Additional lines for /etc/hosts.
   */
  readonly hostAliases?: readonly HostAlias[]
  /**
   * Share the machine's semaphores and shared memory.
   */
  readonly hostIPC?: boolean
  /**
   * Use the machine's own network.
   */
  readonly hostNetwork?: boolean
  /**
   * See the machine's processes.
   */
  readonly hostPID?: boolean
  /**
   * Whether user ids in the pod are those of the machine.
   */
  readonly hostUsers?: boolean
  /**
   * The pod's host name. Its name by default.
   */
  readonly hostname?: string
  /**
   * The pod's host name, whatever else says.
   */
  readonly hostnameOverride?: string
  /**
   * Secrets with credentials for the registries.
   */
  readonly imagePullSecrets?: readonly LocalObjectReference[]
  /**
   * Containers that run one after the other before the others start; with restartPolicy Always one stays, as a sidecar.
   */
  readonly initContainers?: readonly Container[]
  /**
   * The machine that the pod runs on.
   */
  readonly nodeName?: string
  /**
   * Labels that the machine must have.
   */
  readonly nodeSelector?: {
    readonly [k: string]: string
  }
  /**
   * The operating system that the pod is made for.
   */
  readonly os?: PodOS
  /**
   * What the runtime itself needs for the pod; filled in from its RuntimeClass.
   */
  readonly overhead?: {
    readonly [k: string]: Quantity
  }
  /**
   * Whether the pod may push others out.
   */
  readonly preemptionPolicy?: 'PreemptLowerPriority' | 'Never'
  /**
   * The pod's priority as a number.
   */
  readonly priority?: number
  /**
   * The pod's priority by name.
   */
  readonly priorityClassName?: string
  /**
   * Further conditions without which the pod is not ready. The pod's annotation reconcile.dev/conditions says them, such as "example.com/traffic=True, warm=False" (a bare Pod's may change in place), or somebody does with `reconcile condition`.
   */
  readonly readinessGates?: readonly PodReadinessGate[]
  /**
   * Devices that the pod uses.
   */
  readonly resourceClaims?: readonly PodResourceClaim[]
  /**
   * Limits and requests of the pod as a whole.
   */
  readonly resources?: ResourceRequirements
  /**
   * When containers that ended are started again. Always by default.
   */
  readonly restartPolicy?: 'Always' | 'OnFailure' | 'Never'
  /**
   * The RuntimeClass whose program makes the pod's containers; the node's own runtime by default.
   */
  readonly runtimeClassName?: string
  /**
   * Which scheduler places the pod.
   */
  readonly schedulerName?: string
  /**
   * Keep the pod from being placed until all are removed.
   */
  readonly schedulingGates?: readonly PodSchedulingGate[]
  /**
   * The group of pods that are placed together.
   */
  readonly schedulingGroup?: PodSchedulingGroup
  /**
   * Users, groups and rights for all containers.
   */
  readonly securityContext?: PodSecurityContext
  /**
   * The older name of serviceAccountName.
   */
  readonly serviceAccount?: string
  /**
   * The identity of the pod.
   */
  readonly serviceAccountName?: string
  /**
   * Whether the host name is the full domain name.
   */
  readonly setHostnameAsFQDN?: boolean
  /**
   * Whether the containers see each other's processes.
   */
  readonly shareProcessNamespace?: boolean
  /**
   * Makes the pod's domain name HOSTNAME.SUBDOMAIN.NAMESPACE.svc.cluster.local, in its /etc/hosts and, with a headless Service of that name, in DNS.
   */
  readonly subdomain?: string
  /**
   * How long containers have to end before they are killed. 30 by default.
   */
  readonly terminationGracePeriodSeconds?: number
  /**
   * Which taints of a machine do not matter.
   */
  readonly tolerations?: readonly Toleration[]
  /**
   * How equal pods are spread over machines.
   */
  readonly topologySpreadConstraints?: readonly TopologySpreadConstraint[]
  /**
   * The volumes that containers can mount.
   */
  readonly volumes?: readonly Volume[]
}

/**
 * How a pod does.
 */
export interface PodStatus {
  /**
   * What is set aside for the pod.
   */
  readonly allocatedResources?: {
    readonly [k: string]: Quantity
  }
  /**
   * Where the object stands, one entry a type.
   */
  readonly conditions?: readonly PodCondition[]
  /**
   * How the containers do.
   */
  readonly containerStatuses?: readonly ContainerStatus[]
  /**
   * How the ephemeral containers do.
   */
  readonly ephemeralContainerStatuses?: readonly ContainerStatus[]
  /**
   * The claim made for extended resources.
   */
  readonly extendedResourceClaimStatus?: PodExtendedResourceClaimStatus
  /**
   * The machine's address.
   */
  readonly hostIP?: string
  /**
   * The machine's addresses.
   */
  readonly hostIPs?: readonly HostIP[]
  /**
   * How the init containers do.
   */
  readonly initContainerStatuses?: readonly ContainerStatus[]
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * What claims take of the machine's resources.
   */
  readonly nodeAllocatableResourceClaimStatuses?: readonly NodeAllocatableResourceClaimStatus[]
  /**
   * The machine that is being made free for the pod.
   */
  readonly nominatedNodeName?: string
  /**
   * The generation of the spec that this status is about.
   */
  readonly observedGeneration?: number
  /**
   * Where the pod is in its life.
   */
  readonly phase?: 'Pending' | 'Running' | 'Succeeded' | 'Failed' | 'Unknown'
  /**
   * The pod's address.
   */
  readonly podIP?: string
  /**
   * The pod's addresses.
   */
  readonly podIPs?: readonly PodIP[]
  /**
   * How its requests and limits rank it when memory is short.
   */
  readonly qosClass?: 'Guaranteed' | 'Burstable' | 'BestEffort'
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
  /**
   * No longer used.
   */
  readonly resize?: string
  /**
   * The claims made for the pod.
   */
  readonly resourceClaimStatuses?: readonly PodResourceClaimStatus[]
  /**
   * The resources that are in force for the pod as a whole.
   */
  readonly resources?: ResourceRequirements
  /**
   * When the machine took the pod on.
   */
  readonly startTime?: string
}

/**
 * What the pods of a workload are made from.
 */
export interface PodTemplateSpec {
  /**
   * The labels and annotations of each pod.
   */
  readonly metadata?: TemplateMeta
  /**
   * The containers of each pod and what they need.
   */
  readonly spec: PodSpec
}

/**
 * Something about the pods.
 */
export interface PodsMetricSource {
  /**
   * The metric.
   */
  readonly metric: MetricIdentifier
  /**
   * The value to keep.
   */
  readonly target: MetricTarget
}

/**
 * Something about the pods.
 */
export interface PodsMetricStatus {
  /**
   * The value that was seen.
   */
  readonly current: MetricValueStatus
  /**
   * The metric.
   */
  readonly metric: MetricIdentifier
}

/**
 * A port of a load balancer.
 */
export interface PortStatus {
  /**
   * What went wrong.
   */
  readonly error?: string
  /**
   * The port's number.
   */
  readonly port: number
  /**
   * The protocol.
   */
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
}

/**
 * A Portworx volume.
 */
export interface PortworxVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The volume.
   */
  readonly volumeID: string
}

/**
 * Machines to prefer.
 */
export interface PreferredSchedulingTerm {
  /**
   * Which machines.
   */
  readonly preference: NodeSelectorTerm
  /**
   * How much, against other preferences.
   */
  readonly weight: number
}

/**
 * Asks a container how it does, again and again.
 */
export interface Probe {
  /**
   * Run a command in the container.
   */
  readonly exec?: ExecAction
  /**
   * How many failures in a row count. 3 by default.
   */
  readonly failureThreshold?: number
  /**
   * Ask by the gRPC health protocol.
   */
  readonly grpc?: GRPCAction
  /**
   * Send an HTTP request to the container.
   */
  readonly httpGet?: HTTPGetAction
  /**
   * How long to wait after the start. 0 by default.
   */
  readonly initialDelaySeconds?: number
  /**
   * How often to ask. 10 by default.
   */
  readonly periodSeconds?: number
  /**
   * How many successes in a row count after a failure. 1 by default.
   */
  readonly successThreshold?: number
  /**
   * Open a TCP connection.
   */
  readonly tcpSocket?: TCPSocketAction
  /**
   * How long the container has to end when the probe has it killed. The pod's by default.
   */
  readonly terminationGracePeriodSeconds?: number
  /**
   * How long an answer may take. 1 by default.
   */
  readonly timeoutSeconds?: number
}

/**
 * Several sources in one folder.
 */
export interface ProjectedVolumeSource {
  /**
   * The files' permission bits. 0644 by default.
   */
  readonly defaultMode?: number
  /**
   * The sources.
   */
  readonly sources?: readonly VolumeProjection[]
}

/**
 * An amount with an optional suffix, such as 500m, 1.5, 64Mi or 1G.
 */
export type Quantity = string | number

/**
 * A Quobyte volume.
 */
export interface QuobyteVolumeSource {
  /**
   * The group that owns it.
   */
  readonly group?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The servers' addresses.
   */
  readonly registry: string
  /**
   * The tenant.
   */
  readonly tenant?: string
  /**
   * The user that owns it.
   */
  readonly user?: string
  /**
   * The volume's name.
   */
  readonly volume: string
}

/**
 * A Ceph block device.
 */
export interface RBDPersistentVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The image's name.
   */
  readonly image: string
  /**
   * A file with the key.
   */
  readonly keyring?: string
  /**
   * The monitors.
   */
  readonly monitors: readonly string[]
  /**
   * The pool.
   */
  readonly pool?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretRef?: SecretReference
  /**
   * The user.
   */
  readonly user?: string
}

/**
 * A RADOS block device.
 */
export interface RBDVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The image's name.
   */
  readonly image: string
  /**
   * The file with the key.
   */
  readonly keyring?: string
  /**
   * The monitors' addresses.
   */
  readonly monitors: readonly string[]
  /**
   * The pool.
   */
  readonly pool?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretRef?: LocalObjectReference
  /**
   * The user.
   */
  readonly user?: string
}

/**
 * One aspect of how a ReplicaSet does.
 */
export interface ReplicaSetCondition {
  /**
   * The aspect.
   */
  readonly type: string
  /**
   * Whether it holds.
   */
  readonly status: 'True' | 'False' | 'Unknown'
  /**
   * When the status last changed.
   */
  readonly lastTransitionTime?: string
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
}

/**
 * How many pods, made from what.
 */
export interface ReplicaSetSpec {
  /**
   * How long a new pod must have been ready before it counts as available. 0 by default.
   */
  readonly minReadySeconds?: number
  /**
   * How many pods. 1 by default.
   */
  readonly replicas?: number
  /**
   * Which pods are its own; must match the template's labels.
   */
  readonly selector: LabelSelector
  /**
   * What the pods are made from.
   */
  readonly template?: PodTemplateSpec
}

/**
 * How a ReplicaSet does.
 */
export interface ReplicaSetStatus {
  /**
   * Pods that have been ready for minReadySeconds.
   */
  readonly availableReplicas?: number
  /**
   * Where the object stands, one entry a type.
   */
  readonly conditions?: readonly ReplicaSetCondition[]
  /**
   * Pods that have all labels of the template.
   */
  readonly fullyLabeledReplicas?: number
  /**
   * The generation of the spec that this status is about.
   */
  readonly observedGeneration?: number
  /**
   * Pods that are ready.
   */
  readonly readyReplicas?: number
  /**
   * Pods that are not on their way out.
   */
  readonly replicas: number
  /**
   * Pods on their way out.
   */
  readonly terminatingReplicas?: number
}

/**
 * A container's use of a pod's device.
 */
export interface ResourceClaim {
  /**
   * What the pod calls it.
   */
  readonly name: string
  /**
   * The request within the claim.
   */
  readonly request?: string
}

/**
 * A container's limit or request.
 */
export interface ResourceFieldSelector {
  /**
   * The container. Needed in volumes.
   */
  readonly containerName?: string
  /**
   * The unit of the answer. 1 by default.
   */
  readonly divisor?: Quantity
  /**
   * Which one, such as limits.memory.
   */
  readonly resource: string
}

/**
 * How a device does.
 */
export interface ResourceHealth {
  /**
   * Healthy, Unhealthy or Unknown.
   */
  readonly health?: string
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * The device.
   */
  readonly resourceID: string
}

/**
 * What the pods use.
 */
export interface ResourceMetricSource {
  /**
   * The resource.
   */
  readonly name: string
  /**
   * The value to keep.
   */
  readonly target: MetricTarget
}

/**
 * What the pods use.
 */
export interface ResourceMetricStatus {
  /**
   * The resource.
   */
  readonly name: string
  /**
   * The value that was seen.
   */
  readonly current: MetricValueStatus
}

/**
 * The most of each resource, and of which pods.
 */
export interface ResourceQuotaSpec {
  /**
   * By resource: pods, requests.cpu, limits.memory, requests.storage, configmaps, count/deployments.apps ...
   */
  readonly hard?: {
    readonly [k: string]: Quantity
  }
  /**
   * Only pods that are all of these are counted.
   *
   * Items: A class of pods.
   */
  readonly scopes?: readonly (
    | 'Terminating'
    | 'NotTerminating'
    | 'BestEffort'
    | 'NotBestEffort'
    | 'PriorityClass'
    | 'CrossNamespacePodAffinity'
    | 'VolumeAttributesClass'
  )[]
  /**
   * Only pods that match are counted.
   */
  readonly scopeSelector?: ScopeSelector
}

/**
 * How a quota stands.
 */
export interface ResourceQuotaStatus {
  /**
   * What is allowed.
   */
  readonly hard?: {
    readonly [k: string]: Quantity
  }
  /**
   * What the commit wants.
   */
  readonly used?: {
    readonly [k: string]: Quantity
  }
}

/**
 * How much of each resource may be used, and how much is needed.
 */
export interface ResourceRequirements {
  /**
   * Devices of the pod.
   */
  readonly claims?: readonly ResourceClaim[]
  /**
   * The most it may use, such as cpu: 500m or memory: 64Mi.
   */
  readonly limits?: {
    readonly [k: string]: Quantity
  }
  /**
   * What it needs. The limits by default.
   */
  readonly requests?: {
    readonly [k: string]: Quantity
  }
}

/**
 * How the devices of one kind do.
 */
export interface ResourceStatus {
  /**
   * The kind of device.
   */
  readonly name: string
  /**
   * The devices.
   */
  readonly resources?: readonly ResourceHealth[]
}

/**
 * The limits of a rolling update.
 */
export interface RollingUpdateDaemonSet {
  /**
   * On how many machines a new pod may run beside the old one. 0 by default.
   */
  readonly maxSurge?: IntOrString
  /**
   * On how many machines the pod may be missing. 1 by default.
   */
  readonly maxUnavailable?: IntOrString
}

/**
 * The limits of a rolling update.
 */
export interface RollingUpdateDeployment {
  /**
   * How many pods there may be beyond replicas, as a number or percentage (rounded up). 25% by default.
   */
  readonly maxSurge?: IntOrString
  /**
   * How many pods may be missing, as a number or percentage (rounded down). 25% by default.
   */
  readonly maxUnavailable?: IntOrString
}

/**
 * The limits of a rolling update.
 */
export interface RollingUpdateStatefulSetStrategy {
  /**
   * How many pods may be missing, as a number or percentage. 1 by default.
   */
  readonly maxUnavailable?: IntOrString
  /**
   * Pods with a lower number are left alone. 0 by default.
   */
  readonly partition?: number
}

/**
 * An SELinux label.
 */
export interface SELinuxOptions {
  /**
   * Its type.
   */
  readonly type?: string
  /**
   * Its level.
   */
  readonly level?: string
  /**
   * Its role.
   */
  readonly role?: string
  /**
   * Its user.
   */
  readonly user?: string
}

/**
 * A ScaleIO volume.
 */
export interface ScaleIOPersistentVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The gateway's address.
   */
  readonly gateway: string
  /**
   * The protection domain.
   */
  readonly protectionDomain?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretRef: SecretReference
  /**
   * Whether the gateway is spoken to over TLS.
   */
  readonly sslEnabled?: boolean
  /**
   * Thick or thin.
   */
  readonly storageMode?: string
  /**
   * The pool.
   */
  readonly storagePool?: string
  /**
   * The system's name.
   */
  readonly system: string
  /**
   * The volume's name.
   */
  readonly volumeName?: string
}

/**
 * A ScaleIO volume.
 */
export interface ScaleIOVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The gateway's address.
   */
  readonly gateway: string
  /**
   * The protection domain.
   */
  readonly protectionDomain?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretRef: LocalObjectReference
  /**
   * Whether to use TLS.
   */
  readonly sslEnabled?: boolean
  /**
   * Thick or thin.
   */
  readonly storageMode?: string
  /**
   * The pool.
   */
  readonly storagePool?: string
  /**
   * The system's name.
   */
  readonly system: string
  /**
   * The volume's name.
   */
  readonly volumeName?: string
}

/**
 * Which nodes have a runtime.
 */
export interface Scheduling {
  /**
   * Labels that the node must have, beside those that the pod asks for.
   */
  readonly nodeSelector?: {
    readonly [k: string]: string
  }
  /**
   * Taints that do not matter to its pods, beside those that they tolerate themselves.
   */
  readonly tolerations?: readonly Toleration[]
}

/**
 * A selection of pods by what they are.
 */
export interface ScopeSelector {
  /**
   * All must hold.
   */
  readonly matchExpressions?: readonly ScopedResourceSelectorRequirement[]
}

/**
 * One condition of a selection.
 */
export interface ScopedResourceSelectorRequirement {
  /**
   * How values are compared.
   */
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist'
  /**
   * Which class of pods.
   */
  scopeName:
    | 'Terminating'
    | 'NotTerminating'
    | 'BestEffort'
    | 'NotBestEffort'
    | 'PriorityClass'
    | 'CrossNamespacePodAffinity'
    | 'VolumeAttributesClass'
  /**
   * The values, for In and NotIn.
   *
   * Items: Such as a PriorityClass.
   */
  readonly values?: readonly string[]
}

/**
 * The system calls that are allowed.
 */
export interface SeccompProfile {
  /**
   * The runtime's usual set, all, or a profile from a file on the machine.
   */
  readonly type: 'RuntimeDefault' | 'Unconfined' | 'Localhost'
  /**
   * The file of a Localhost profile, from the folder seccomp of the machine's root (/var/lib/reconcile/seccomp).
   */
  readonly localhostProfile?: string
}

/**
 * A Secret whose keys become variables.
 */
export interface SecretEnvSource {
  /**
   * The Secret's name.
   */
  readonly name?: string
  /**
   * Go on without it when it does not exist.
   */
  readonly optional?: boolean
}

/**
 * A key of a Secret.
 */
export interface SecretKeySelector {
  /**
   * The Secret's name.
   */
  readonly name?: string
  /**
   * The key.
   */
  readonly key: string
  /**
   * Go on without it when it does not exist.
   */
  readonly optional?: boolean
}

/**
 * The keys of a Secret in a projected volume.
 */
export interface SecretProjection {
  /**
   * The Secret's name.
   */
  readonly name?: string
  /**
   * Which keys, and as which files. All by default.
   */
  readonly items?: readonly KeyToPath[]
  /**
   * Go on without it when it does not exist.
   */
  readonly optional?: boolean
}

/**
 * Points to a Secret of any namespace.
 */
export interface SecretReference {
  /**
   * The Secret's name.
   */
  readonly name?: string
  /**
   * The Secret's namespace.
   */
  readonly namespace?: string
}

/**
 * The keys of a Secret as files, in memory.
 */
export interface SecretVolumeSource {
  /**
   * The files' permission bits. 0644 by default.
   */
  readonly defaultMode?: number
  /**
   * Which keys, and as which files. All by default.
   */
  readonly items?: readonly KeyToPath[]
  /**
   * Go on without it when it does not exist.
   */
  readonly optional?: boolean
  /**
   * The Secret's name.
   */
  readonly secretName?: string
}

/**
 * User, group and rights of one container; they win over the pod's.
 */
export interface SecurityContext {
  /**
   * Whether a process can gain more rights than its parent, as by setuid.
   */
  readonly allowPrivilegeEscalation?: boolean
  /**
   * The AppArmor profile.
   */
  readonly appArmorProfile?: AppArmorProfile
  /**
   * Linux capabilities to add to and drop from the usual ones.
   */
  readonly capabilities?: Capabilities
  /**
   * Run with nearly all rights of the machine's root.
   */
  readonly privileged?: boolean
  /**
   * Whether parts of /proc are hidden. Default does.
   */
  readonly procMount?: 'Default' | 'Unmasked'
  /**
   * Make the image's files read-only.
   */
  readonly readOnlyRootFilesystem?: boolean
  /**
   * The group id of the processes.
   */
  readonly runAsGroup?: number
  /**
   * Refuse to start the container as root.
   */
  readonly runAsNonRoot?: boolean
  /**
   * The user id of the processes.
   */
  readonly runAsUser?: number
  /**
   * The SELinux label.
   */
  readonly seLinuxOptions?: SELinuxOptions
  /**
   * The system calls that are allowed.
   */
  readonly seccompProfile?: SeccompProfile
  /**
   * Settings for Windows.
   */
  readonly windowsOptions?: WindowsSecurityContextOptions
}

/**
 * A token in a projected volume.
 */
export interface ServiceAccountTokenProjection {
  /**
   * For whom the token is, the Cluster's serviceAccountIssuer when absent: who else gets it must not take it.
   */
  readonly audience?: string
  /**
   * How long it is valid, 3600 when absent and 600 at least. Another one takes its place after four fifths of this time, or a day.
   */
  readonly expirationSeconds?: number
  /**
   * The file, from the volume's root.
   */
  readonly path: string
}

/**
 * A port of a Service, by name or by number.
 */
export interface ServiceBackendPort {
  /**
   * The name.
   */
  readonly name?: string
  /**
   * The number.
   */
  readonly number?: number
}

/**
 * A port of a Service.
 */
export interface ServicePort {
  /**
   * Its name; needed when there are several.
   */
  readonly name?: string
  /**
   * The protocol that is spoken on it.
   */
  readonly appProtocol?: string
  /**
   * The port of each machine that leads to it.
   */
  readonly nodePort?: number
  /**
   * The port's number.
   */
  readonly port: number
  /**
   * The protocol. TCP by default.
   */
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP'
  /**
   * The pods' port, by number or name. The same by default.
   */
  readonly targetPort?: IntOrString
}

/**
 * Ports, and the pods behind them.
 */
export interface ServiceSpec {
  /**
   * Who can reach it. ClusterIP by default.
   */
  readonly type?: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName'
  /**
   * Whether a load balancer needs a port of each machine.
   */
  readonly allocateLoadBalancerNodePorts?: boolean
  /**
   * The address; None for no address of its own.
   */
  readonly clusterIP?: string
  /**
   * The addresses by family.
   */
  readonly clusterIPs?: readonly string[]
  /**
   * Further addresses at which it answers.
   */
  readonly externalIPs?: readonly string[]
  /**
   * Another host's name that it stands for.
   */
  readonly externalName?: string
  /**
   * Local keeps outside traffic on the machine where it came in.
   */
  readonly externalTrafficPolicy?: 'Cluster' | 'Local'
  /**
   * The port at which a load balancer asks for health.
   */
  readonly healthCheckNodePort?: number
  /**
   * Local keeps traffic on the machine where it began.
   */
  readonly internalTrafficPolicy?: 'Cluster' | 'Local'
  /**
   * IPv4, IPv6 or both.
   */
  readonly ipFamilies?: readonly ('IPv4' | 'IPv6')[]
  /**
   * Whether it has one family or two.
   */
  readonly ipFamilyPolicy?: 'SingleStack' | 'PreferDualStack' | 'RequireDualStack'
  /**
   * The kind of load balancer.
   */
  readonly loadBalancerClass?: string
  /**
   * The load balancer's address.
   */
  readonly loadBalancerIP?: string
  /**
   * Who may use the load balancer.
   */
  readonly loadBalancerSourceRanges?: readonly string[]
  /**
   * The ports.
   */
  readonly ports?: readonly ServicePort[]
  /**
   * Whether pods that are not ready count too.
   */
  readonly publishNotReadyAddresses?: boolean
  /**
   * The labels of the pods.
   */
  readonly selector?: {
    readonly [k: string]: string
  }
  /**
   * Whether a client always gets the same pod.
   */
  readonly sessionAffinity?: 'None' | 'ClientIP'
  /**
   * For how long it does.
   */
  readonly sessionAffinityConfig?: SessionAffinityConfig
  /**
   * Which pods to prefer.
   */
  readonly trafficDistribution?: 'PreferClose' | 'PreferSameZone' | 'PreferSameNode'
}

/**
 * How a Service does.
 */
export interface ServiceStatus {
  /**
   * Where the object stands, one entry a type.
   */
  readonly conditions?: readonly Condition[]
  /**
   * Its load balancer.
   */
  readonly loadBalancer?: LoadBalancerStatus
}

/**
 * For how long a client gets the same pod.
 */
export interface SessionAffinityConfig {
  /**
   * By the client's address.
   */
  readonly clientIP?: ClientIPConfig
}

/**
 * Wait.
 */
export interface SleepAction {
  /**
   * How long.
   */
  readonly seconds: number
}

/**
 * One aspect of how a StatefulSet does.
 */
export interface StatefulSetCondition {
  /**
   * The aspect.
   */
  readonly type: string
  /**
   * Whether it holds.
   */
  readonly status: 'True' | 'False' | 'Unknown'
  /**
   * When the status last changed.
   */
  readonly lastTransitionTime?: string
  /**
   * For people: what happened.
   */
  readonly message?: string
  /**
   * For programs: why, in one CamelCase word.
   */
  readonly reason?: string
}

/**
 * How pods are numbered.
 */
export interface StatefulSetOrdinals {
  /**
   * The first number. 0 by default.
   */
  readonly start?: number
}

/**
 * What becomes of the claims of pods.
 */
export interface StatefulSetPersistentVolumeClaimRetentionPolicy {
  /**
   * When the StatefulSet is deleted. Retain by default.
   */
  readonly whenDeleted?: 'Retain' | 'Delete'
  /**
   * When a pod is scaled away. Retain by default.
   */
  readonly whenScaled?: 'Retain' | 'Delete'
}

/**
 * How many pods, made from what, with which storage.
 */
export interface StatefulSetSpec {
  /**
   * How long a new pod must have been ready before it counts as available. 0 by default.
   */
  readonly minReadySeconds?: number
  /**
   * How the pods are numbered.
   */
  readonly ordinals?: StatefulSetOrdinals
  /**
   * What becomes of the claims.
   */
  readonly persistentVolumeClaimRetentionPolicy?: StatefulSetPersistentVolumeClaimRetentionPolicy
  /**
   * One after the other (OrderedReady, the default), or all at once.
   */
  readonly podManagementPolicy?: 'OrderedReady' | 'Parallel'
  /**
   * How many pods. 1 by default.
   */
  readonly replicas?: number
  /**
   * How many old revisions to remember. 10 by default.
   */
  readonly revisionHistoryLimit?: number
  /**
   * Which pods are its own; must match the template's labels.
   */
  readonly selector: LabelSelector
  /**
   * The headless Service that gives the pods their names.
   */
  readonly serviceName?: string
  /**
   * What the pods are made from.
   */
  readonly template: PodTemplateSpec
  /**
   * How pods are replaced.
   */
  readonly updateStrategy?: StatefulSetUpdateStrategy
  /**
   * What each pod's claims are made from.
   */
  readonly volumeClaimTemplates?: readonly VolumeClaimTemplate[]
}

/**
 * How a StatefulSet does.
 */
export interface StatefulSetStatus {
  /**
   * Pods that have been ready for minReadySeconds.
   */
  readonly availableReplicas?: number
  /**
   * How often a hash of the template had to be changed because its name was taken.
   */
  readonly collisionCount?: number
  /**
   * Where the object stands, one entry a type.
   */
  readonly conditions?: readonly StatefulSetCondition[]
  /**
   * Pods of currentRevision.
   */
  readonly currentReplicas?: number
  /**
   * The revision that pods are replaced from.
   */
  readonly currentRevision?: string
  /**
   * The generation of the spec that this status is about.
   */
  readonly observedGeneration?: number
  /**
   * Pods that are ready.
   */
  readonly readyReplicas?: number
  /**
   * Pods that exist.
   */
  readonly replicas: number
  /**
   * The revision that pods are replaced with.
   */
  readonly updateRevision?: string
  /**
   * Pods of updateRevision.
   */
  readonly updatedReplicas?: number
}

/**
 * How pods are replaced.
 */
export interface StatefulSetUpdateStrategy {
  /**
   * RollingUpdate (the default), or OnDelete: only once someone deletes them.
   */
  readonly type?: 'RollingUpdate' | 'OnDelete'
  /**
   * The limits of a RollingUpdate.
   */
  readonly rollingUpdate?: RollingUpdateStatefulSetStrategy
}

/**
 * A StorageOS volume.
 */
export interface StorageOSPersistentVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretRef?: ObjectReference
  /**
   * The volume's name.
   */
  readonly volumeName?: string
  /**
   * The volume's namespace.
   */
  readonly volumeNamespace?: string
}

/**
 * A StorageOS volume.
 */
export interface StorageOSVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * The Secret with the credentials.
   */
  readonly secretRef?: LocalObjectReference
  /**
   * The volume's name.
   */
  readonly volumeName?: string
  /**
   * The volume's namespace.
   */
  readonly volumeNamespace?: string
}

/**
 * When a Job has succeeded early.
 */
export interface SuccessPolicy {
  /**
   * One that holds is enough.
   */
  readonly rules: readonly SuccessPolicyRule[]
}

/**
 * When a Job has succeeded early.
 */
export interface SuccessPolicyRule {
  /**
   * How many indexes must have succeeded.
   */
  readonly succeededCount?: number
  /**
   * Which indexes must have succeeded, such as 0,2-4.
   */
  readonly succeededIndexes?: string
}

/**
 * A kernel parameter.
 */
export interface Sysctl {
  /**
   * Its name, such as net.core.somaxconn.
   */
  readonly name: string
  /**
   * Its value.
   */
  readonly value: string
}

/**
 * Open a TCP connection.
 */
export interface TCPSocketAction {
  /**
   * The host to connect to. The pod's address by default.
   */
  readonly host?: string
  /**
   * The port's number or name.
   */
  readonly port: IntOrString
}

/**
 * A mark that keeps pods off a machine.
 */
export interface Taint {
  /**
   * NoSchedule: no new pods; PreferNoSchedule: rather none; NoExecute: pods already there leave too.
   */
  readonly effect: 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
  /**
   * The taint's name.
   */
  readonly key: string
  /**
   * The taint's value.
   */
  readonly value?: string
}

/**
 * The labels and annotations of what is made from a template.
 */
export interface TemplateMeta {
  /**
   * Names come from the controller.
   */
  readonly name?: string
  /**
   * The namespace is the controller's.
   */
  readonly namespace?: string
  /**
   * The annotations that each gets.
   */
  readonly annotations?: {
    readonly [k: string]: string
  }
  /**
   * When the object was made.
   */
  readonly creationTimestamp?: string
  /**
   * How long the object has to go.
   */
  readonly deletionGracePeriodSeconds?: number
  /**
   * When the object is to be gone.
   */
  readonly deletionTimestamp?: string
  /**
   * Who must agree before the object goes.
   */
  readonly finalizers?: readonly string[]
  /**
   * A prefix for names.
   */
  readonly generateName?: string
  /**
   * Counts the changes of the spec.
   */
  readonly generation?: number
  /**
   * The labels that each gets.
   */
  readonly labels?: {
    readonly [k: string]: string
  }
  /**
   * Which tool set which field.
   */
  readonly managedFields?: readonly ManagedFieldsEntry[]
  /**
   * The objects that it goes with.
   */
  readonly ownerReferences?: readonly OwnerReference[]
  /**
   * The version of the object in the API server.
   */
  readonly resourceVersion?: string
  /**
   * No longer used.
   */
  readonly selfLink?: string
  /**
   * The object's unique id.
   */
  readonly uid?: string
}

/**
 * A taint that does not matter to a pod.
 */
export interface Toleration {
  /**
   * The taint's effect; every effect when empty.
   */
  readonly effect?: '' | 'NoSchedule' | 'PreferNoSchedule' | 'NoExecute'
  /**
   * The taint's name; every taint when empty.
   */
  readonly key?: string
  /**
   * Whether the value is compared. Equal by default.
   */
  readonly operator?: 'Exists' | 'Equal' | 'Lt' | 'Gt'
  /**
   * How long a NoExecute taint is borne.
   */
  readonly tolerationSeconds?: number
  /**
   * The taint's value.
   */
  readonly value?: string
}

/**
 * A label and the values that it may have.
 */
export interface TopologySelectorLabelRequirement {
  /**
   * The label's key.
   */
  readonly key: string
  /**
   * One of them must be its value.
   */
  readonly values: readonly string[]
}

/**
 * Labels of a place, all of which must fit.
 */
export interface TopologySelectorTerm {
  /**
   * The labels.
   */
  readonly matchLabelExpressions?: readonly TopologySelectorLabelRequirement[]
}

/**
 * How equal pods are spread over machines.
 */
export interface TopologySpreadConstraint {
  /**
   * Which labels to look for.
   */
  readonly labelSelector?: LabelSelector
  /**
   * Labels whose value must be the same as the pod's own.
   */
  readonly matchLabelKeys?: readonly string[]
  /**
   * The greatest difference between two groups of machines.
   */
  readonly maxSkew: number
  /**
   * The least number of groups.
   */
  readonly minDomains?: number
  /**
   * Whether machines that the pod cannot use for their labels count.
   */
  readonly nodeAffinityPolicy?: 'Honor' | 'Ignore'
  /**
   * Whether machines that the pod cannot use for their taints count.
   */
  readonly nodeTaintsPolicy?: 'Honor' | 'Ignore'
  /**
   * The label of machines whose value makes the groups.
   */
  readonly topologyKey: string
  /**
   * What to do when it cannot be kept.
   */
  readonly whenUnsatisfiable: 'DoNotSchedule' | 'ScheduleAnyway'
}

/**
 * Points to an object of the same namespace by kind and name.
 */
export interface TypedLocalObjectReference {
  /**
   * The object's kind.
   */
  readonly kind: string
  /**
   * The object's name.
   */
  readonly name: string
  /**
   * The kind's API group.
   */
  readonly apiGroup?: string
}

/**
 * Points to an object by kind, name and namespace.
 */
export interface TypedObjectReference {
  /**
   * The object's kind.
   */
  readonly kind: string
  /**
   * The object's name.
   */
  readonly name: string
  /**
   * The namespace of the object referred to.
   */
  readonly namespace?: string
  /**
   * The kind's API group.
   */
  readonly apiGroup?: string
}

/**
 * Pods that ended and are not in the counts yet.
 */
export interface UncountedTerminatedPods {
  /**
   * Those that failed.
   */
  readonly failed?: readonly string[]
  /**
   * Those that succeeded.
   */
  readonly succeeded?: readonly string[]
}

/**
 * A folder that containers can mount; the name and exactly one source.
 */
export interface Volume {
  /**
   * Unique in the pod.
   */
  readonly name: string
  /**
   * A disk of AWS.
   */
  readonly awsElasticBlockStore?: AWSElasticBlockStoreVolumeSource
  /**
   * A disk of Azure.
   */
  readonly azureDisk?: AzureDiskVolumeSource
  /**
   * A file share of Azure.
   */
  readonly azureFile?: AzureFileVolumeSource
  /**
   * A CephFS file system.
   */
  readonly cephfs?: CephFSVolumeSource
  /**
   * A disk of OpenStack.
   */
  readonly cinder?: CinderVolumeSource
  /**
   * The keys of a ConfigMap as files.
   */
  readonly configMap?: ConfigMapVolumeSource
  /**
   * What a CSI driver on the node mounts for this pod alone: its socket is below /var/lib/kubelet/plugins.
   */
  readonly csi?: CSIVolumeSource
  /**
   * Facts of the pod as files.
   */
  readonly downwardAPI?: DownwardAPIVolumeSource
  /**
   * An empty folder that goes with the pod.
   */
  readonly emptyDir?: EmptyDirVolumeSource
  /**
   * A claim that goes with the pod.
   */
  readonly ephemeral?: EphemeralVolumeSource
  /**
   * A Fibre Channel disk.
   */
  readonly fc?: FCVolumeSource
  /**
   * A volume of a FlexVolume driver.
   */
  readonly flexVolume?: FlexVolumeSource
  /**
   * A Flocker volume.
   */
  readonly flocker?: FlockerVolumeSource
  /**
   * A disk of Google.
   */
  readonly gcePersistentDisk?: GCEPersistentDiskVolumeSource
  /**
   * A Git repository at one revision.
   */
  readonly gitRepo?: GitRepoVolumeSource
  /**
   * A GlusterFS volume.
   */
  readonly glusterfs?: GlusterfsVolumeSource
  /**
   * A file or folder of the machine.
   */
  readonly hostPath?: HostPathVolumeSource
  /**
   * The content of an image, read-only.
   */
  readonly image?: ImageVolumeSource
  /**
   * An iSCSI disk.
   */
  readonly iscsi?: ISCSIVolumeSource
  /**
   * A folder of an NFS server.
   */
  readonly nfs?: NFSVolumeSource
  /**
   * The storage of a claim.
   */
  readonly persistentVolumeClaim?: PersistentVolumeClaimVolumeSource
  /**
   * A disk of Photon.
   */
  readonly photonPersistentDisk?: PhotonPersistentDiskVolumeSource
  /**
   * A Portworx volume.
   */
  readonly portworxVolume?: PortworxVolumeSource
  /**
   * Several sources in one folder.
   */
  readonly projected?: ProjectedVolumeSource
  /**
   * A Quobyte volume.
   */
  readonly quobyte?: QuobyteVolumeSource
  /**
   * A RADOS block device.
   */
  readonly rbd?: RBDVolumeSource
  /**
   * A ScaleIO volume.
   */
  readonly scaleIO?: ScaleIOVolumeSource
  /**
   * The keys of a Secret as files, in memory.
   */
  readonly secret?: SecretVolumeSource
  /**
   * A StorageOS volume.
   */
  readonly storageos?: StorageOSVolumeSource
  /**
   * A disk of vSphere.
   */
  readonly vsphereVolume?: VsphereVirtualDiskVolumeSource
}

/**
 * What a claim of each pod is made from.
 */
export interface VolumeClaimTemplate {
  /**
   * The version of the kind's definition.
   */
  readonly apiVersion?: 'v1'
  /**
   * The kind of the object.
   */
  readonly kind?: 'PersistentVolumeClaim'
  /**
   * The name, labels and annotations; volumes refer to the name.
   */
  readonly metadata: ObjectMeta
  /**
   * What storage is wanted.
   */
  readonly spec: PersistentVolumeClaimSpec
  /**
   * What was found.
   */
  readonly status?: PersistentVolumeClaimStatus
}

/**
 * A block device for a container.
 */
export interface VolumeDevice {
  /**
   * The volume.
   */
  readonly name: string
  /**
   * The device's path in the container.
   */
  readonly devicePath: string
}

/**
 * Where a container sees a volume.
 */
export interface VolumeMount {
  /**
   * The volume.
   */
  readonly name: string
  /**
   * The path in the container.
   */
  readonly mountPath: string
  /**
   * Whether later mounts are passed on. None by default.
   */
  readonly mountPropagation?: 'None' | 'HostToContainer' | 'Bidirectional'
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * Whether mounts below a read-only mount are read-only too.
   */
  readonly recursiveReadOnly?: 'Disabled' | 'IfPossible' | 'Enabled'
  /**
   * The part of the volume to mount. All by default.
   */
  readonly subPath?: string
  /**
   * Like subPath, with $(NAME) for variables.
   */
  readonly subPathExpr?: string
}

/**
 * A mount of a container.
 */
export interface VolumeMountStatus {
  /**
   * The volume.
   */
  readonly name: string
  /**
   * The path in the container.
   */
  readonly mountPath: string
  /**
   * Mount it so that it cannot be written to.
   */
  readonly readOnly?: boolean
  /**
   * Whether mounts below it are read-only too.
   */
  readonly recursiveReadOnly?: 'Disabled' | 'IfPossible' | 'Enabled'
  /**
   * What is mounted.
   */
  readonly volumeStatus?: VolumeStatus
}

/**
 * From which machines a volume can be reached.
 */
export interface VolumeNodeAffinity {
  /**
   * The machines, by their labels.
   */
  readonly required?: NodeSelector
}

/**
 * One source of a projected volume.
 */
export interface VolumeProjection {
  /**
   * Root certificates.
   */
  readonly clusterTrustBundle?: ClusterTrustBundleProjection
  /**
   * The keys of a ConfigMap.
   */
  readonly configMap?: ConfigMapProjection
  /**
   * Facts of the pod.
   */
  readonly downwardAPI?: DownwardAPIProjection
  /**
   * A key, and a certificate for it that says whose pod it is, signed with the root's key: for whoever trusts what reconcile certificates prints.
   */
  readonly podCertificate?: PodCertificateProjection
  /**
   * The keys of a Secret.
   */
  readonly secret?: SecretProjection
  /**
   * A token that says whose pod it is, signed with the root's key: for whoever trusts what reconcile openid prints.
   */
  readonly serviceAccountToken?: ServiceAccountTokenProjection
}

/**
 * How much storage is wanted.
 */
export interface VolumeResourceRequirements {
  /**
   * The most.
   */
  readonly limits?: {
    readonly [k: string]: Quantity
  }
  /**
   * The least, such as storage: 1Gi.
   */
  readonly requests?: {
    readonly [k: string]: Quantity
  }
}

/**
 * What is mounted.
 */
export interface VolumeStatus {
  /**
   * The image.
   */
  readonly image?: ImageVolumeStatus
}

/**
 * A disk of vSphere.
 */
export interface VsphereVirtualDiskVolumeSource {
  /**
   * The file system on the volume, such as ext4.
   */
  readonly fsType?: string
  /**
   * The policy's id.
   */
  readonly storagePolicyID?: string
  /**
   * The policy's name.
   */
  readonly storagePolicyName?: string
  /**
   * The disk's path.
   */
  readonly volumePath: string
}

/**
 * Pods to be near or away from if possible.
 */
export interface WeightedPodAffinityTerm {
  /**
   * Which pods, and what near means.
   */
  readonly podAffinityTerm: PodAffinityTerm
  /**
   * How much, against other preferences.
   */
  readonly weight: number
}

/**
 * Settings for Windows.
 */
export interface WindowsSecurityContextOptions {
  /**
   * A group-managed service account.
   */
  readonly gmsaCredentialSpec?: string
  /**
   * The name of one.
   */
  readonly gmsaCredentialSpecName?: string
  /**
   * Run on the machine itself.
   */
  readonly hostProcess?: boolean
  /**
   * The user of the processes.
   */
  readonly runAsUserName?: string
}

/** Every object that a manifest can hold. */
export type KubernetesObject =
  | Cluster
  | ClusterTrustBundle
  | ConfigMap
  | CronJob
  | DaemonSet
  | Deployment
  | EndpointSlice
  | HorizontalPodAutoscaler
  | Ingress
  | IngressClass
  | Job
  | LimitRange
  | Namespace
  | Node
  | PersistentVolume
  | PersistentVolumeClaim
  | Pod
  | PodDisruptionBudget
  | PriorityClass
  | ReplicaSet
  | ResourceQuota
  | RuntimeClass
  | Secret
  | Service
  | ServiceAccount
  | StatefulSet
  | StorageClass

export type Kind = KubernetesObject['kind']
