import { describe, expect, it, test } from 'vitest'
import type { VolumeRequest } from '../../engine/api/volumeRequests.ts'
import type {
  ConfigMap,
  Container,
  KubernetesObject,
  PodSpec,
  Secret,
  ServiceAccount,
  Volume,
} from '../../engine/api/generated/types.ts'
import type { Desired, ObservedPod } from '../../engine/api/snapshot.ts'
import { isProblem } from '../../engine/kubelet/context.ts'
import { exceeded, limitedParts } from '../../engine/kubelet/eviction.ts'
import { updateVolumesRequest } from '../../engine/kubelet/follow.ts'
import { createPodRequest } from '../../engine/kubelet/requests/createPod.ts'
import { envFilesOf, parseEnvFile, type VolumeFiles } from '../../engine/kubelet/requests/envFiles.ts'
import { pullImageRequest } from '../../engine/kubelet/requests/pullImage.ts'
import { startContainerRequest } from '../../engine/kubelet/requests/startContainer.ts'
import { podStep } from '../../engine/kubelet/step.ts'
import { container, context, desired, node, now, observed, record, running, UID } from './world.ts'

const IMAGE = { id: 'sha256:abc', reference: 'docker.io/library/busybox@sha256:def' }

function settings(level: string, more: Partial<ConfigMap> = {}): ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'settings', namespace: 'default' },
    data: { level, other: 'x' },
    ...more,
  }
}

function token(text: string): Secret {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'token', namespace: 'default' },
    stringData: { token: text },
  }
}

function made(volume: Omit<Volume, 'name'>, spec: Partial<PodSpec> = {}, metadata = {}): VolumeRequest {
  const own = record({ volumes: [{ name: 'v', ...volume }], ...spec })
  const described = { ...own, pod: { ...own.pod, metadata: { ...own.pod.metadata, ...metadata } } }
  const request = createPodRequest(described, desired(settings('1'), token('hush')), node(), now(0))
  if (isProblem(request)) throw new Error(request.message)
  const [first] = request.volumes
  if (first === undefined) throw new Error('no volume')
  return first
}

function filesIn(volume: VolumeRequest): Readonly<Record<string, string>> {
  if (volume.kind !== 'files') throw new Error(`a volume of kind ${volume.kind}`)
  return Object.fromEntries(
    volume.files.map(({ content, mode, path }) => [
      path,
      `${mode.toString(8)} ${new TextDecoder().decode(content)}`,
    ]),
  )
}

describe('files about the pod itself', () => {
  const FIELDS: readonly (readonly [fieldPath: string, text: string])[] = [
    ['metadata.name', 'web'],
    ['metadata.namespace', 'default'],
    ['metadata.uid', UID],
    ["metadata.labels['tier']", 'front'],
    ["metadata.labels['none']", ''],
    ["metadata.annotations['note']", 'two\nlines "quoted"'],
    ['metadata.labels', 'app="web"\ntier="front"'],
    ['metadata.annotations', 'bell="\\a\\x01\\u2028"\nnote="two\\nlines \\"quoted\\""\numlaut="ä \\\\"'],
  ]

  it.each(FIELDS)('%s is %j', (fieldPath, text) => {
    const volume = made(
      { downwardAPI: { items: [{ path: 'f', fieldRef: { fieldPath } }] } },
      {},
      {
        labels: { tier: 'front', app: 'web' },
        annotations: { note: 'two\nlines "quoted"', umlaut: 'ä \\', bell: '\u0007\u0001\u2028' },
      },
    )
    expect(filesIn(volume)).toEqual({ f: `644 ${text}` })
  })

  const RESOURCES: readonly (readonly [resource: string, divisor: string | undefined, text: string])[] = [
    ['limits.cpu', '1m', '1500'],
    ['limits.cpu', undefined, '2'],
    ['requests.memory', '1Mi', '64'],
    // a limit that is not set is what the node has
    ['limits.memory', '1Gi', '8'],
  ]

  it.each(RESOURCES)('%s in units of %s is %s', (resource, divisor, text) => {
    const containers = [
      container('app', { resources: { limits: { cpu: '1500m' }, requests: { memory: '64Mi' } } }),
    ]
    const resourceFieldRef = { containerName: 'app', resource, ...(divisor !== undefined && { divisor }) }
    const volume = made({ downwardAPI: { items: [{ path: 'f', resourceFieldRef }] } }, { containers })
    expect(filesIn(volume)).toEqual({ f: `644 ${text}` })
  })
})

