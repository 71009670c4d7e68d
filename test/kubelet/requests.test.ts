import { describe, expect, it } from 'vitest'
import type { ConfigMap, Container, PodSpec, Secret } from '../../engine/api/generated/types.ts'
import type { PodRecord } from '../../engine/api/records.ts'
import { isProblem } from '../../engine/kubelet/context.ts'
import { createPodRequest } from '../../engine/kubelet/requests/createPod.ts'
import { expand } from '../../engine/kubelet/requests/expansion.ts'
import { pullImageRequest } from '../../engine/kubelet/requests/pullImage.ts'
import { startContainerRequest } from '../../engine/kubelet/requests/startContainer.ts'
import { container, context, desired, now, observed, record, UID } from './world.ts'

const IMAGE = { id: 'sha256:abc', reference: 'docker.io/library/busybox@sha256:def' }
const SETTINGS: ConfigMap = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'settings' },
  data: { b: 'two', a: 'one', 'with.dot': 'three' },
  binaryData: { z: btoa('\u0001\u0002') },
}
const LOGIN: Secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'login' },
  data: { user: btoa('root') },
  stringData: { password: 'grün' },
}
const COMMIT = desired(SETTINGS, LOGIN)

function start(own: Partial<Container>, spec: Partial<PodSpec> = {}, podRecord?: PodRecord) {
  const podSpec = { ...spec, containers: [container('app', own), ...(spec.containers ?? [])] }
  const base = podRecord ?? record()
  const pod = observed({ ...base, pod: { ...base.pod, spec: podSpec } })
  return startContainerRequest(pod, { name: 'app', attempt: 2 }, IMAGE, context(10, { desired: COMMIT }))
}

function started(own: Partial<Container>, spec: Partial<PodSpec> = {}, podRecord?: PodRecord) {
  const request = start(own, spec, podRecord)
  if (isProblem(request)) throw new Error(request.message)
  return request
}

function created(spec: Partial<PodSpec>, name?: string) {
  const base = record(spec)
  const metadata = { ...base.pod.metadata, ...(name !== undefined && { name }) }
  const request = createPodRequest({ ...base, pod: { ...base.pod, metadata } }, COMMIT, undefined, now(0))
  if (isProblem(request)) throw new Error(request.message)
  return request
}

describe('the expansion of variables', () => {
  const variables = new Map([
    ['A', 'one'],
    ['EMPTY', ''],
    ['DOLLAR', '$(A)'],
  ])
  it.each([
    ['plain', 'plain'],
    ['$(A)', 'one'],
    ['x$(A)$(A)y', 'xoneoney'],
    ['$(EMPTY)|', '|'],
    ['$(MISSING)', '$(MISSING)'],
    ['$$(A)', '$(A)'],
    ['$$$(A)', '$one'],
    ['$$$$(A)', '$$(A)'],
    ['$A $ ${A}', '$A $ ${A}'],
    ['$(A', '$(A'],
    ['$', '$'],
    ['a$', 'a$'],
    ['$(DOLLAR)', '$(A)'],
    ['$()', '$()'],
    ['$(A$(A))', '$(A$(A))'],
  ])('makes of %s: %s', (text, expected) => {
    expect(expand(text, variables)).toBe(expected)
  })
})

