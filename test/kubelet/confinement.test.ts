import { describe, expect, it } from 'vitest'
import type { Container, PodSpec } from '../../engine/api/generated/types.ts'
import { annotationProblems, bandwidthOf, blockIoOf } from '../../engine/api/podAnnotations.ts'
import { isProblem } from '../../engine/kubelet/context.ts'
import { podHealth } from '../../engine/kubelet/health.ts'
import { probesOf } from '../../engine/kubelet/probes.ts'
import { qosClassOf } from '../../engine/api/qosClass.ts'
import { createPodRequest } from '../../engine/kubelet/requests/createPod.ts'
import { podCgroupOf } from '../../engine/kubelet/requests/podCgroup.ts'
import { exclusiveCpusOf, oomScoreAdjOf } from '../../engine/kubelet/requests/resources.ts'
import { startContainerRequest } from '../../engine/kubelet/requests/startContainer.ts'
import { sysctlProblem } from '../../engine/kubelet/requests/sysctls.ts'
import { podStatus } from '../../engine/kubelet/status.ts'
import { podStep } from '../../engine/kubelet/step.ts'
import { container, context, desired, now, observed, record, running } from './world.ts'
import { nodeName } from '../../engine/api/names.ts'

type Resources = NonNullable<Container['resources']>
const MI = 1024 * 1024

function one(
  name: string,
  limits: Resources['limits'] = {},
  requests: Resources['requests'] = {},
): Container {
  return container(name, { resources: { limits, requests } })
}

const pod = (containers: readonly Container[], more: Partial<PodSpec> = {}): PodSpec => ({
  ...more,
  containers,
})

