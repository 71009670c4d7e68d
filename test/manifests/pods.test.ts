import { expect, test } from 'vitest'
import { podLines } from './reading.ts'

type Parts = Parameters<typeof podLines>[0]

const LONG = 'x'.repeat(64)

/** What is wrong with a Pod, and all that is said of it: `line:column field: message (suggestion)`. */
const CASES: readonly (readonly [title: string, parts: Parts, lines: readonly string[]])[] = [
  [
    'a label value that is too long',
    { meta: `  labels: {a: ${LONG}}\n` },
    [`5:15 metadata.labels.a: "${LONG}" must be no more than 63 characters`],
  ],
  [
    'a label key with a bad prefix',
    { meta: `  labels: {Bad_/a: x}\n` },
    [
      "5:20 metadata.labels[Bad_/a]: the key \"Bad_/a\" has a part before the '/' that must consist of lower case letters, digits, '-' or '.', and start and end with a letter or digit",
    ],
  ],
  [
    'an annotation key with two slashes',
    { meta: `  annotations: {a/b/c: x}\n` },
    [
      '5:24 metadata.annotations[a/b/c]: the key "a/b/c" must be a name, or a DNS name and a name with one \'/\' between',
    ],
  ],
  [
    'generateName',
    { meta: `  generateName: web-\n` },
    [
      '5:3 metadata.generateName: not supported: a commit is applied again and again, so every object needs a fixed name',
    ],
  ],
  [
    'two containers of one name',
    { spec: `  initContainers:\n  - {name: web, image: a}\n` },
    ['9:11 spec.containers[0].name: "web" is used twice, and must be unique'],
  ],
  [
    'an image with white space',
    { spec: `  initContainers:\n  - {name: a, image: " a"}\n` },
    ['7:22 spec.initContainers[0].image: must not start or end with white space'],
  ],
  [
    'a missing image',
    { spec: `  initContainers:\n  - name: a\n` },
    ['7:5 spec.initContainers[0].image: required field is missing'],
  ],
  [
    'an image that is none',
    { spec: `  initContainers:\n  - {name: a, image: "Web App"}\n` },
    ['7:22 warning spec.initContainers[0].image: "Web App" is no image reference, so it cannot be pulled'],
  ],
  [
    'a misspelt field',
    { container: `    imagePullPolcy: Always\n` },
    ['9:5 spec.containers[0].imagePullPolcy: unknown field (did you mean imagePullPolicy?)'],
  ],
  [
    'a field at the wrong level',
    { container: `    hostNetwork: true\n` },
    [
      '9:5 spec.containers[0].hostNetwork: unknown field (hostNetwork belongs beside containers, not inside of it; check the indentation)',
    ],
  ],
  [
    'a field of the level below',
    { spec: `  image: web\n` },
    ['6:3 spec.image: unknown field (image belongs into containers; check the indentation)'],
  ],
  [
    'a wrong enum value',
    { container: `    imagePullPolicy: always\n` },
    [
      '9:22 spec.containers[0].imagePullPolicy: "always" is not one of the supported values "Always", "IfNotPresent", "Never" (did you mean Always?)',
    ],
  ],
  [
    'a boolean as an argument',
    { container: `    command: [redis, --appendonly, no]\n` },
    [
      '9:36 spec.containers[0].command[2]: must be text, not the boolean false (put it in quotes: yes, no, on and off are booleans too)',
    ],
  ],
  [
    'a number as a variable',
    { container: `    env:\n    - name: PORT\n      value: 8080\n` },
    ['11:14 spec.containers[0].env[0].value: must be text, not the number 8080 (put it in quotes)'],
  ],
  [
    'text for a number',
    { spec: `  terminationGracePeriodSeconds: "30"\n` },
    [
      '6:34 spec.terminationGracePeriodSeconds: must be a whole number, not the text "30" (take away the quotes)',
    ],
  ],
  [
    'a number below its minimum',
    { spec: `  terminationGracePeriodSeconds: -1\n` },
    ['6:34 spec.terminationGracePeriodSeconds: must be >= 0, not -1'],
  ],
  [
    'a list where a map must be',
    { container: `    resources: []\n` },
    ['9:16 spec.containers[0].resources: must be a map, not a list'],
  ],
  [
    'two ports of one name',
    {
      container: `    ports:\n    - {name: http, containerPort: 80}\n    - {name: http, containerPort: 81}\n`,
    },
    ['11:14 spec.containers[0].ports[1].name: "http" is used twice, and must be unique'],
  ],
  [
    'a port name that is too long',
    { container: `    ports:\n    - {name: a-very-long-port-name, containerPort: 80}\n` },
    ['10:14 spec.containers[0].ports[0].name: "a-very-long-port-name" must be no more than 15 characters'],
  ],
  [
    'a port out of range',
    { container: `    ports:\n    - containerPort: 70000\n` },
    ['10:22 spec.containers[0].ports[0].containerPort: must be <= 65535, not 70000'],
  ],
  [
    'two equal host ports',
    {
      container: `    ports:\n    - {containerPort: 80, hostPort: 8080}\n    - {containerPort: 81, hostPort: 8080}\n`,
    },
    ['11:37 spec.containers[0].ports[1].hostPort: port 8080 of the host is used twice in this pod'],
  ],
  [
    'a host port that is not the container port in the host network',
    { spec: `  hostNetwork: true\n`, container: `    ports:\n    - {containerPort: 80, hostPort: 8080}\n` },
    [
      "11:37 spec.containers[0].ports[0].hostPort: must be the containerPort, as the pod is in the host's network",
    ],
  ],
  [
    'a quantity that is none',
    { container: `    resources:\n      limits: {memory: 64MB}\n` },
    [
      '10:24 spec.containers[0].resources.limits.memory: "64MB" is no quantity (a quantity is a number with a suffix such as m, k, M, G, Ki, Mi or Gi: 500m, 64Mi)',
    ],
  ],
  [
    'a request above its limit',
    { container: `    resources:\n      limits: {cpu: 100m}\n      requests: {cpu: 1}\n` },
    [
      '11:23 spec.containers[0].resources.requests.cpu: the request 1 must be no more than the cpu limit 100m',
    ],
  ],
  [
    'a misspelt resource',
    { container: `    resources:\n      limits: {memroy: 64Mi}\n` },
    [
      '10:24 spec.containers[0].resources.limits.memroy: "memroy" is no resource: it must be cpu, memory, ephemeral-storage or fully qualified (did you mean memory?)',
    ],
  ],
  [
    'a negative quantity',
    { container: `    resources:\n      limits: {cpu: -1}\n` },
    ['10:21 spec.containers[0].resources.limits.cpu: must be 0 or more, not -1'],
  ],
  [
    'a device',
    { container: `    resources:\n      limits: {nvidia.com/gpu: 1}\n` },
    [
      '10:32 warning spec.containers[0].resources.limits[nvidia.com/gpu]: is on no node, so the pod will wait: there are no device plugins to hand it out',
    ],
  ],
  [
    'a size limit for a folder on disk',
    { spec: `  volumes:\n  - name: a\n    emptyDir: {sizeLimit: 1Gi}\n` },
    [
      '8:27 warning spec.volumes[0].emptyDir.sizeLimit: is looked at every 10 s on disk, while the engine runs: a pod that has gone beyond it is then evicted; medium: Memory enforces it at once',
    ],
  ],
  [
    'a mount without its volume',
    {
      spec: `  volumes:\n  - name: config\n`,
      container: `    volumeMounts:\n    - {name: confg, mountPath: /etc}\n`,
    },
    [
      '12:14 spec.containers[0].volumeMounts[0].name: the pod has no volume named "confg" (did you mean config?)',
    ],
  ],
  [
    'two mounts at one path',
    {
      spec: `  volumes:\n  - name: a\n`,
      container: `    volumeMounts:\n    - {name: a, mountPath: /etc}\n    - {name: a, mountPath: /etc}\n`,
    },
    ['13:28 spec.containers[0].volumeMounts[1].mountPath: "/etc" is used twice, and must be unique'],
  ],
  [
    'a sub path that climbs',
    {
      spec: `  volumes:\n  - name: a\n`,
      container: `    volumeMounts:\n    - {name: a, mountPath: /etc, subPath: a/../../b}\n`,
    },
    ["12:43 spec.containers[0].volumeMounts[0].subPath: must not contain '..'"],
  ],
  [
    'a relative mount path',
    { spec: `  volumes:\n  - name: a\n`, container: `    volumeMounts:\n    - {name: a, mountPath: etc}\n` },
    [
      '12:28 spec.containers[0].volumeMounts[0].mountPath: must be an absolute path of a Linux machine, which starts with /',
    ],
  ],
  [
    'two volumes of one name',
    { spec: `  volumes:\n  - name: a\n  - name: a\n` },
    ['8:11 spec.volumes[1].name: "a" is used twice, and must be unique'],
  ],
  [
    'a volume of two sources',
    { spec: `  volumes:\n  - {name: a, emptyDir: {}, hostPath: {path: /tmp}}\n` },
    ['7:5 spec.volumes[0]: may not have more than one of emptyDir, hostPath'],
  ],
  [
    'a hostPath that climbs',
    { spec: `  volumes:\n  - {name: a, hostPath: {path: /tmp/../etc}}\n` },
    ["7:32 spec.volumes[0].hostPath.path: must not contain '..'"],
  ],
  [
    'a volume of a Secret without a name',
    { spec: `  volumes:\n  - {name: a, secret: {}}\n` },
    ['7:15 spec.volumes[0].secret.secretName: required field is missing'],
  ],
  [
    'a file of a volume that climbs',
    {
      spec: `  volumes:\n  - {name: a, configMap: {name: a, optional: true, items: [{key: a, path: ../a}]}}\n`,
    },
    ["7:75 spec.volumes[0].configMap.items[0].path: must not contain '..'"],
  ],
  [
    'a mode of more than nine bits',
    {
      spec: `  volumes:\n  - {name: a, configMap: {name: a, optional: true, defaultMode: 0755}}\n  - {name: b, configMap: {name: a, optional: true, defaultMode: 755}}\n`,
    },
    ['8:65 spec.volumes[1].configMap.defaultMode: must be <= 511, not 755 (write it in octal, such as 0644)'],
  ],
  [
    'a variable name with =',
    { container: `    env:\n    - {name: a=b}\n` },
    [
      '10:14 spec.containers[0].env[0].name: "a=b" must consist of printable ASCII characters other than \'=\'',
    ],
  ],
  [
    'a variable with two values',
    { container: `    env:\n    - {name: a, value: b, valueFrom: {fieldRef: {fieldPath: metadata.name}}}\n` },
    ['10:38 spec.containers[0].env[0].valueFrom: may not be given together with value'],
  ],
  [
    'a variable from nothing',
    { container: `    env:\n    - {name: a, valueFrom: {}}\n` },
    [
      '10:28 spec.containers[0].env[0].valueFrom: must have one of configMapKeyRef, fieldRef, fileKeyRef, resourceFieldRef, secretKeyRef',
    ],
  ],
  [
    'a misspelt field of the pod',
    { container: `    env:\n    - {name: a, valueFrom: {fieldRef: {fieldPath: metadata.nmae}}}\n` },
    [
      "10:51 spec.containers[0].env[0].valueFrom.fieldRef.fieldPath: \"metadata.nmae\" is not one of the supported values metadata.name, metadata.namespace, metadata.uid, spec.nodeName, spec.serviceAccountName, status.hostIP, status.hostIPs, status.podIP, status.podIPs, metadata.labels['KEY'], metadata.annotations['KEY'] (did you mean metadata.name?)",
    ],
  ],
  [
    'a resource that is none',
    { container: `    env:\n    - {name: a, valueFrom: {resourceFieldRef: {resource: limit.cpu}}}\n` },
    [
      '10:58 spec.containers[0].env[0].valueFrom.resourceFieldRef.resource: "limit.cpu" is not one of the supported values limits.cpu, limits.memory, limits.ephemeral-storage, requests.cpu, requests.memory, requests.ephemeral-storage (did you mean limits.cpu?)',
    ],
  ],
  [
    'an envFrom of nothing',
    { container: `    envFrom:\n    - {prefix: A_}\n` },
    ['10:7 spec.containers[0].envFrom[0]: must have one of configMapRef, secretRef'],
  ],
  [
    'a probe without a handler',
    { container: `    livenessProbe: {periodSeconds: 5}\n` },
    ['9:20 spec.containers[0].livenessProbe: must have one of exec, grpc, httpGet, tcpSocket'],
  ],
  [
    'a probe with two handlers',
    { container: `    livenessProbe:\n      exec: {command: [a]}\n      tcpSocket: {port: 80}\n` },
    ['10:7 spec.containers[0].livenessProbe: may not have more than one of exec, tcpSocket'],
  ],
  [
    'a liveness probe that must succeed twice',
    { container: `    livenessProbe:\n      exec: {command: [a]}\n      successThreshold: 2\n` },
    ['11:25 spec.containers[0].livenessProbe.successThreshold: must be 1 for liveness and startup probes'],
  ],
  [
    'a readiness probe with a grace period',
    {
      container: `    readinessProbe:\n      exec: {command: [a]}\n      terminationGracePeriodSeconds: 2\n`,
    },
    [
      '11:38 spec.containers[0].readinessProbe.terminationGracePeriodSeconds: must not be set for readiness probes',
    ],
  ],
  [
    'a probe of a port that the container does not name',
    { container: `    readinessProbe:\n      httpGet: {port: http}\n` },
    [
      '10:23 warning spec.containers[0].readinessProbe.httpGet.port: the container has no port named http, so this will fail',
    ],
  ],
  [
    'a probe of a number in quotes',
    { container: `    readinessProbe:\n      httpGet: {port: "80"}\n` },
    [
      '10:23 spec.containers[0].readinessProbe.httpGet.port: the port name "80" must hold at least one letter (take away the quotes)',
    ],
  ],
  [
    'a probe without a command',
    { container: `    readinessProbe:\n      exec: {}\n` },
    ['10:7 spec.containers[0].readinessProbe.exec.command: required field is missing'],
  ],
  [
    'a header with a space',
    { container: `    readinessProbe:\n      httpGet: {port: 80, httpHeaders: [{name: "X A", value: b}]}\n` },
    [
      '10:48 spec.containers[0].readinessProbe.httpGet.httpHeaders[0].name: "X A" must consist of letters, digits or \'-\'',
    ],
  ],
  [
    'a probe of an init container',
    {
      spec: `  initContainers:\n  - {name: a, image: a, readinessProbe: {tcpSocket: {port: 80}}, lifecycle: {}}\n`,
    },
    [
      '7:41 spec.initContainers[0].readinessProbe: may not be set for init containers without restartPolicy: Always',
      '7:77 spec.initContainers[0].lifecycle: may not be set for init containers without restartPolicy: Always',
    ],
  ],
  [
    'a sleep longer than the grace period',
    { container: `    lifecycle:\n      preStop: {sleep: {seconds: 31}}\n` },
    [
      '10:34 spec.containers[0].lifecycle.preStop.sleep.seconds: must be between 0 and terminationGracePeriodSeconds, 30',
    ],
  ],
  [
    'a hook of two kinds',
    { container: `    lifecycle:\n      preStop: {sleep: {seconds: 1}, exec: {command: [a]}}\n` },
    ['10:16 spec.containers[0].lifecycle.preStop: may not have more than one of exec, sleep'],
  ],
  [
    'a stop signal without an os',
    { container: `    lifecycle: {stopSignal: SIGUSR1}\n` },
    [
      '9:29 spec.containers[0].lifecycle.stopSignal: may not be set without spec.os.name (set os: {name: linux})',
    ],
  ],
  [
    'a signal that is none',
    { spec: `  os: {name: linux}\n`, container: `    lifecycle: {stopSignal: USR1}\n` },
    ['10:29 spec.containers[0].lifecycle.stopSignal: "USR1" is no signal (such as SIGTERM)'],
  ],
  [
    'privileged and not',
    { container: `    securityContext: {privileged: true, allowPrivilegeEscalation: false}\n` },
    [
      '9:67 spec.containers[0].securityContext.allowPrivilegeEscalation: cannot be false when privileged is true',
    ],
  ],
  [
    'a user id out of range',
    { container: `    securityContext: {runAsUser: -5}\n` },
    ['9:34 spec.containers[0].securityContext.runAsUser: must be >= 0, not -5'],
  ],
  [
    'a seccomp profile without its name',
    { container: `    securityContext: {seccompProfile: {type: Localhost}}\n` },
    [
      '9:23 spec.containers[0].securityContext.seccompProfile.localhostProfile: must be set when type is Localhost',
    ],
  ],
  [
    'a seccomp profile with a name too many',
    { spec: `  securityContext: {seccompProfile: {type: Unconfined, localhostProfile: a}}\n` },
    ['6:74 spec.securityContext.seccompProfile.localhostProfile: may not be set when type is Unconfined'],
  ],
  [
    'root and not',
    { spec: `  securityContext: {runAsNonRoot: true, runAsUser: 0}\n` },
    [
      '6:52 warning spec.securityContext.runAsUser: is root although runAsNonRoot is true, so no container will start',
    ],
  ],
  [
    'a dnsPolicy of None without servers',
    { spec: `  dnsPolicy: None\n` },
    ['5:1 spec.dnsConfig.nameservers: must name at least one server when dnsPolicy is None'],
  ],
  [
    'a name server that is none',
    { spec: `  dnsConfig: {nameservers: [a.example]}\n` },
    ['6:29 spec.dnsConfig.nameservers[0]: "a.example" is no IP address'],
  ],
  [
    'a host alias that is none',
    { spec: `  hostAliases: [{ip: 1.2.3, hostnames: [A_b]}]\n` },
    [
      '6:22 spec.hostAliases[0].ip: "1.2.3" is no IP address',
      "6:41 spec.hostAliases[0].hostnames[0]: \"A_b\" must consist of lower case letters, digits, '-' or '.', and start and end with a letter or digit",
    ],
  ],
  [
    'a shared and a host pid namespace',
    { spec: `  shareProcessNamespace: true\n  hostPID: true\n` },
    ['6:26 spec.shareProcessNamespace: may not be true together with hostPID'],
  ],
  [
    'a hostname with a dot',
    { spec: `  hostname: a.b\n` },
    [
      '6:13 spec.hostname: "a.b" must consist of lower case letters, digits or \'-\', and start and end with a letter or digit',
    ],
  ],
  [
    'a working directory that is relative',
    { container: `    workingDir: tmp\n` },
    ['9:17 spec.containers[0].workingDir: must be an absolute path of a Linux machine, which starts with /'],
  ],
  [
    'an unsupported field',
    { spec: `  resourceClaims: [{name: a}]\n` },
    [
      '6:3 spec.resourceClaims: not supported: devices are allotted by drivers that talk to an API server, and none runs here',
    ],
  ],
  [
    'a field without effect',
    { spec: `  schedulerName: other\n` },
    [
      '6:18 warning spec.schedulerName: is not default-scheduler, and no other one runs here: the pod will wait',
    ],
  ],
  [
    'a field without effect that a server writes',
    { meta: `  uid: "1"\n  creationTimestamp: null\n` },
    ['5:3 warning metadata.uid: has no effect: an API server writes it, and there is none'],
  ],
  [
    'errors in several parts at once',
    {
      spec: `  hostname: a.b\n  volumes: [{name: A}]\n`,
      container: `    volumeMounts: [{name: a}]\n    imge: x\n    ports: x\n`,
    },
    [
      '6:13 spec.hostname: "a.b" must consist of lower case letters, digits or \'-\', and start and end with a letter or digit',
      '7:20 spec.volumes[0].name: "A" must consist of lower case letters, digits or \'-\', and start and end with a letter or digit',
      '11:20 spec.containers[0].volumeMounts[0].mountPath: required field is missing',
      '12:5 spec.containers[0].imge: unknown field (did you mean image?)',
      '13:12 spec.containers[0].ports: must be a list, not the text "x"',
    ],
  ],
  [
    'containers that are no list',
    { spec: `  initContainers: {a: b}\n` },
    ['6:19 spec.initContainers: must be a list, not a map'],
  ],
]