describe('the environment of a container', () => {
  const envOf = (own: Partial<Container>, spec?: Partial<PodSpec>, podRecord?: PodRecord) =>
    Object.fromEntries(started(own, spec, podRecord).env)

  it('takes whole ConfigMaps and Secrets, text only, with their prefix', () => {
    const envFrom = [
      { configMapRef: { name: 'settings' } },
      { prefix: 'LOGIN_', secretRef: { name: 'login' } },
    ]
    expect(started({ envFrom }).env).toEqual([
      ['a', 'one'],
      ['b', 'two'],
      ['with.dot', 'three'],
      ['LOGIN_password', 'grün'],
      ['LOGIN_user', 'root'],
    ])
  })

  it('has env win over envFrom, and the later win over the earlier', () => {
    const envFrom = [{ configMapRef: { name: 'settings' } }]
    const env = [
      { name: 'a', value: 'mine' },
      { name: 'a', value: 'again' },
    ]
    expect(envOf({ env, envFrom })['a']).toBe('again')
  })

  it('expands what was set before, and nothing that comes later', () => {
    const env = [
      { name: 'EARLY', value: '$(LATE)' },
      { name: 'LATE', value: 'late' },
      { name: 'AFTER', value: '$(LATE)-$(a)' },
    ]
    expect(envOf({ env, envFrom: [{ configMapRef: { name: 'settings' } }] })).toMatchObject({
      EARLY: '$(LATE)',
      AFTER: 'late-one',
    })
  })

  it('takes single keys', () => {
    const env = [
      { name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } },
      { name: 'P', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } },
      { name: 'O', valueFrom: { configMapKeyRef: { name: 'settings', key: 'gone', optional: true } } },
      { name: 'Q', valueFrom: { secretKeyRef: { name: 'gone', key: 'gone', optional: true } } },
    ]
    expect(envOf({ env })).toEqual({ A: 'one', P: 'grün' })
  })

  it.each([
    ['configmap "gone" not found', { envFrom: [{ configMapRef: { name: 'gone' } }] }],
    ['secret "gone" not found', { envFrom: [{ secretRef: { name: 'gone' } }] }],
    [
      "couldn't find key x in ConfigMap default/settings",
      { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'x' } } }] },
    ],
    [
      "couldn't find key x in Secret default/login",
      { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'login', key: 'x' } } }] },
    ],
  ])('is a problem of the configuration: %s', (message, own) => {
    expect(start(own)).toEqual({
      kind: 'problem',
      reason: 'CreateContainerConfigError',
      message,
      certain: true,
    })
  })

  it('leaves out whole sources that may be missing', () => {
    expect(envOf({ envFrom: [{ secretRef: { name: 'gone', optional: true } }] })).toEqual({})
  })

  it('takes fields of the pod', () => {
    const base = record()
    const metadata = { ...base.pod.metadata, labels: { 'a/b': 'label' }, annotations: { n: 'note' } }
    const fields = {
      NAME: 'metadata.name',
      NS: 'metadata.namespace',
      ID: 'metadata.uid',
      LABEL: "metadata.labels['a/b']",
      NONE: "metadata.labels['none']",
      NOTE: "metadata.annotations['n']",
      NODE: 'spec.nodeName',
      ACCOUNT: 'spec.serviceAccountName',
      IP: 'status.podIP',
      IPS: 'status.podIPs',
      HOST: 'status.hostIP',
      HOSTS: 'status.hostIPs',
    }
    const env = Object.entries(fields).map(([name, fieldPath]) => ({
      name,
      valueFrom: { fieldRef: { fieldPath } },
    }))
    expect(envOf({ env }, {}, { ...base, pod: { ...base.pod, metadata } })).toEqual({
      NAME: 'web',
      NS: 'default',
      ID: UID,
      LABEL: 'label',
      NONE: '',
      NOTE: 'note',
      NODE: 'local',
      ACCOUNT: 'default',
      IP: '10.244.0.7',
      IPS: '10.244.0.7',
      HOST: '192.0.2.1',
      HOSTS: '192.0.2.1,fd00::1',
    })
  })

  it.each([
    ['limits.memory', '1Mi', '64'],
    ['limits.memory', undefined, '67108864'],
    ['limits.memory', '1G', '1'],
    ['limits.cpu', undefined, '1'],
    ['limits.cpu', '1m', '300'],
    ['limits.cpu', '100m', '3'],
    ['requests.cpu', '1m', '250'],
    ['requests.memory', '1Mi', '64'],
    ['requests.ephemeral-storage', '1', '0'],
  ])('takes %s in units of %s: %s', (resource, divisor, expected) => {
    const resourceFieldRef = { resource, ...(divisor !== undefined && { divisor }) }
    const env = [{ name: 'R', valueFrom: { resourceFieldRef } }]
    const resources = { limits: { cpu: '300m', memory: '64Mi' }, requests: { cpu: '250m' } }
    expect(envOf({ env, resources })).toEqual({ R: expected })
  })

  it('takes what the node has for a limit that is not set, and nothing for a request', () => {
    const of = (name: string, resource: string, containerName?: string) => ({
      name,
      valueFrom: { resourceFieldRef: { resource, ...(containerName !== undefined && { containerName }) } },
    })
    const env = [
      of('CPU', 'limits.cpu'),
      of('MEM', 'limits.memory'),
      of('REQ', 'requests.cpu'),
      of('B', 'limits.cpu', 'b'),
    ]
    const b = container('b', { resources: { limits: { cpu: '2' } } })
    expect(envOf({ env }, { containers: [b] })).toEqual({
      CPU: '4',
      MEM: String(8 * 1024 ** 3),
      REQ: '0',
      B: '2',
    })
  })
})

