import { expect, test } from 'vitest'
import { linesOf, validOf } from './reading.ts'

const LEAVE_OUT = 'leave the file out with .reconcileignore if it is no manifest'
const NO_EXTENSIONS = "there is no API server to extend with kinds of one's own"

/** The start of an object, and what is said of it: `line:column: error: ...`. */
const CASES: readonly (readonly [title: string, text: string, line: string])[] = [
  [
    'a misspelt kind',
    'apiVersion: apps/v1\nkind: Deploymnet\nmetadata: {name: a}\n',
    '2:7: error: Deploymnet a: kind: there is no kind "Deploymnet" in apps/v1 (did you mean Deployment?)',
  ],
  [
    'a kind in lower case',
    'apiVersion: v1\nkind: configmap\nmetadata: {name: a}\n',
    '2:7: error: configmap a: kind: there is no kind "configmap" in v1 (did you mean ConfigMap?)',
  ],
  [
    'a version that is long gone',
    'apiVersion: extensions/v1beta1\nkind: Deployment\nmetadata: {name: a}\n',
    '1:13: error: Deployment a: apiVersion: there is no Deployment in apiVersion "extensions/v1beta1" (write apps/v1)',
  ],
  [
    'a version of another group',
    'apiVersion: v1\nkind: Deployment\nmetadata: {name: a}\n',
    '1:13: error: Deployment a: apiVersion: there is no Deployment in apiVersion "v1" (write apps/v1)',
  ],
  [
    'no version',
    'kind: Deployment\nmetadata: {name: a}\n',
    '1:1: error: Deployment a: required field apiVersion is missing (for a Deployment: apps/v1)',
  ],
  [
    'no kind',
    'apiVersion: v1\nmetadata: {name: a}\n',
    '1:1: error: required field kind is missing (such as kind: Pod)',
  ],
  ['a number as its kind', 'apiVersion: v1\nkind: 5\n', '2:7: error: kind: must be text (such as kind: Pod)'],
  [
    'a custom kind',
    'apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: a}\n',
    `2:7: error: Certificate a: kind: the kind Certificate of cert-manager.io/v1 is not supported: ${NO_EXTENSIONS}`,
  ],
  [
    "a custom kind that is called as one of Kubernetes' own",
    'apiVersion: serving.knative.dev/v1\nkind: Service\nmetadata: {name: a}\n',
    `2:7: error: Service a: kind: the kind Service of serving.knative.dev/v1 is not supported: ${NO_EXTENSIONS}`,
  ],
  [
    'a kind of Kubernetes that is not run',
    'apiVersion: rbac.authorization.k8s.io/v1\nkind: Role\nmetadata: {name: a}\n',
    '2:7: error: Role a: kind: the kind Role is not supported: nothing here asks for permission: there is no Kubernetes API server to guard or extend',
  ],
  [
    'a kustomization',
    'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [a.yaml]\n',
    '2:7: error: Kustomization: kind: kustomizations are not built here (commit what `kustomize build` prints)',
  ],
  [
    'a kustomization without its kind',
    'resources: [a.yaml]\n',
    `1:1: error: this is no Kubernetes object but looks like a kustomization (commit what \`kustomize build\` prints; ${LEAVE_OUT})`,
  ],
  [
    'something else',
    'version: "3"\nservices: {}\n',
    `1:1: error: this is no Kubernetes object: it has neither apiVersion nor kind (${LEAVE_OUT})`,
  ],
  [
    'no metadata',
    'apiVersion: v1\nkind: ConfigMap\n',
    '1:1: error: ConfigMap: metadata: required field is missing',
  ],
  [
    'no name',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {}\n',
    '3:1: error: ConfigMap: metadata.name: required field is missing',
  ],
  [
    'a name with a capital',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: Web}\n',
    `3:18: error: ConfigMap default/Web: metadata.name: "Web" must consist of lower case letters, digits, '-' or '.', and start and end with a letter or digit`,
  ],
  [
    'a namespace with a dot',
    'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, namespace: b.c}\n',
    `3:32: error: ConfigMap b.c/a: metadata.namespace: "b.c" must consist of lower case letters, digits or '-', and start and end with a letter or digit`,
  ],
  [
    'a namespace for a kind that has none',
    'apiVersion: v1\nkind: Namespace\nmetadata: {name: a, namespace: b}\n',
    '3:32: error: Namespace a: metadata.namespace: a Namespace is in no namespace (leave it out)',
  ],
]