describe('the group of a pod', () => {
  it.each<[string, PodSpec, unknown]>([
    ['nothing asked', pod([one('a')]), { cpuShares: 2 }],
    [
      'requests are summed',
      pod([one('a', {}, { cpu: '100m' }), one('b', {}, { cpu: '150m' })]),
      { cpuShares: 256 },
    ],
    [
      'limits are summed where all have one; time of processors that each is held to anyway is not limited twice',
      pod([one('a', { cpu: '200m', memory: '64Mi' }), one('b', { cpu: '300m', memory: '64Mi' })]),
      { cpuShares: 512, memoryLimitBytes: 128 * MI },
    ],
    [
      'less time than the kernel’s least is limited for all together',
      pod([one('a', { cpu: '8m' }), one('b', { cpu: '9m' })]),
      { cpuShares: 17, cpuQuotaUs: 1_700 },
    ],
    [
      'a larger init container counts, beside the sidecars before it',
      pod([one('a', { memory: '10Mi' })], {
        initContainers: [
          container('side', { restartPolicy: 'Always', resources: { limits: { memory: '5Mi' } } }),
          one('init', { memory: '20Mi' }),
        ],
      }),
      { cpuShares: 2, memoryLimitBytes: 25 * MI },
    ],
    [
      'what its runtime needs comes on top',
      pod([one('a', { cpu: '5m', memory: '8Mi' })], { overhead: { cpu: '995m', memory: '8Mi' } }),
      { cpuShares: 1024, cpuQuotaUs: 100_000, memoryLimitBytes: 16 * MI },
    ],
    [
      'the pod’s own word goes before',
      pod([one('a')], { resources: { limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m' } } }),
      { cpuShares: 512, cpuQuotaUs: 100_000, memoryLimitBytes: 1024 * MI },
    ],
  ])('%s', (_, spec, expected) => {
    expect(podCgroupOf(spec)).toEqual(expected)
  })
})

describe('the QoS class of pod-level resources', () => {
  it.each<[Resources, string]>([
    [{ limits: { cpu: '1', memory: '1Gi' } }, 'Guaranteed'],
    [{ limits: { cpu: '1', memory: '1Gi' }, requests: { cpu: '500m', memory: '1Gi' } }, 'Burstable'],
    [{ requests: { memory: '1Gi' } }, 'Burstable'],
  ])('%o makes a pod %s, whatever its containers say', (resources, expected) => {
    expect(qosClassOf(pod([one('a')], { resources }))).toBe(expected)
  })
})

describe('who is killed first when memory is short', () => {
  const GI = 1024 * MI
  // The kubelet's own table (pkg/kubelet/qos/policy_test.go), recalculated for a node of 4 GB.
  it.each<[string, Container, PodSpec, number]>([
    ['best effort goes first', one('a'), pod([one('a')]), 1000],
    [
      'guaranteed goes last',
      one('a', { cpu: 1, memory: '1Gi' }),
      pod([one('a', { cpu: 1, memory: '1Gi' })]),
      -997,
    ],
    ['half the memory', one('a', {}, { memory: '2Gi' }), pod([one('a', {}, { memory: '2Gi' })]), 500],
    ['almost nothing', one('a', {}, { memory: '1' }), pod([one('a', {}, { memory: '1' })]), 999],
    ['more than there is', one('a', {}, { memory: '40Gi' }), pod([one('a', {}, { memory: '40Gi' })]), 3],
    [
      'a sidecar is no worse than what it serves',
      container('side', { restartPolicy: 'Always' }),
      pod([one('a', {}, { memory: '1Gi' })]),
      750,
    ],
  ])('%s', (_, own, spec, expected) => {
    expect(oomScoreAdjOf(own, spec, 4 * GI)).toBe(expected)
  })
})

describe('cpus of its own', () => {
  const guaranteed = (cpu: string) => one('a', { cpu, memory: '1Gi' })
  it.each<[string, PodSpec, unknown]>([
    ['whole ones of a guaranteed pod', pod([guaranteed('2')]), { a: 2 }],
    ['written in thousandths', pod([guaranteed('1000m')]), { a: 1 }],
    ['no part of one', pod([guaranteed('1500m')]), undefined],
    ['none without a memory limit', pod([one('a', { cpu: '2' })]), undefined],
    ['none below a request', pod([one('a', { cpu: '2', memory: '1Gi' }, { cpu: '1' })]), undefined],
  ])('%s', (_, spec, expected) => {
    expect(exclusiveCpusOf(spec)).toEqual(expected)
  })
})

describe('kernel parameters', () => {
  const NODE = nodeName('node-1')
  const node = (allowed: readonly string[]) => ({
    ...desired(),
    nodes: [
      {
        apiVersion: 'reconcile.dev/v1' as const,
        kind: 'Node' as const,
        metadata: { name: 'node-1' },
        spec: { allowedUnsafeSysctls: allowed },
      },
    ],
  })
  const refusal = (name: string, allowed: readonly string[] = [], spec: Partial<PodSpec> = {}) =>
    sysctlProblem(
      pod([one('a')], { securityContext: { sysctls: [{ name, value: '1' }] }, ...spec }),
      NODE,
      node(allowed),
    )?.message
  it('that are safe are set', () => {
    expect(refusal('net.ipv4.tcp_syncookies')).toBeUndefined()
    expect(refusal('net/ipv4/tcp_syncookies')).toBeUndefined()
    expect(refusal('kernel.shm_rmid_forced')).toBeUndefined()
  })
  it('that are not take the Node’s word', () => {
    expect(refusal('net.core.somaxconn')).toBe(
      'forbidden sysctl: "net.core.somaxconn" is not safe, and allowedUnsafeSysctls of the pod\'s Node does not name it',
    )
    expect(refusal('net.core.somaxconn', ['net.core.somaxconn'])).toBeUndefined()
    expect(refusal('kernel.msgmax', ['kernel.msg*'])).toBeUndefined()
  })
  it('of the whole node are refused, whatever the Node says', () => {
    expect(refusal('vm.swappiness', ['vm.*'])).toContain('belongs to the whole node')
    expect(refusal('net.ipv4.tcp_syncookies', [], { hostNetwork: true })).toContain('host net')
    expect(refusal('kernel.shm_rmid_forced', [], { hostIPC: true })).toContain('host ipc')
  })
  it('keep a pod from being made, in Kubernetes’ word for it', () => {
    const spec = { securityContext: { sysctls: [{ name: 'vm.swappiness', value: '1' }] } }
    expect(createPodRequest(record(spec), desired(), undefined, now(0))).toMatchObject({
      reason: 'SysctlForbidden',
      certain: true,
    })
  })
})

describe('annotations', () => {
  it('tell bandwidth and use of the disk', () => {
    expect(bandwidthOf({ 'kubernetes.io/ingress-bandwidth': '10M' })).toEqual({ ingressBits: 10_000_000 })
    expect(bandwidthOf({})).toBeUndefined()
    const annotations = { 'reconcile.dev/blkio-weight': '200', 'reconcile.dev/blkio-read-bps': '1Mi' }
    expect(blockIoOf(annotations)).toEqual({ weight: 200, readBps: MI })
    expect(blockIoOf({ other: '1' })).toBeUndefined()
  })
  it.each([
    ['kubernetes.io/ingress-bandwidth', '10', 'at least 1000'],
    ['kubernetes.io/egress-bandwidth', 'fast', 'quantity of bits'],
    ['reconcile.dev/blkio-weight', '5', 'from 10 to 1000'],
    ['reconcile.dev/blkio-write-iops', '-1', 'quantity of operations'],
    ['reconcile.dev/blkio-write-bps', '1x', 'quantity of bytes'],
  ])('%s: %s is refused', (annotation, value, said) => {
    expect(annotationProblems({ [annotation]: value })).toEqual([
      { annotation, message: expect.stringContaining(said) },
    ])
  })
})

describe('a request', () => {
  const started = (own: Partial<Container>, spec: Partial<PodSpec> = {}) => {
    const image = { id: 'sha256:abc', reference: 'busybox@sha256:def' }
    const podSpec = { ...spec, containers: [container('app', own)] }
    const base = record()
    const request = startContainerRequest(
      observed({ ...base, pod: { ...base.pod, spec: podSpec } }),
      { name: 'app', attempt: 0 },
      image,
      context(10),
    )
    if (isProblem(request)) throw new Error(request.message)
    return request
  }
  it('asks for input and terminal', () => {
    expect(started({})).not.toHaveProperty('stdin')
    expect(started({ stdin: true, tty: true })).toMatchObject({ stdin: 'open', tty: true })
    expect(started({ stdin: true, stdinOnce: true })).toMatchObject({ stdin: 'once' })
  })
  it('passes mounts on, both ways where that was asked for, and makes them read-only to the ground', () => {
    const mount = (more: object) => ({ name: 'v', mountPath: '/v', ...more })
    const spec = { volumes: [{ name: 'v', emptyDir: {} }] }
    const volumeMounts = [
      mount({ mountPropagation: 'Bidirectional' }),
      mount({ mountPropagation: 'HostToContainer' }),
      mount({ readOnly: true, recursiveReadOnly: 'Enabled' }),
      mount({ readOnly: true, recursiveReadOnly: 'Disabled' }),
    ]
    expect(started({ volumeMounts }, spec).mounts).toMatchObject([
      { propagation: 'rshared' },
      { propagation: 'rslave' },
      { propagation: 'private', recursiveReadOnly: 'Enabled' },
      { propagation: 'private', readOnly: true },
    ])
  })
  it('has the container’s profiles before the pod’s', () => {
    const spec: Partial<PodSpec> = {
      securityContext: {
        supplementalGroupsPolicy: 'Strict',
        appArmorProfile: { type: 'RuntimeDefault' },
        seLinuxOptions: { level: 's0:c1,c2' },
      },
    }
    const own = {
      securityContext: { appArmorProfile: { type: 'Localhost' as const, localhostProfile: 'mine' } },
    }
    expect(started({}, spec).security).toMatchObject({
      strictGroups: true,
      appArmor: 'RuntimeDefault',
      seLinux: { level: 's0:c1,c2' },
    })
    expect(started(own, spec).security).toMatchObject({ appArmor: { localhostProfile: 'mine' } })
  })
  it('asks for users, cpus and bandwidth of the pod’s own', () => {
    const spec = { hostUsers: false, containers: [one('app', { cpu: 1, memory: '1Gi' })] }
    expect(createPodRequest(record(spec), desired(), undefined, now(0))).toMatchObject({
      userNamespace: true,
      exclusiveCpus: { app: 1 },
      cgroup: { cpuShares: 1024, memoryLimitBytes: 1024 * MI },
    })
  })
})

describe('a frozen pod', () => {
  const probe = { exec: { command: ['true'] } }
  const spec = { containers: [container('app', { livenessProbe: probe })] }
  const frozenSince = '2026-01-01T00:00:05Z'
  const frozen = observed(record(spec), { app: running() }, { frozenSince })
  it('is neither asked nor ready, and says why', () => {
    expect(probesOf(frozen, context(10))).toEqual([])
    const conditions = podStatus(frozen, context(10)).conditions ?? []
    expect(conditions.find(({ type }) => type === 'Ready')).toMatchObject({
      status: 'False',
      reason: 'PodFrozen',
    })
    expect(conditions.find(({ type }) => type === 'reconcile.dev/Frozen')).toMatchObject({ status: 'True' })
    expect(podHealth(frozen, context(10))).toMatchObject({ kind: 'failed', reason: 'PodFrozen' })
  })
  it('is not restarted, and only its state is recorded', () => {
    expect(podStep(frozen, context(10)).action?.kind).toBe('updatePod')
    const known = podStep(frozen, context(10)).action
    if (known?.kind !== 'updatePod') throw new Error('nothing was recorded')
    const step = podStep({ ...frozen, record: known.record }, context(11))
    expect(step.action).toBeUndefined()
    expect(step.waiting).toContain('reconcile thaw web')
  })
  it('is asked again once it goes on', () => {
    const thawed = observed(record(spec), { app: running() })
    expect(probesOf(thawed, context(10))).toHaveLength(1)
  })
})