test('a projected volume has the files of all its sources, each with the mode that is nearest', () => {
  const volume = made({
    projected: {
      defaultMode: 0o440,
      sources: [
        { configMap: { name: 'settings', items: [{ key: 'level', path: 'deep/level', mode: 0o600 }] } },
        { secret: { name: 'token' } },
        { downwardAPI: { items: [{ path: 'name', fieldRef: { fieldPath: 'metadata.name' } }] } },
        { configMap: { name: 'none', optional: true } },
      ],
    },
  })
  expect(filesIn(volume)).toEqual({ 'deep/level': '600 1', token: '440 hush', name: '440 web' })
  expect(volume).toMatchObject({ secret: true })
})

test('claims and images are asked for by name', () => {
  expect(made({ persistentVolumeClaim: { claimName: 'data' } })).toEqual({
    kind: 'claim',
    name: 'v',
    namespace: 'default',
    claim: 'data',
  })
  const template = { spec: { accessModes: ['ReadWriteOnce' as const] } }
  expect(made({ ephemeral: { volumeClaimTemplate: template } })).toMatchObject({ claim: 'web-v' })
  expect(made({ image: { reference: 'app:1' } })).toEqual({
    kind: 'image',
    name: 'v',
    pull: { image: 'app:1', policy: 'IfNotPresent', auths: [] },
    image: '',
  })
})

function started(
  own: Partial<Container>,
  volumes: readonly Volume[] = [{ name: 'v', emptyDir: {} }],
  files?: VolumeFiles,
) {
  const pod = observed(record({ containers: [container('app', own)], volumes }))
  const more = { desired: desired(), ...(files !== undefined && { files }) }
  return startContainerRequest(pod, { name: 'app', attempt: 0 }, IMAGE, context(1, more))
}

describe('mounts', () => {
  const READ_ONLY: readonly (readonly [what: string, volume: Omit<Volume, 'name'>, readOnly: boolean])[] = [
    ['a ConfigMap', { configMap: { name: 'settings' } }, true],
    ['a Secret', { secret: { secretName: 'token' } }, true],
    ['a projected volume', { projected: { sources: [] } }, true],
    ['a downwardAPI volume', { downwardAPI: { items: [] } }, true],
    ['an image', { image: { reference: 'app:1' } }, true],
    ['a claim that is read only', { persistentVolumeClaim: { claimName: 'data', readOnly: true } }, true],
    ['a claim', { persistentVolumeClaim: { claimName: 'data' } }, false],
    ['an empty directory', { emptyDir: {} }, false],
  ]

  it.each(READ_ONLY)('%s is to be written to or not', (_, volume, readOnly) => {
    const request = started({ volumeMounts: [{ name: 'v', mountPath: '/v' }] }, [{ name: 'v', ...volume }])
    expect(request).toMatchObject({ mounts: [{ volume: 'v', readOnly }] })
    expect(JSON.stringify(request).includes('noExec')).toBe(volume.image !== undefined)
  })

  const EXPRESSIONS: readonly (readonly [expression: string, path: string | RegExp])[] = [
    ['of/$(POD)', 'of/web'],
    ['$$(POD)', '$(POD)'],
    ['plain', 'plain'],
    ['$(NONE)', /missing value for "NONE"/],
    ['$(ROOT)', /must not be an absolute path/],
    ['a/$(UP)/b', /must not contain '\.\.'/],
  ]

  it.each(EXPRESSIONS)('of subPathExpr %s are of %s', (subPathExpr, path) => {
    const env = [
      { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'ROOT', value: '/etc' },
      { name: 'UP', value: '..' },
    ]
    const request = started({ env, volumeMounts: [{ name: 'v', mountPath: '/v', subPathExpr }] })
    if (typeof path === 'string') expect(request).toMatchObject({ mounts: [{ subPath: path }] })
    else
      expect(request).toMatchObject({
        reason: 'CreateContainerConfigError',
        message: expect.stringMatching(path),
      })
  })
})

