import { describe, expect, it } from 'vitest'
import { isProblem } from '../../../engine/kubelet/context.ts'
import { startContainerRequest } from '../../../engine/kubelet/requests/startContainer.ts'
import { container, context, observed, record, UID } from '.././world.ts'
import { start, started, IMAGE } from './support.ts'

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