test.each(CASES)('an object with %s is told so', (_, text, line) => {
  expect(linesOf(text)).toEqual([`a.yaml:${line}`])
})

function cluster(spec: string): string {
  return `apiVersion: reconcile.dev/v1\nkind: Cluster\nmetadata: {name: home}\nspec: ${spec}\n`
}

const CLUSTERS: readonly (readonly [title: string, spec: string, line: string])[] = [
  [
    'that is no range',
    '{podCIDR: 10.244.0.0}',
    '4:17: error: Cluster home: spec.podCIDR: "10.244.0.0" is no range of addresses (an address with no bits behind its prefix, such as 10.244.0.0/16)',
  ],
  [
    'with bits behind its prefix',
    '{podCIDR: 10.244.1.0/16}',
    '4:17: error: Cluster home: spec.podCIDR: "10.244.1.0/16" is no range of addresses (an address with no bits behind its prefix, such as 10.244.0.0/16)',
  ],
  [
    "within the Services' default",
    '{podCIDR: 10.96.128.0/17}',
    '4:17: error: Cluster home: spec.podCIDR: podCIDR and serviceCIDR overlap (pods and Services need addresses of their own)',
  ],
]

test.each(CLUSTERS)('a pod CIDR %s is refused', (_, spec, line) => {
  expect(linesOf(cluster(spec))).toEqual([`a.yaml:${line}`])
})

test("a mirror that is no URL, and a Node's address that is none, are refused", () => {
  expect(linesOf(cluster('{registries: {mirrors: {docker.io: [mirror.example]}}}'))).toEqual([
    'a.yaml:4:43: error: Cluster home: spec.registries.mirrors[docker.io][0]: "mirror.example" is no address of a registry (such as https://mirror.example)',
  ])
  expect(
    linesOf(
      'apiVersion: reconcile.dev/v1\nkind: Node\nmetadata: {name: a}\nspec: {address: root@192.0.2.1}\n',
    ),
  ).toEqual([
    'a.yaml:4:17: error: Node a: spec.address: "root@192.0.2.1" is no address of a machine (such as ssh://user@host or, for this machine, none at all)',
  ])
})

test('only amounts of what a machine has can be reserved on it', () => {
  const reserved = '{systemReserved: {cpu: 500m, memroy: 1Gi, pid: "1000", ephemeral-storage: -1Gi}}'
  const complaints = [
    'spec.systemReserved.memroy: "memroy" cannot be reserved: it must be cpu, memory or ephemeral-storage (did you mean memory?)',
    'spec.systemReserved.pid: "pid" cannot be reserved: it must be cpu, memory or ephemeral-storage (podPidsLimit limits the processes of each pod)',
    'spec.systemReserved.ephemeral-storage: must be 0 or more, not -1Gi',
  ]
  const told = (text: string) => linesOf(text).map((line) => line.replace(/^\S+ error: /, ''))
  expect(told(cluster(reserved))).toEqual(complaints.map((one) => `Cluster home: ${one}`))
  expect(told(`apiVersion: reconcile.dev/v1\nkind: Node\nmetadata: {name: a}\nspec: ${reserved}\n`)).toEqual(
    complaints.map((one) => `Node a: ${one}`),
  )
})

test('an autoscaler of the first version is read as Kubernetes converts it', () => {
  const text = `apiVersion: autoscaling/v1
kind: HorizontalPodAutoscaler
metadata: {name: a}
spec:
  scaleTargetRef: {kind: Deployment, name: web}
  maxReplicas: 3
  targetCPUUtilizationPercentage: 50
`
  const { objects } = validOf({ 'a.yaml': text }, 'files')
  expect([...objects.values()].map(({ written }) => written)).toEqual([
    {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'a', namespace: 'default' },
      spec: {
        scaleTargetRef: { kind: 'Deployment', name: 'web' },
        maxReplicas: 3,
        metrics: [
          {
            type: 'Resource',
            resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
          },
        ],
      },
    },
  ])
  expect(linesOf(text.replace('autoscaling/v1', 'autoscaling/v2'), 'files')).toContain(
    'a.yaml:7:3: error: HorizontalPodAutoscaler default/a: spec.targetCPUUtilizationPercentage: unknown field',
  )
})