describe('variables of a file in a volume', () => {
  const FILES: readonly (readonly [text: string, result: Readonly<Record<string, string>> | RegExp])[] = [
    ["A='1'\nB='two words'", { A: '1', B: 'two words' }],
    ["\n# a comment\n  A='1' # after it\n\n", { A: '1' }],
    ["A='over\ntwo lines'\nB='$(A) \\n'", { A: 'over\ntwo lines', B: '$(A) \\n' }],
    ["A=''", { A: '' }],
    ['', {}],
    ['A=1', /line 1: the value of A is not in single quotes/],
    ["A='1'\nB = '2'", /line 2 does not begin with a variable's name/],
    ["A='1", /line 1: the value of A is not in single quotes/],
    ["A='1'x", /line 1: something follows the value of A/],
  ]

  it.each(FILES)('are read as Kubernetes reads them: %j', (text, result) => {
    const parsed = parseEnvFile(text)
    if (result instanceof RegExp) expect(parsed).toMatch(result)
    else expect(typeof parsed === 'string' ? parsed : Object.fromEntries(parsed)).toEqual(result)
  })

  const reference = { volumeName: 'v', path: 'env', key: 'A' }
  const own = { env: [{ name: 'X', valueFrom: { fileKeyRef: reference } }] }
  const optional = { env: [{ name: 'X', valueFrom: { fileKeyRef: { ...reference, optional: true } } }] }

  test('are looked for in the files that the container names', () => {
    const pod = observed(record({ containers: [container('app', own)] }))
    expect(envFilesOf(pod, 'app')).toEqual([{ uid: UID, volume: 'v', path: 'env' }])
    expect(started(own, [], new Map([['v/env', "A='1'"]]))).toMatchObject({ env: [['X', '1']] })
  })

  test('have to be there, unless they are optional; another container may write them yet', () => {
    const problem = { reason: 'CreateContainerConfigError', certain: false }
    expect(started(own, [], new Map([['v/env', "B='1'"]]))).toMatchObject(problem)
    expect(started(own, [], new Map([['v/env', undefined]]))).toMatchObject(problem)
    expect(started(optional, [], new Map([['v/env', undefined]]))).toMatchObject({ env: [] })
  })
})

describe('a pod whose files have another version in the commit', () => {
  const volumes: readonly Volume[] = [
    { name: 'map', configMap: { name: 'settings' } },
    { name: 'secret', secret: { secretName: 'token' } },
    { name: 'labels', downwardAPI: { items: [{ path: 'f', fieldRef: { fieldPath: 'metadata.labels' } }] } },
    { name: 'empty', emptyDir: {} },
  ]

  function commit(...objects: readonly KubernetesObject[]): Desired {
    return { ...desired(...objects), hashKey: 'key' }
  }

  function versionsOf(state: Desired): Readonly<Record<string, string>> {
    const request = createPodRequest(record({ volumes }), state, node(), now(0))
    if (isProblem(request)) throw new Error(request.message)
    return Object.fromEntries(
      request.volumes.flatMap((volume) => (volume.kind === 'files' ? [[volume.name, volume.version]] : [])),
    )
  }

  function lives(versions: Readonly<Record<string, string>>, metadata = {}): ObservedPod {
    const own = record({ volumes })
    const described = { ...own, pod: { ...own.pod, metadata: { ...own.pod.metadata, ...metadata } } }
    return observed(described, { app: running() }, { volumes: versions })
  }

  function stepFor(pod: ObservedPod, state: Desired) {
    return podStep(pod, context(5, { desired: state })).action
  }

  const before = commit(settings('1'), token('hush'))

  test('has those volumes updated that differ, and tells which object each follows', () => {
    const after = commit(settings('2'), token('quiet'))
    const action = stepFor(lives(versionsOf(before)), after)
    expect(action).toMatchObject({
      kind: 'updateVolumes',
      reason: 'volume map follows ConfigMap settings; volume secret follows Secret token',
    })
    if (action?.kind !== 'updateVolumes') throw new Error('no update')
    expect(Object.keys(action.volumes)).toEqual(['map', 'secret'])
    const request = updateVolumesRequest(record({ volumes }), action, after, node(), now(0))
    expect(request.volumes.map(({ name, version }) => [name, version])).toEqual(
      Object.entries(action.volumes),
    )
    expect(stepFor(lives({ ...versionsOf(before), ...action.volumes }), after)?.kind).not.toBe(
      'updateVolumes',
    )
  })

  test('follows a later commit also when it is the very same pod that was well with the one before', () => {
    const shared = node()
    const asked = (pod: ObservedPod, state: Desired) =>
      podStep(pod, context(5, { desired: state, node: shared })).action
    const made = lives(versionsOf(before))
    const written = asked(made, before)
    if (written?.kind !== 'updatePod') throw new Error('its state was to be recorded')
    const pod = { ...made, record: written.record }
    expect(asked(pod, before)).toBeUndefined()
    expect(asked(pod, commit(settings('2'), token('hush')))).toMatchObject({ kind: 'updateVolumes' })
  })

  test('follows its own labels', () => {
    const action = stepFor(lives(versionsOf(before), { labels: { tier: 'two' } }), before)
    expect(action).toMatchObject({ reason: 'volume labels follows its labels and annotations' })
  })

  test('is left as it is while an object that it needs is missing', () => {
    expect(stepFor(lives(versionsOf(before)), commit(token('hush')))?.kind).not.toBe('updateVolumes')
  })

  test('is left as it is when its template asks for a restart, or the object is immutable', () => {
    const annotations = { 'reconcile.dev/restart-on-config-change': 'true' }
    const after = commit(settings('2'), token('hush'))
    const pod = lives(versionsOf(before), { annotations })
    expect(stepFor(pod, after)?.kind).not.toBe('updateVolumes')
    const fixed = commit(settings('2', { immutable: true }), token('hush'))
    expect(stepFor(lives(versionsOf(before)), fixed)?.kind).not.toBe('updateVolumes')
  })

  test('is not updated while nobody knows what is there', () => {
    const { volumes: _, ...unknown } = lives({})
    expect(stepFor(unknown, before)?.kind).not.toBe('updateVolumes')
  })

  test('has versions that depend on the key, so that nobody can try out what a Secret holds', () => {
    const other = { ...before, hashKey: 'another key' }
    const [one, two] = [versionsOf(before), versionsOf(other)]
    expect(one['secret']).toMatch(/^[0-9a-f]{32}$/)
    expect(one['secret']).not.toBe(two['secret'])
    expect(versionsOf(commit(settings('1'), token('hush')))).toEqual(one)
  })
})

test('the pull secrets of the ServiceAccount are used by pods that name none', () => {
  const account: ServiceAccount = {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: { name: 'builder', namespace: 'default' },
    imagePullSecrets: [{ name: 'login' }],
  }
  const auths = { 'registry.example': { auth: 'dXNlcjpwYXNz' } }
  const login: Secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'login', namespace: 'default' },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': JSON.stringify({ auths }) },
  }
  const state = desired(account, login)
  const pulled = (spec: Partial<PodSpec>) => pullImageRequest(record(spec), 'app', state)
  expect(pulled({ serviceAccountName: 'builder' })).toMatchObject({ auths: [{ auths }] })
  expect(pulled({ serviceAccountName: 'other' })).toMatchObject({ auths: [] })
  expect(pulled({ serviceAccountName: 'builder', imagePullSecrets: [{ name: 'none' }] })).toMatchObject({
    auths: [],
  })
})

