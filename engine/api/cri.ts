import type { LogLimits } from './logLimits.ts'
import type { NodeName, PodUid, Timestamp } from './names.ts'
import type { NodeNetwork } from './podNetwork.ts'
import type { PodRecord } from './records.ts'
import type { VolumeRequest } from './volumeRequests.ts'

/** What a runtime is asked, at the grain of Kubernetes' CRI. All of it is decided in kubelet/ and carried out in runtimes/. */

export interface CreatePodRequest {
  readonly record: PodRecord
  readonly hostname: string
  /** What /etc/hosts calls the pod's address, the canonical name first; absent: its hostname. */
  readonly hostsNames?: readonly string[]
  readonly hostNetwork: boolean
  readonly hostIPC: boolean
  /** Contents of /etc/hosts but for the pod's own line, which the runtime adds once it knows the address. */
  readonly hostAliases: readonly HostAlias[]
  /** The whole /etc/resolv.conf. Absent: the node's own, with `dnsAdditions` merged in (api/resolvConf.ts). */
  readonly resolvConf?: string
  readonly dnsAdditions?: DnsConfig
  /** In place of the node's own: the cluster's DNS server, to whose search list the node's is added. */
  readonly clusterDns?: DnsConfig
  readonly portMappings: readonly PortMapping[]
  readonly volumes: readonly VolumeRequest[]
  /** Set on emptyDir, configMap and secret volumes: the group that owns their files. */
  readonly fsGroup?: number
  /** For all containers together; absent: what the kernel gives every group. */
  readonly cgroup?: PodCgroup
  readonly bandwidth?: Bandwidth
  /** The pod's own user namespace, in which its root is nobody on the node. */
  readonly userNamespace?: boolean
  /** By container: how many cpus it is to have for itself, as far as the node has them. */
  readonly exclusiveCpus?: Readonly<Record<string, number>>
}

/** In the units of ContainerResources. */
export interface PodCgroup extends Pick<ContainerResources, 'cpuShares' | 'cpuQuotaUs' | 'memoryLimitBytes'> {
  /** Processes and threads; absent: no limit. */
  readonly pidsMax?: number
}

/** Bits a second, as the pod sees it: `ingress` is what it receives. */
export interface Bandwidth {
  readonly ingressBits?: number
  readonly egressBits?: number
}

export interface DnsConfig {
  readonly nameservers: readonly string[]
  readonly searches: readonly string[]
  readonly options: readonly { readonly name: string; readonly value?: string }[]
}

export interface HostAlias {
  readonly ip: string
  readonly hostnames: readonly string[]
}

export interface PortMapping {
  readonly hostPort: number
  readonly containerPort: number
  readonly protocol: 'TCP' | 'UDP' | 'SCTP'
  readonly hostIP?: string
}

/** Cpu and memory of containers that are there, and of the pod as a whole around them. */
export interface ResizePodRequest {
  readonly uid: PodUid
  /** What holds while its containers change: no less than any of them had or gets. */
  readonly first: PodCgroup
  /** What holds then; absent: some of them have still to end. */
  readonly last?: PodCgroup
  readonly containers: readonly {
    readonly name: string
    readonly resources: ContainerResources
    /** At once, if it runs; all have it from their next start. */
    readonly live: boolean
  }[]
}

export interface StartContainerRequest {
  readonly uid: PodUid
  readonly container: string
  readonly attempt: number
  /** From the pull that came before. */
  readonly image: string
  /** Replaces the image's entrypoint; empty: the image's. */
  readonly command: readonly string[]
  /** Replaces the image's cmd; with `command` given and this empty there are none. */
  readonly args: readonly string[]
  readonly workingDir?: string
  readonly env: readonly (readonly [name: string, value: string])[]
  readonly mounts: readonly MountRequest[]
  /** Block devices; absent: none. */
  readonly devices?: readonly DeviceRequest[]
  readonly security: ContainerSecurity
  readonly resources: ContainerResources
  readonly terminationMessagePath: string
  readonly terminationMessagePolicy: 'File' | 'FallbackToLogsOnError'
  readonly restart: RestartRule
  /** The pod's pid namespace is shared, or the host's is used. */
  readonly pidMode: 'container' | 'pod' | 'host'
  readonly hostNetwork: boolean
  readonly hostIPC: boolean
  readonly labels: { readonly namespace: string; readonly pod: string }
  /** Kernel parameters of the pod's namespaces; the same for each of its containers. */
  readonly sysctls?: readonly (readonly [name: string, value: string])[]
  /** Of one file of its log, in bytes; absent: LOG_LIMITS. */
  readonly logBytesMax?: number
  /** Kept open for whoever attaches, for good or until the first one leaves; absent: it is empty. */
  readonly stdin?: 'open' | 'once'
  readonly tty?: boolean
}

/** A volume that is a block device, under a path of the container's own. */
export interface DeviceRequest {
  readonly volume: string
  readonly devicePath: string
  readonly readOnly: boolean
}

export interface MountRequest {
  readonly volume: string
  readonly mountPath: string
  readonly subPath?: string
  readonly readOnly: boolean
  readonly propagation: 'private' | 'rslave' | 'rshared'
  /** Whether what is mounted below a read-only volume is read-only too; absent: it is not. */
  readonly recursiveReadOnly?: 'IfPossible' | 'Enabled'
  /** Of an image: what is in it is not to be run. */
  readonly noExec?: boolean
}