test('a StorageClass is read, and said to provision nothing', () => {
  const text =
    'apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: fast}\nprovisioner: example.com/fast\n'
  expect(linesOf(text)).toEqual([
    'a.yaml:4:14: warning: StorageClass fast: provisioner: has no effect: no provisioner runs here, and claims of the class bind to PersistentVolumes of the commit only',
  ])
  expect(linesOf(text.replace('example.com/fast', 'kubernetes.io/no-provisioner'))).toEqual([])
})

function service(name: string, spec: string): string {
  return `apiVersion: v1\nkind: Service\nmetadata: {name: ${name}}\nspec: {${spec}}\n`
}

test.each([
  ['ports: []', 'spec.ports: required field is missing'],
  ['ports: [{port: 1}, {port: 2, name: b}]', 'spec.ports[0].name: required field is missing'],
  [
    'ports: [{port: 1, nodePort: 30000}]',
    "spec.ports[0].nodePort: may not be used when `type` is 'ClusterIP'",
  ],
  [
    'type: NodePort, ports: [{port: 1, nodePort: 80}]',
    'spec.ports[0].nodePort: 80: provided port is not in the valid range',
  ],
  [
    'type: NodePort, clusterIP: None, ports: [{port: 1}]',
    "spec.clusterIP: may not be set to 'None' for NodePort services",
  ],
  [
    'externalTrafficPolicy: Local, ports: [{port: 1}]',
    'spec.externalTrafficPolicy: may only be set for externally-accessible services',
  ],
])('a Service is checked as the API server does: %s', (spec, said) => {
  expect(linesOf(service('web', spec))[0]).toContain(`error: Service default/web: ${said}`)
})

function volumeLines(spec: string): readonly string[] {
  return linesOf(`apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: a}\nspec: {${spec}}\n`)
}

test('a PersistentVolume is a folder of a machine or of a server', () => {
  const common = 'capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce]'
  const here =
    'nodeAffinity: {required: {nodeSelectorTerms: [{matchExpressions: [{key: a, operator: Exists}]}]}}'
  expect(volumeLines(`${common}, hostPath: {path: /a}`)).toEqual([])
  expect(volumeLines(`${common}, local: {path: /a}, ${here}`)).toEqual([])
  expect(volumeLines(`${common}, nfs: {server: a, path: /a}, mountOptions: [nfsvers=4.1, hard]`)).toEqual([])
})

test.each([
  ['hostPath: {path: /a}', 'spec.accessModes: required field is missing', 'capacity: {storage: 1Gi}'],
  [
    'hostPath: {path: /a}',
    'spec.capacity.storage: required field is missing',
    'accessModes: [ReadWriteOnce]',
  ],
  ['', 'spec: must specify a volume type: hostPath, local or nfs'],
  ['hostPath: {path: /a}, nfs: {server: a, path: /a}', 'spec: may not have more than one of hostPath, nfs'],
  ['local: {path: /a}', 'spec.nodeAffinity.required: required field is missing'],
  ['hostPath: {path: /a/../b}', "spec.hostPath.path: must not contain '..'"],
  ['nfs: {server: a, path: a}', 'spec.nfs.path: must be an absolute path'],
  ['nfs: {server: "-o x", path: /a}', 'is no name or address of a server'],
  ['hostPath: {path: /a}, mountOptions: [hard]', 'spec.mountOptions: may be given for nfs only'],
  ['hostPath: {path: /a}, claimRef: {name: a}', 'spec.claimRef.namespace: required field is missing'],
  [
    'hostPath: {path: /a}, persistentVolumeReclaimPolicy: Delete',
    'the engine deletes only what it made itself',
  ],
  ['hostPath: {path: /a}, volumeMode: Block', 'spec.volumeMode: may be Block for local only'],
  ['csi: {driver: a, volumeHandle: b}', 'no CSI drivers run here'],
])('a PersistentVolume with %s is refused', (source, message, ...others) => {
  const [rest = 'capacity: {storage: 1Gi}, accessModes: [ReadWriteOnce]'] = others
  expect(volumeLines([rest, source].filter((part) => part !== '').join(', ')).join('\n')).toContain(message)
})