describe('a container to start', () => {
  it('has its command and arguments expanded', () => {
    const env = [{ name: 'PORT', value: '80' }]
    const request = started({
      env,
      command: ['serve', '$(PORT)'],
      args: ['$$(PORT)', '$(NONE)'],
      workingDir: '/srv',
    })
    expect(request).toMatchObject({
      uid: UID,
      container: 'app',
      attempt: 2,
      image: 'sha256:abc',
      command: ['serve', '80'],
      args: ['$(PORT)', '$(NONE)'],
      workingDir: '/srv',
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      labels: { namespace: 'default', pod: 'web' },
    })
  })

  it.each([
    [{}, { cpuShares: 2 }],
    [{ requests: { cpu: '100m' } }, { cpuShares: 102 }],
    [
      { limits: { cpu: '200m', memory: '64Mi' } },
      { cpuShares: 204, cpuQuotaUs: 20_000, memoryLimitBytes: 67_108_864 },
    ],
    [{ limits: { cpu: '1m' } }, { cpuShares: 2, cpuQuotaUs: 1_000 }],
    [
      { limits: { cpu: '2' }, requests: { cpu: '0' } },
      { cpuShares: 2, cpuQuotaUs: 200_000 },
    ],
    [{ limits: { cpu: '0', memory: '0' } }, { cpuShares: 2 }],
  ])('has for the resources %o the limits %o', (resources, expected) => {
    expect(started({ resources }).resources).toMatchObject(expected)
  })

  it('merges the security contexts of pod and container', () => {
    const ofPod = { runAsUser: 1, runAsGroup: 2, runAsNonRoot: true, fsGroup: 3, supplementalGroups: [4, 3] }
    const own = {
      runAsUser: 5,
      capabilities: { add: ['NET_ADMIN'], drop: ['ALL'] },
      readOnlyRootFilesystem: true,
    }
    expect(started({ securityContext: own }, { securityContext: ofPod }).security).toEqual({
      runAsUser: 5,
      runAsGroup: 2,
      runAsNonRoot: true,
      supplementalGroups: [4, 3],
      addCapabilities: ['NET_ADMIN'],
      dropCapabilities: ['ALL'],
      privileged: false,
      readOnlyRootFilesystem: true,
      allowPrivilegeEscalation: true,
      seccomp: 'RuntimeDefault',
      procMount: 'Default',
    })
  })

  it.each([
    [{}, {}, 'RuntimeDefault'],
    [{}, { seccompProfile: { type: 'Unconfined' } }, 'Unconfined'],
    [
      { seccompProfile: { type: 'RuntimeDefault' } },
      { seccompProfile: { type: 'Unconfined' } },
      'RuntimeDefault',
    ],
    [
      { seccompProfile: { type: 'Localhost', localhostProfile: 'a.json' } },
      {},
      { localhostProfile: 'a.json' },
    ],
    [{ privileged: true }, {}, 'Unconfined'],
  ] as const)('with %o in a pod with %o has the system calls filtered: %o', (own, ofPod, expected) => {
    expect(started({ securityContext: own }, { securityContext: ofPod }).security.seccomp).toEqual(expected)
  })

  it('is refused as root where it must not be', () => {
    expect(
      start({ securityContext: { runAsUser: 0 } }, { securityContext: { runAsNonRoot: true } }),
    ).toMatchObject({
      reason: 'CreateContainerConfigError',
      message: "container's runAsUser breaks non-root policy",
    })
  })

  it('mounts ConfigMaps and Secrets read-only', () => {
    const volumes = [
      { name: 'c', configMap: { name: 'settings' } },
      { name: 'e', emptyDir: {} },
    ]
    const volumeMounts = [
      { name: 'c', mountPath: '/c', subPath: 'a' },
      { name: 'e', mountPath: '/e' },
      { name: 'e', mountPath: '/r', readOnly: true },
    ]
    expect(started({ volumeMounts }, { volumes }).mounts).toEqual([
      { volume: 'c', mountPath: '/c', subPath: 'a', readOnly: true, propagation: 'private' },
      { volume: 'e', mountPath: '/e', readOnly: false, propagation: 'private' },
      { volume: 'e', mountPath: '/r', readOnly: true, propagation: 'private' },
    ])
  })

  it.each([
    ['container', {}],
    ['pod', { shareProcessNamespace: true }],
    ['host', { hostPID: true }],
  ] as const)('has the process namespace of the %s with %o', (expected, spec) => {
    expect(started({}, spec).pidMode).toBe(expected)
  })

  it.each([
    ['app', 'Always', 'Always'],
    ['app', 'OnFailure', 'OnFailure'],
    ['app', 'Never', 'Never'],
    ['setup', 'Always', 'OnFailure'],
    ['setup', 'OnFailure', 'OnFailure'],
    ['setup', 'Never', 'Never'],
    ['proxy', 'Never', 'Always'],
  ] as const)('%s of a pod that restarts %s restarts %s', (name, restartPolicy, expected) => {
    const initContainers = [container('setup'), container('proxy', { restartPolicy: 'Always' })]
    const pod = observed(record({ restartPolicy, initContainers }))
    const request = startContainerRequest(pod, { name, attempt: 0 }, IMAGE, context(10))
    expect(isProblem(request) ? request : request.restart).toEqual({
      policy: expected,
      delaysSeconds: [0, 10, 20, 40, 80, 160, 300],
      resetAfterSeconds: 600,
    })
  })
})

