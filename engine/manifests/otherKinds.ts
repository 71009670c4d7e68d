/** A kind of Kubernetes' own that has no schema here: it is refused as not supported, not as unknown. */
export interface OtherKind {
  readonly group: string
  readonly reason: string
}

const noServer = 'there is no Kubernetes API server to guard or extend'
const noPermissions = `nothing here asks for permission: ${noServer}`
const noStorage = 'no CSI drivers run here: a PersistentVolume is a folder of a machine or of an NFS server'
const noGateways = 'gateways are not run; an Ingress leads HTTP requests to Services'
const noDevices = 'dynamic resource allocation does not exist here'
const notStored = 'it is made by Kubernetes itself, not written in a manifest'

const byGroup: readonly (readonly [group: string, reason: string, kinds: readonly string[]])[] = [
  ['', 'ReplicationControllers are not run; a Deployment does the same', ['ReplicationController']],
  ['', notStored, ['Binding', 'ComponentStatus', 'Endpoints', 'Event']],
  ['', 'pod templates of their own are not used', ['PodTemplate']],
  ['apps', notStored, ['ControllerRevision']],
  [
    'networking.k8s.io',
    'network policies are not enforced, and to pretend so would be unsafe',
    ['NetworkPolicy'],
  ],
  ['networking.k8s.io', "the Cluster's serviceCIDR says it", ['IPAddress', 'ServiceCIDR']],
  [
    'gateway.networking.k8s.io',
    noGateways,
    ['Gateway', 'GatewayClass', 'GRPCRoute', 'HTTPRoute', 'ReferenceGrant', 'TLSRoute'],
  ],
  [
    'storage.k8s.io',
    noStorage,
    ['CSIDriver', 'CSINode', 'CSIStorageCapacity', 'VolumeAttachment', 'VolumeAttributesClass'],
  ],
  ['snapshot.storage.k8s.io', noStorage, ['VolumeSnapshot', 'VolumeSnapshotClass', 'VolumeSnapshotContent']],
  ['rbac.authorization.k8s.io', noPermissions, ['ClusterRole', 'ClusterRoleBinding', 'Role', 'RoleBinding']],
  ['authentication.k8s.io', noPermissions, ['SelfSubjectReview', 'TokenRequest', 'TokenReview']],
  [
    'authorization.k8s.io',
    noPermissions,
    ['LocalSubjectAccessReview', 'SelfSubjectAccessReview', 'SelfSubjectRulesReview', 'SubjectAccessReview'],
  ],
  ['certificates.k8s.io', noServer, ['CertificateSigningRequest', 'PodCertificateRequest']],
  ['coordination.k8s.io', notStored, ['Lease', 'LeaseCandidate']],
  ['apiextensions.k8s.io', noServer, ['CustomResourceDefinition']],
  ['apiregistration.k8s.io', noServer, ['APIService']],
  [
    'admissionregistration.k8s.io',
    noServer,
    [
      'MutatingAdmissionPolicy',
      'MutatingAdmissionPolicyBinding',
      'MutatingWebhookConfiguration',
      'ValidatingAdmissionPolicy',
      'ValidatingAdmissionPolicyBinding',
      'ValidatingWebhookConfiguration',
    ],
  ],
  ['flowcontrol.apiserver.k8s.io', noServer, ['FlowSchema', 'PriorityLevelConfiguration']],
  ['policy', 'pods are evicted by deleting them from the repository', ['Eviction']],
  ['policy', 'gone from Kubernetes itself', ['PodSecurityPolicy']],
  [
    'resource.k8s.io',
    noDevices,
    ['DeviceClass', 'DeviceTaintRule', 'ResourceClaim', 'ResourceClaimTemplate', 'ResourceSlice'],
  ],
  ['scheduling.k8s.io', 'pods are placed one by one, not in groups', ['PodGroup', 'Workload']],
]

export const otherKinds: ReadonlyMap<string, OtherKind> = new Map(
  byGroup.flatMap(([group, reason, names]) => names.map((name) => [name, { group, reason }] as const)),
)