describe('a pod whose empty directory outgrows its limit', () => {
  const volumes: readonly Volume[] = [
    { name: 'cache', emptyDir: { sizeLimit: '1Mi' } },
    { name: 'fast', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    { name: 'free', emptyDir: {} },
  ]
  const holding = (bytes: number) =>
    observed(record({ volumes }), { app: running() }, { diskBytes: { cache: bytes, fast: bytes } })

  test('is evicted, as Kubernetes says it, on record before anything of it is stopped', () => {
    const action = podStep(holding(2 ** 20 + 1), context(5)).action
    if (action?.kind !== 'stopContainers') throw new Error(`what is done is ${action?.kind}`)
    expect(action.record.ended).toMatchObject({
      phase: 'Failed',
      reason: 'Evicted',
      message: 'Usage of EmptyDir volume "cache" exceeds the limit "1Mi". ',
    })
    expect(action.disarm).toBe(true)
    // The record is written first: also an engine that knows nothing of the directory ends it.
    expect(podStep({ ...holding(0), record: action.record }, context(6)).action).toMatchObject({
      kind: 'stopContainers',
    })
  })

  test('stays while it is no larger than that', () => {
    expect(podStep(holding(2 ** 20), context(5)).action).not.toMatchObject({ record: { ended: {} } })
    expect(limitedParts(record({ volumes }).pod.spec)).toEqual(['cache'])
  })
})

describe('a pod whose containers fill the disk', () => {
  const limited = (limit: string | undefined) =>
    container('app', limit === undefined ? {} : { resources: { limits: { 'ephemeral-storage': limit } } })
  const evicted = (
    limits: readonly (string | undefined)[],
    held: Readonly<Record<string, number>>,
    more: Partial<PodSpec> = {},
  ) => {
    const containers = limits.map((limit, index) => ({ ...limited(limit), name: `c${index}` }))
    const own = record({ containers, volumes: [{ name: 'free', emptyDir: {} }], ...more })
    const states = Object.fromEntries(containers.map(({ name }) => [name, running()]))
    const { action } = podStep(observed(own, states, { diskBytes: held }), context(5))
    return action?.kind === 'stopContainers' ? action.record.ended?.message : undefined
  }
  const MIB = 2 ** 20

  test('is evicted for the one that goes beyond its limit, in the words of the kubelet', () => {
    expect(evicted(['1Mi', '4Mi'], { 'container/c0': MIB + 1 })).toBe(
      'Container c0 exceeded its local ephemeral storage limit "1Mi". ',
    )
    expect(evicted(['1Mi', '4Mi'], { 'container/c0': MIB, 'container/c1': 4 * MIB })).toBeUndefined()
  })

  test('is evicted when all together, with its empty directories, go beyond the sum of the limits', () => {
    expect(evicted(['1Mi', undefined], { 'container/c1': MIB / 2, free: MIB })).toBe(
      'Pod ephemeral local storage usage exceeds the total limit of containers 1Mi. ',
    )
  })

  test('may have as much as its largest init container, and the limit is said in the kubelet’s way', () => {
    const init = { ...limited('8Mi'), name: 'init' }
    const spec = { containers: [limited('1Mi')], initContainers: [init] }
    const limits = { ...record(spec).pod.spec }
    expect(exceeded(limits, { 'container/init': 8 * MIB, free: MIB })).toBeUndefined()
    expect(exceeded(limits, { 'container/init': 8 * MIB, 'container/app': 1 })?.message).toBe(
      'Pod ephemeral local storage usage exceeds the total limit of containers 8Mi. ',
    )
  })

  test('stays where nodes or clusters cannot do without it', () => {
    const priorityClassName = 'system-node-critical'
    expect(evicted(['1Mi'], { 'container/c0': 2 * MIB }, { priorityClassName })).toBeUndefined()
  })

  test('stays where nothing has a limit', () => {
    expect(evicted([undefined], { 'container/c0': 2 ** 40 })).toBeUndefined()
  })
})
