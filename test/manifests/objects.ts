const CLAIM = { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } }, selector: {} }

const POD = {
  metadata: { labels: { app: 'web' }, annotations: { a: 'b', 'kubernetes.io/egress-bandwidth': '1M' } },
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
          { name: 'E', valueFrom: { fileKeyRef: { key: 'A', path: 'a', volumeName: 'c' } } },
        ],
        envFrom: [{ prefix: 'A_', secretRef: { name: 'a' } }],
        resources: { limits: { cpu: '1' }, requests: { cpu: '1' } },
        readinessProbe: { httpGet: { port: 'http', httpHeaders: [{ name: 'a', value: 'b' }] } },
        lifecycle: {
          preStop: { sleep: { seconds: 1 } },
          postStart: { tcpSocket: { port: 1 } },
          stopSignal: 'SIGTERM',
        },
        restartPolicy: 'OnFailure',
        restartPolicyRules: [{ action: 'Restart', exitCodes: { operator: 'In', values: [1] } }],
        livenessProbe: { grpc: { port: 1, service: 'a' } },
        volumeMounts: [
          { name: 'a', mountPath: '/a', subPath: 'b' },
          { name: 'e', mountPath: '/b', readOnly: true, recursiveReadOnly: 'Enabled' },
          { name: 'e', mountPath: '/c', subPathExpr: '$(A)' },
        ],
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
      {
        name: 'e',
        projected: {
          sources: [
            { configMap: { name: 'a', items: [{ key: 'a', path: 'b' }] } },
            { secret: { name: 'a' } },
            { clusterTrustBundle: { signerName: 'example.com/ca', labelSelector: {}, path: 'd' } },
            { downwardAPI: { items: [{ path: 'c', fieldRef: { fieldPath: 'metadata.labels' } }] } },
          ],
        },
      },
      {
        name: 'f',
        downwardAPI: {
          items: [{ path: 'a', resourceFieldRef: { containerName: 'web', resource: 'limits.cpu' } }],
        },
      },
      { name: 'g', image: { reference: 'a' } },
      { name: 'h', ephemeral: { volumeClaimTemplate: { spec: CLAIM } } },
    ],
    dnsConfig: { nameservers: ['192.0.2.1'] },
    hostAliases: [{ ip: '192.0.2.1', hostnames: ['a'] }],
    imagePullSecrets: [{ name: 'a' }],
    securityContext: {
      supplementalGroups: [1],
      sysctls: [{ name: 'net.core.somaxconn', value: '9' }],
      appArmorProfile: { type: 'Localhost', localhostProfile: 'a' },
    },
    nodeSelector: { a: 'b' },
    affinity: {
      nodeAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: {
          nodeSelectorTerms: [
            {
              matchExpressions: [{ key: 'a', operator: 'Gt', values: ['1'] }],
              matchFields: [{ key: 'metadata.name', operator: 'In', values: ['a'] }],
            },
          ],
        },
        preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: {} }],
      },
      podAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: [
          { weight: 1, podAffinityTerm: { topologyKey: 'a', labelSelector: {}, matchLabelKeys: ['b'] } },
        ],
      },
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          { topologyKey: 'a', namespaces: ['a'], namespaceSelector: {} },
        ],
      },
    },
    tolerations: [{ key: 'a', value: 'b', effect: 'NoExecute', tolerationSeconds: 1 }],
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'a', whenUnsatisfiable: 'DoNotSchedule', minDomains: 1, labelSelector: {} },
    ],
    readinessGates: [{ conditionType: 'a' }],
    resources: { limits: { cpu: '2' }, requests: { cpu: '1' } },
    subdomain: 'a',
    priorityClassName: 'a',
    serviceAccountName: 'a',
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
      ordinals: { start: 1 },
      updateStrategy: { rollingUpdate: { partition: 1, maxUnavailable: 1 } },
      volumeClaimTemplates: [{ metadata: { name: 'a' }, spec: CLAIM }],
    },
  },
  {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'a', annotations: { 'reconcile.dev/replace': 'true' } },
    spec: { selector, template: POD, updateStrategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } } },
  },
  { apiVersion: 'apps/v1', kind: 'ReplicaSet', metadata: { name: 'a' }, spec: { selector, template: POD } },
  {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name: 'a' },
    spec: {
      template: JOB_POD,
      selector,
      manualSelector: true,
      completionMode: 'Indexed',
      completions: 3,
      parallelism: 2,
      backoffLimitPerIndex: 1,
      maxFailedIndexes: 1,
      podFailurePolicy: {
        rules: [
          { action: 'FailIndex', onExitCodes: { containerName: 'web', operator: 'In', values: [1] } },
          { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
        ],
      },
      successPolicy: { rules: [{ succeededCount: 1, succeededIndexes: '0,1-2' }] },
    },
  },
  {
    apiVersion: 'batch/v1',
    kind: 'CronJob',
    metadata: { name: 'a' },
    spec: {
      schedule: '*/5 8-17 * * mon-fri',
      timeZone: 'Europe/Berlin',
      jobTemplate: { spec: { template: JOB_POD } },
    },
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
    spec: CLAIM,
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
    spec: {
      maxReplicas: 3,
      scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'a' },
      metrics: [
        {
          type: 'Resource',
          resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: 50 } },
        },
        {
          type: 'ContainerResource',
          containerResource: {
            container: 'web',
            name: 'memory',
            target: { type: 'AverageValue', averageValue: 1 },
          },
        },
      ],
      behavior: {
        scaleDown: { policies: [{ type: 'Pods', value: 1, periodSeconds: 60 }], tolerance: '0.1' },
        scaleUp: { selectPolicy: 'Disabled' },
      },
    },
  },
  {
    apiVersion: 'reconcile.dev/v1',
    kind: 'Cluster',
    metadata: { name: 'a' },
    spec: { podCIDR: '10.1.0.0/16', registries: { mirrors: { a: ['http://a'] } } },
  },
  {
    apiVersion: 'reconcile.dev/v1',
    kind: 'Node',
    metadata: { name: 'a' },
    spec: {
      address: 'ssh://a',
      taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }],
      unschedulable: true,
    },
  },
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a' } },
  { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' } },
  {
    apiVersion: 'certificates.k8s.io/v1beta1',
    kind: 'ClusterTrustBundle',
    metadata: { name: 'example.com:ca:a' },
    spec: {
      signerName: 'example.com/ca',
      trustBundle: '-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n',
    },
  },
  {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name: 'a', labels: { a: 'b' } },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteMany'],
      storageClassName: 'a',
      nfs: { server: 'a', path: '/a', readOnly: true },
      mountOptions: ['nfsvers=4.1'],
      claimRef: { namespace: 'default', name: 'a' },
      nodeAffinity: {
        required: { nodeSelectorTerms: [{ matchExpressions: [{ key: 'a', operator: 'Exists' }] }] },
      },
    },
  },
  {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'a' },
    provisioner: 'a',
    allowedTopologies: [{ matchLabelExpressions: [{ key: 'a', values: ['b'] }] }],
  },
  { apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata: { name: 'a' }, value: 1 },
]
