import { describe, expect, it } from 'vitest'
import type { PodSpec } from '../../../engine/api/generated/types.ts'
import { isProblem } from '../../../engine/kubelet/context.ts'
import { createPodRequest } from '../../../engine/kubelet/requests/createPod.ts'
import { container, now, record } from '.././world.ts'
import { COMMIT } from './support.ts'

function created(spec: Partial<PodSpec>, name?: string) {
  const base = record(spec)
  const metadata = { ...base.pod.metadata, ...(name !== undefined && { name }) }
  const request = createPodRequest({ ...base, pod: { ...base.pod, metadata } }, COMMIT, undefined, now(0))
  if (isProblem(request)) throw new Error(request.message)
  return request
}

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