describe('a pod to make', () => {
  const text = (content: Uint8Array) => new TextDecoder().decode(content)

  it('has the files of its ConfigMaps and Secrets, sorted, with their modes', () => {
    const { volumes } = created({
      volumes: [
        { name: 'all', configMap: { name: 'settings' } },
        {
          name: 'some',
          secret: { secretName: 'login', defaultMode: 0o400, items: [{ key: 'user', path: 'x/y' }] },
        },
      ],
    })
    const files = volumes.map((volume) =>
      volume.kind === 'files'
        ? [volume.secret, ...volume.files.map(({ content, mode, path }) => [path, mode, text(content)])]
        : volume.kind,
    )
    expect(files).toEqual([
      [
        false,
        ['a', 0o644, 'one'],
        ['b', 0o644, 'two'],
        ['with.dot', 0o644, 'three'],
        ['z', 0o644, '\u0001\u0002'],
      ],
      [true, ['x/y', 0o400, 'root']],
    ])
  })

  it('has the group of its volumes read their files, whatever their mode', () => {
    const { fsGroup, volumes } = created({
      securityContext: { fsGroup: 7 },
      volumes: [
        { name: 'v', secret: { secretName: 'login', items: [{ key: 'user', path: 'u', mode: 0o400 }] } },
      ],
    })
    expect(fsGroup).toBe(7)
    expect(volumes).toMatchObject([{ files: [{ path: 'u', mode: 0o440 }] }])
  })

  it('has its directories', () => {
    const { volumes } = created({
      volumes: [
        { name: 'a' },
        { name: 'b', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
        { name: 'c', hostPath: { path: '/srv', type: 'Directory' } },
        { name: 'd', secret: { secretName: 'gone', optional: true } },
      ],
    })
    expect(volumes).toEqual([
      { kind: 'emptyDir', name: 'a', medium: '' },
      { kind: 'emptyDir', name: 'b', medium: 'Memory', sizeLimitBytes: 1_048_576 },
      { kind: 'hostPath', name: 'c', path: '/srv', type: 'Directory' },
      { kind: 'files', name: 'd', secret: true, files: [], version: expect.stringMatching(/^[0-9a-f]{32}$/) },
    ])
  })

  it.each([
    ['secret "gone" not found', { name: 'v', secret: { secretName: 'gone' } }],
    ['configmap "gone" not found', { name: 'v', configMap: { name: 'gone' } }],
    [
      'configmap references non-existent config key: x',
      { name: 'v', configMap: { name: 'settings', items: [{ key: 'x', path: 'x' }] } },
    ],
  ])('is not made: %s', (message, volume) => {
    expect(createPodRequest(record({ volumes: [volume] }), COMMIT, undefined, now(0))).toEqual({
      kind: 'problem',
      reason: 'FailedMount',
      message: `MountVolume.SetUp failed for volume "v" : ${message}`,
      certain: true,
    })
  })

  it.each([
    ['web', {}, 'web'],
    ['web', { hostname: 'other' }, 'other'],
    [`${'a'.repeat(60)}-b-c-d`, {}, `${'a'.repeat(60)}-b`],
    [`${'a'.repeat(62)}.bc`, {}, 'a'.repeat(62)],
  ])('%s with %o is the host %s', (name, spec, expected) => {
    expect(created(spec, name).hostname).toBe(expected)
  })

  it('publishes ports of main containers and sidecars, unless it has the network of the host', () => {
    const port = { containerPort: 80, hostPort: 8080, hostIP: '127.0.0.1' }
    const spec = {
      initContainers: [
        container('p', {
          restartPolicy: 'Always',
          ports: [{ containerPort: 53, hostPort: 53, protocol: 'UDP' }],
        }),
      ],
      containers: [container('app', { ports: [port, { containerPort: 81 }] })],
    } as const
    expect(created(spec).portMappings).toEqual([
      { containerPort: 53, hostPort: 53, protocol: 'UDP' },
      { containerPort: 80, hostPort: 8080, protocol: 'TCP', hostIP: '127.0.0.1' },
    ])
    expect(created({ ...spec, hostNetwork: true })).toMatchObject({ hostNetwork: true, portMappings: [] })
  })

  it('asks the name servers of the node, with its own additions', () => {
    const dnsConfig = {
      nameservers: ['192.0.2.53'],
      searches: ['a.test', 'b.test'],
      options: [{ name: 'ndots', value: '2' }, { name: 'rotate' }],
    }
    expect(created({})).not.toHaveProperty('resolvConf')
    expect(created({ dnsConfig }).dnsAdditions).toEqual(dnsConfig)
    expect(created({ dnsConfig, dnsPolicy: 'None' }).resolvConf).toBe(
      'nameserver 192.0.2.53\nsearch a.test b.test\noptions ndots:2 rotate\n',
    )
  })

  it('has its host aliases', () => {
    expect(
      created({ hostAliases: [{ ip: '192.0.2.9', hostnames: ['x', 'y'] }, { ip: '192.0.2.8' }] }).hostAliases,
    ).toEqual([
      { ip: '192.0.2.9', hostnames: ['x', 'y'] },
      { ip: '192.0.2.8', hostnames: [] },
    ])
  })
})

describe('an image to pull', () => {
  const pullSecret = (name: string, key: string, value: string): Secret => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    stringData: { [key]: value },
  })
  const auths = { 'registry.test': { auth: 'dTpw', email: 'u@test' } }
  const commit = desired(
    pullSecret('new', '.dockerconfigjson', JSON.stringify({ auths })),
    pullSecret('old', '.dockercfg', JSON.stringify(auths)),
    pullSecret('bad', '.dockerconfigjson', '{"auths": secret!'),
  )
  const pull = (...names: readonly string[]) =>
    pullImageRequest(record({ imagePullSecrets: names.map((name) => ({ name })) }), 'app', commit)

  it('comes with the policy and the pull secrets that there are, in their order', () => {
    const config = { auths: { 'registry.test': { auth: 'dTpw' } } }
    expect(pull('new', 'gone', 'old')).toEqual({
      image: 'busybox:1.36',
      policy: 'IfNotPresent',
      auths: [config, config],
    })
  })

  it('is not asked for with a pull secret that cannot be read, of which nothing is told', () => {
    const problem = pull('bad')
    expect(problem).toMatchObject({ kind: 'problem', certain: true })
    expect(JSON.stringify(problem)).not.toContain('secret!')
  })
})