export interface ContainerSecurity {
  /** Absent: the image's user. A name is looked up in the image's /etc/passwd. */
  readonly runAsUser?: number
  readonly runAsGroup?: number
  /** Refuse to start as uid 0, and with a user that cannot be told to be a number. */
  readonly runAsNonRoot: boolean
  readonly supplementalGroups: readonly number[]
  /** The user's groups in the image's /etc/group do not count. Absent: they do. */
  readonly strictGroups?: boolean
  readonly addCapabilities: readonly string[]
  readonly dropCapabilities: readonly string[]
  readonly privileged: boolean
  readonly readOnlyRootFilesystem: boolean
  readonly allowPrivilegeEscalation: boolean
  readonly seccomp: 'RuntimeDefault' | 'Unconfined' | { readonly localhostProfile: string }
  readonly procMount: 'Default' | 'Unmasked'
  /** Absent: nobody said anything. */
  readonly appArmor?: 'RuntimeDefault' | 'Unconfined' | { readonly localhostProfile: string }
  readonly seLinux?: SeLinuxLabel
}

/** What is absent is the node's default. */
export interface SeLinuxLabel {
  readonly user?: string
  readonly role?: string
  readonly type?: string
  readonly level?: string
}

export interface ContainerResources {
  /** Kubernetes' formula: request in millicores x 1024 / 1000, at least 2. */
  readonly cpuShares: number
  /** Microseconds of cpu a period of 100,000; absent: no limit. */
  readonly cpuQuotaUs?: number
  readonly memoryLimitBytes?: number
  readonly pidsMax?: number
  /** From -1000 (never killed for want of memory) to 1000 (first). */
  readonly oomScoreAdj?: number
  readonly blockIo?: BlockIo
}

/** Of the disk that the root is on. */
export interface BlockIo {
  /** From 10 to 1000; 500 is everybody's. */
  readonly weight?: number
  readonly readBps?: number
  readonly writeBps?: number
  readonly readIops?: number
  readonly writeIops?: number
}

/** What the node's exit hook does when the container ends, with no engine asked. */
export interface RestartRule {
  readonly policy: 'Always' | 'OnFailure' | 'Never'
  /** The wait before the first restart, the second, ...; the last one is used from then on. */
  readonly delaysSeconds: readonly number[]
  /** A run this long starts the delays anew. */
  readonly resetAfterSeconds: number
  /** The container's own rules, in order: the first that fits an exit code goes before the policy. */
  readonly exitRules?: readonly ExitRule[]
  /** From then on nothing is started again: the pod's time is up. */
  readonly deadline?: Timestamp
}

export interface ExitRule {
  /** `Restart` is the node's to do, `RestartAllContainers` the engine's. */
  readonly action: 'Restart' | 'RestartAllContainers'
  readonly operator: 'In' | 'NotIn'
  readonly values: readonly number[]
}

export interface StopContainerRequest {
  readonly uid: PodUid
  readonly container: string
  readonly attempt: number
  /** Absent: the image's STOPSIGNAL, or SIGTERM. */
  readonly signal?: string
  /** From the signal to SIGKILL. */
  readonly graceMs: number
}

export interface ExecRequest {
  readonly uid: PodUid
  readonly container: string
  readonly command: readonly string[]
  readonly timeoutMs?: number
}

export interface ExecResult {
  readonly exitCode: number
  /** stdout and stderr as they came, cut after 10 kB: for messages. */
  readonly output: string
  readonly timedOut: boolean
}

export interface LogRequest {
  readonly uid: PodUid
  readonly container: string
  /** The one before the last. */
  readonly previous: boolean
  /** Until the attempt has ended, across rotations. */
  readonly follow: boolean
  /** Absent: the last attempt, or with `previous` the one before. */
  readonly attempt?: number
  readonly tailLines?: number
  readonly since?: Timestamp
  /** Called when what came next had been deleted before it could be read. */
  readonly skipped?: () => void
}

export interface LogLine {
  /** In UTC, to the nanosecond, so that lines can be compared by it as texts. */
  readonly at: Timestamp
  readonly stream: 'stdout' | 'stderr'
  readonly text: string
}

/** One attempt of a container that runs. */
export interface RunningContainer {
  readonly uid: PodUid
  readonly container: string
  readonly attempt: number
}

export interface KeepLogsRequest {
  readonly containers: readonly RunningContainer[]
  readonly limits: LogLimits
}

export interface NodeInfo {
  readonly node: NodeName
  readonly runtime: string
  readonly bootId: string
  readonly kernelVersion?: string
  /** What its system calls itself: `Debian GNU/Linux 12 (bookworm)`. */
  readonly osImage?: string
  readonly addresses: readonly string[]
  readonly cpuMillis: number
  readonly memoryBytes: number
  readonly podsMax: number
  /** Of the file system that holds the root; absent: not known, and no limit to requests. */
  readonly ephemeralStorageBytes?: number
  /** Other resources that pods may request, such as `hugepages-2Mi`, in units; what is not named here there is none of. */
  readonly extendedResources?: Readonly<Record<string, number>>
  /** As Go names it: amd64, arm64 ... */
  readonly architecture?: string
  /** What works less well than it should here and why, a sentence each: shown as warnings. */
  readonly warnings: readonly string[]
  /** Absent: the pods of the cluster are on this machine alone. */
  readonly network?: NodeNetwork
  /** No other node's pods are reached from here, and none of this node's from there; what leads from its ports to its pods works. */
  readonly isApart?: true
}

export interface NodeEvent {
  readonly node: NodeName
  /** Absent: look at the whole node. */
  readonly uid?: PodUid
}
