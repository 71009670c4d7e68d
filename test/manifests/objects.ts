const POD = {
  metadata: { labels: { app: 'web' }, annotations: { a: 'b' } },
  spec: {
    initContainers: [
      { name: 'init', image: 'a', restartPolicy: 'Always', startupProbe: { exec: { command: ['a'] } } },
    ],
    containers: [
      {
        name: 'web',
        image: 'web:1',
        ports: [{ name: 'http', containerPort: 80, hostPort: 80, hostIP: '127.0.0.1' }],
        env: [
          { name: 'A', value: 'b' },
          { name: 'B', valueFrom: { configMapKeyRef: { name: 'a', key: 'b' } } },
          { name: 'C', valueFrom: { resourceFieldRef: { resource: 'limits.cpu', divisor: '1m' } } },
          { name: 'D', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
        ],
        envFrom: [{ prefix: 'A_', secretRef: { name: 'a' } }],
        resources: { limits: { cpu: '1' }, requests: { cpu: '1' } },
        readinessProbe: { httpGet: { port: 'http', httpHeaders: [{ name: 'a', value: 'b' }] } },
        lifecycle: {
          preStop: { sleep: { seconds: 1 } },
          postStart: { tcpSocket: { port: 1 } },
          stopSignal: 'SIGTERM',
        },
        volumeMounts: [{ name: 'a', mountPath: '/a', subPath: 'b' }],
        securityContext: {
          capabilities: { add: ['ALL'] },
          seccompProfile: { type: 'Localhost', localhostProfile: 'a' },
        },
      },
    ],
    volumes: [
      { name: 'a', configMap: { name: 'a', items: [{ key: 'a', path: 'b' }] } },
      { name: 'b', hostPath: { path: '/a' } },
      { name: 'c', emptyDir: { sizeLimit: '1Mi' } },
      { name: 'd', persistentVolumeClaim: { claimName: 'a' } },
    ],
    dnsConfig: { nameservers: ['192.0.2.1'] },
    hostAliases: [{ ip: '192.0.2.1', hostnames: ['a'] }],
    imagePullSecrets: [{ name: 'a' }],
    securityContext: { supplementalGroups: [1], sysctls: [{ name: 'a', value: 'b' }] },
    nodeSelector: { a: 'b' },
    os: { name: 'linux' },
  },
}

const JOB_POD = { ...POD, spec: { ...POD.spec, restartPolicy: 'Never' } }

const selector = {
  matchLabels: { app: 'web' },
  matchExpressions: [{ key: 'app', operator: 'In', values: ['web'] }],
}

/** One object of every kind, rich in fields. */
export const OBJECTS: readonly Readonly<Record<string, unknown>>[] = [
  { apiVersion: 'v1', kind: 'Pod', ...POD, metadata: { name: 'a', ...POD.metadata } },
  {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'a' },
    spec: { selector, template: POD, strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: '10%' } } },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'StatefulSet',
    metadata: { name: 'a' },
    spec: {
      selector,
      template: POD,
      serviceName: 'a',
      volumeClaimTemplates: [
        { metadata: { name: 'a' }, spec: { resources: { requests: { storage: '1Gi' } } } },
      ],
    },
  },
  { apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'a' }, spec: { selector, template: POD } },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'a' }, spec: { selector, template: POD } },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'a' },
    spec: { template: JOB_POD, selector, manualSelector: true },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'a' },
    spec: { schedule: '* * * * *', jobTemplate: { spec: { template: JOB_POD } } },
  },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a' },
    spec: { selector: { a: 'b' }, ports: [{ name: 'a', port: 80, targetPort: 'http' }] },
  },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'a' },
    data: { a: 'b' },
    binaryData: { b: 'aGk=' },
  },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'a' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': 'e30=' },
    stringData: { a: 'b' },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'a' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: { name: 'a' },
    spec: { minAvailable: 1, selector },
  },
  {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a' },
    spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'a' } },
  },
  {
    apiVersion: 'reconcile.dev/v1',
    kind: 'Cluster',
    metadata: { name: 'a' },
    spec: { podCIDR: '10.1.0.0/16', registries: { mirrors: { a: ['http://a'] } } },
  },
  { apiVersion: 'reconcile.dev/v1', kind: 'Node', metadata: { name: 'a' }, spec: { address: 'ssh://a' } },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' } },
  { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'a' }, value: 1 },
]