test.each(CASES)('a Pod with %s is told so, at its place', (_, parts, lines) => {
  expect(podLines(parts)).toEqual(lines)
})

test('a Pod that uses what is supported draws no word', () => {
  const spec = `  hostname: web
  restartPolicy: OnFailure
  shareProcessNamespace: true
  dnsPolicy: None
  dnsConfig: {nameservers: [192.0.2.1, "2001:db8::1"], searches: [example.com]}
  hostAliases: [{ip: 192.0.2.2, hostnames: [db, db.example.com]}]
  securityContext: {runAsUser: 1000, fsGroup: 2000, seccompProfile: {type: Localhost, localhostProfile: profiles/web.json}}
  volumes:
  - {name: empty}
  - {name: memory, emptyDir: {medium: Memory, sizeLimit: 64Mi}}
  - {name: machine, hostPath: {path: /etc, type: Directory}}
  initContainers:
  - {name: sidecar, image: "registry.example:5000/team/proxy:1.2@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", restartPolicy: Always, startupProbe: {tcpSocket: {port: 80}}}
`
  const container = `    env:
    - {name: LABEL, valueFrom: {fieldRef: {fieldPath: "metadata.labels['app']"}}}
    - {name: odd name, value: ""}
    ports: [{name: http, containerPort: 80, hostPort: 80}, {name: dns, containerPort: 53, hostPort: 80, protocol: UDP}]
    volumeMounts: [{name: empty, mountPath: /a, subPath: b/c}, {name: memory, mountPath: /b, readOnly: true}]
    readinessProbe: {httpGet: {port: http, path: /ready, httpHeaders: [{name: X-A, value: b}]}, successThreshold: 3}
    lifecycle: {preStop: {sleep: {seconds: 30}}}
    securityContext: {privileged: true, capabilities: {add: [NET_ADMIN], drop: [ALL]}}
`
  expect(podLines({ spec, container })).toEqual([])
})
