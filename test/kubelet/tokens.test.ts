import { expect, test } from 'vitest'
import type { FilesVolume } from '../../engine/api/volumeRequests.ts'
import type { ServiceAccountTokenProjection } from '../../engine/api/generated/types.ts'
import type { TokenClaims } from '../../engine/api/tokens.ts'
import { isProblem } from '../../engine/kubelet/context.ts'
import { createPodRequest } from '../../engine/kubelet/requests/createPod.ts'
import { podStep } from '../../engine/kubelet/step.ts'
import { context, CREATED, desired, node, now, observed, record, running, UID } from './world.ts'

const BORN = Date.parse(CREATED) / 1000

function volumesOf(token: ServiceAccountTokenProjection) {
  return [{ name: 'id', projected: { sources: [{ serviceAccountToken: token }] } }]
}

function volume(token: ServiceAccountTokenProjection, seconds: number, spec = {}): FilesVolume {
  const own = record({ volumes: volumesOf(token), serviceAccountName: 'web', ...spec })
  const request = createPodRequest(own, desired(), node(), now(seconds))
  if (isProblem(request)) throw new Error(request.message)
  const [first] = request.volumes
  if (first?.kind !== 'files') throw new Error('no volume of files')
  return first
}

function claims(token: ServiceAccountTokenProjection, seconds: number): TokenClaims {
  const [file] = volume(token, seconds).files
  if (file?.token === undefined) throw new Error('no token')
  return file.token
}

test('a token says what those of Kubernetes say, and its volume is kept in memory', () => {
  expect(volume({ path: 'a/token' }, 0)).toMatchObject({
    secret: true,
    files: [{ path: 'a/token', mode: 0o644 }],
  })
  expect(claims({ path: 'token', audience: 'vault' }, 5)).toMatchObject({
    aud: ['vault'],
    iss: 'https://kubernetes.default.svc.cluster.local',
    sub: 'system:serviceaccount:default:web',
    iat: BORN,
    nbf: BORN,
    exp: BORN + 3600,
    'kubernetes.io': {
      namespace: 'default',
      pod: { name: 'web', uid: UID },
      serviceaccount: { name: 'web' },
    },
  })
})

test('where the pod has a group, nobody but that and the owner reads a token', () => {
  const { files } = volume({ path: 'token' }, 0, { securityContext: { fsGroup: 7 } })
  expect(files[0]?.mode).toBe(0o640)
})

test('after four fifths of its time another token takes the place of the one before, and once a day in any case', () => {
  const short = { path: 'token', expirationSeconds: 1000 }
  expect(claims(short, 799)).toMatchObject({ iat: BORN, exp: BORN + 1000 })
  expect(claims(short, 800)).toMatchObject({ iat: BORN + 800, exp: BORN + 1800 })
  expect(claims(short, 1700).jti).not.toBe(claims(short, 800).jti)
  expect(volume(short, 799).version).toBe(volume(short, 1).version)
  expect(volume(short, 800).version).not.toBe(volume(short, 799).version)
  const long = { path: 'token', expirationSeconds: 864_000 }
  expect(claims(long, 86_399).iat).toBe(BORN)
  expect(claims(long, 86_400).iat).toBe(BORN + 86_400)
})

test('a token is valid now also where the clock was set back before the pod was made', () => {
  const { exp, nbf } = claims({ path: 'token' }, -10)
  expect(nbf).toBeLessThanOrEqual(BORN - 10)
  expect(exp).toBeGreaterThan(BORN - 10)
})

test('the pod is looked at again when a token falls due, and gets another one then, also with a restart on change', () => {
  const token = { path: 'token', expirationSeconds: 1000 }
  for (const annotations of [{}, { 'reconcile.dev/restart-on-config-change': 'true' }]) {
    const base = record({ volumes: volumesOf(token), serviceAccountName: 'web' })
    const own = {
      ...base,
      pod: { ...base.pod, metadata: { ...base.pod.metadata, annotations } },
    }
    const pod = observed(own, { app: running() }, { volumes: { id: volume(token, 5).version } })
    const step = podStep(pod, context(5))
    expect(step.action?.kind).not.toBe('updateVolumes')
    expect(step.requeueAt ?? now(800)).toEqual(now(800))
    const due = podStep(pod, context(800))
    expect(due.action).toMatchObject({
      kind: 'updateVolumes',
      reason: 'volume id follows the time that its tokens have left',
    })
  }
})