test('a pod for Windows has paths of Windows, and is told that it will wait', () => {
  const spec = `nodeSelector: {kubernetes.io/os: windows}
  volumes: [{name: v, hostPath: {path: 'C:\\data'}}]
  containers: [{name: a, image: a, volumeMounts: [{name: v, mountPath: 'C:\\data'}]}]
`
  const text = `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  ${spec}`
  expect(linesOf(text)).toEqual([
    'a.yaml:5:17: warning: Pod default/a: spec.nodeSelector: asks for a Windows node, and there are none: the pod will wait',
  ])
  expect(linesOf(text.replace('windows', 'linux'))).toHaveLength(2)
})

function bundle(name: string, spec: string): string {
  return `apiVersion: certificates.k8s.io/v1beta1\nkind: ClusterTrustBundle\nmetadata: {name: '${name}'}\nspec: {${spec}}\n`
}

test('a trust bundle holds certificates, and is named after its signer', () => {
  const certificate = 'trustBundle: "-----BEGIN CERTIFICATE-----\\nMAA=\\n-----END CERTIFICATE-----"'
  expect(linesOf(bundle('own', certificate))).toEqual([])
  expect(linesOf(bundle('example.com:ca:a', `signerName: example.com/ca, ${certificate}`))).toEqual([])
  expect(linesOf(bundle('own', `signerName: example.com/ca, ${certificate}`))).toEqual([
    'a.yaml:3:18: error: ClusterTrustBundle own: metadata.name: the bundle of signer example.com/ca must be named with prefix example.com:ca:',
  ])
  expect(linesOf(bundle('own', certificate.replaceAll('CERTIFICATE', 'PRIVATE KEY')))).toEqual([
    'a.yaml:4:21: error: ClusterTrustBundle own: spec.trustBundle: must be PEM blocks of CERTIFICATE and nothing else',
  ])
  expect(linesOf(bundle('own', 'trustBundle: ""'))).toEqual([
    'a.yaml:4:21: error: ClusterTrustBundle own: spec.trustBundle: at least one trust anchor must be provided',
  ])
})

test('a claim is copied within its namespace', () => {
  const claim = (namespace: string): string => `apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: a, namespace: prod}
spec:
  accessModes: [ReadWriteOnce]
  resources: {requests: {storage: 1Gi}}
  dataSourceRef: {kind: PersistentVolumeClaim, name: b, namespace: ${namespace}}
`
  expect(linesOf(claim('prod')).join('\n')).not.toContain('dataSourceRef')
  expect(linesOf(claim('dev')).join('\n')).toContain(
    'spec.dataSourceRef.namespace: not supported: a claim is copied within its namespace, which is prod: there are no ReferenceGrants',
  )
})

test('a pod that asks for another scheduler is told that it will wait', () => {
  const pod = (name: string): string =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {schedulerName: ${name}, containers: [{name: a, image: a}]}\n`
  expect(linesOf(pod('default-scheduler'))).toEqual([])
  expect(linesOf(pod('another'))).toEqual([
    'a.yaml:4:23: warning: Pod default/a: spec.schedulerName: is not default-scheduler, and no other one runs here: the pod will wait',
  ])
})

test.each([
  ['{name: disk, devicePath: /dev/a}', ''],
  ['{name: dis, devicePath: /dev/a}', 'volumeDevices[0].name: the pod has no volume named "dis"'],
  ['{name: dir, devicePath: /dev/a}', 'volumeDevices[0].name: must be a volume of a PersistentVolumeClaim'],
  ['{name: disk, devicePath: dev/a}', 'volumeDevices[0].devicePath: must be an absolute path'],
  ['{name: disk, devicePath: /d}', 'volumeDevices[0].devicePath: "/d" is a mountPath too'],
])('a disk in a container: %s', (device, said) => {
  const volumes = '[{name: dir, emptyDir: {}}, {name: disk, persistentVolumeClaim: {claimName: c}}]'
  const container = `{name: a, image: a, volumeMounts: [{name: dir, mountPath: /d}], volumeDevices: [${device}]}`
  const text = `apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [${container}], volumes: ${volumes}}\n`
  const lines = linesOf(text, 'files').filter((line) => line.includes('volumeDevices'))
  if (said === '') expect(lines).toEqual([])
  else expect(lines.join('\n')).toContain(said)
})
