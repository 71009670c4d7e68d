import { expect, test } from 'vitest'
import type {
  KubernetesObject,
  PersistentVolume,
  PersistentVolumeClaim,
  PersistentVolumeSpec,
  Pod,
  StorageClass,
} from '../../engine/api/generated/types.ts'
import { objectKey } from '../../engine/api/names.ts'
import type { Plan } from '../../engine/api/plan.ts'
import { plan } from '../../engine/planner/plan.ts'
import { barePod, Scene } from './scene.ts'

type ClaimSpec = PersistentVolumeClaim['spec']

function claim(name: string, changes: Partial<ClaimSpec> = {}): PersistentVolumeClaim {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name, namespace: 'default' },
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '1Gi' } },
      storageClassName: 'disk',
      ...changes,
    },
  }
}

function volume(
  name: string,
  changes: Partial<PersistentVolumeSpec> = {},
  labels: Readonly<Record<string, string>> = {},
): PersistentVolume {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolume',
    metadata: { name, labels },
    spec: {
      capacity: { storage: '1Gi' },
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'disk',
      ...(changes.local === undefined && { nfs: { server: 'nas', path: `/${name}` } }),
      ...changes,
    },
  }
}

function on(node: string): Partial<PersistentVolumeSpec> {
  const requirement = { key: 'kubernetes.io/hostname', operator: 'In', values: [node] } as const
  return {
    local: { path: '/disk' },
    nodeAffinity: { required: { nodeSelectorTerms: [{ matchExpressions: [requirement] }] } },
  }
}

function using(name: string, ...claims: readonly string[]): Pod {
  const pod = barePod(name, '1')
  const volumes = claims.map((claimName) => ({ name: claimName, persistentVolumeClaim: { claimName } }))
  return { ...pod, spec: { ...pod.spec, volumes } }
}

function classWith(volumeBindingMode: NonNullable<StorageClass['volumeBindingMode']>): StorageClass {
  return {
    apiVersion: 'storage.k8s.io/v1',
    kind: 'StorageClass',
    metadata: { name: 'disk' },
    provisioner: 'kubernetes.io/no-provisioner',
    volumeBindingMode,
  }
}

/** Of no class. */
function ownClaim(name: string): PersistentVolumeClaim {
  const { metadata, spec, ...rest } = claim(name)
  const { storageClassName: _, ...own } = spec
  return { ...rest, metadata, spec: own }
}

function classless(name: string): PersistentVolume {
  const { spec, ...rest } = volume(name)
  const { storageClassName: _, ...own } = spec
  return { ...rest, spec: own }
}

const claimKey = (name: string) => objectKey('PersistentVolumeClaim', 'default', name)
const volumeKey = (name: string) => objectKey('PersistentVolume', '', name)

function ran(...objects: readonly KubernetesObject[]): Scene {
  const scene = new Scene(3).commit(...objects)
  scene.run()
  return scene
}

/** By claim, as the records have it: the volume. */
function bound(scene: Scene): Readonly<Record<string, unknown>> {
  const found: Record<string, unknown> = {}
  for (const { object } of scene.world.records.values()) {
    const { kind, metadata, spec } = object
    if (kind !== 'PersistentVolumeClaim' || typeof spec !== 'object' || spec === null) continue
    found[metadata.name ?? ''] = Object.entries(spec).find(([name]) => name === 'volumeName')?.[1]
  }
  return found
}

function phase(scene: Scene, name: string): unknown {
  const status = scene.plan().statuses.get(volumeKey(name))?.status
  return Object.entries(status ?? {}).find(([field]) => field === 'phase')?.[1]
}

function pending(plan: Plan): readonly string[] {
  return plan.verdicts.filter(({ bucket }) => bucket === 'wait').map(({ pod, reason }) => `${pod}: ${reason}`)
}

function nodesOf(scene: Scene): readonly string[] {
  return scene.world.pods.map(({ record }) => record.node)
}

test('a claim is bound to the smallest volume of its class, modes, size and labels, and both say so', () => {
  const scene = ran(
    claim('data', { accessModes: ['ReadWriteMany'], selector: { matchLabels: { tier: 'a' } } }),
    volume('another-class', { storageClassName: 'other', accessModes: ['ReadWriteMany'] }, { tier: 'a' }),
    volume('another-label', { accessModes: ['ReadWriteMany'] }, { tier: 'b' }),
    volume('another-mode', {}, { tier: 'a' }),
    volume('big', { accessModes: ['ReadWriteMany'], capacity: { storage: '5Gi' } }, { tier: 'a' }),
    volume('right', { accessModes: ['ReadWriteMany'], capacity: { storage: '2Gi' } }, { tier: 'a' }),
    volume('small', { accessModes: ['ReadWriteMany'], capacity: { storage: '100Mi' } }, { tier: 'a' }),
  )
  expect(bound(scene)).toEqual({ data: 'right' })
  expect(scene.report('PersistentVolumeClaim', 'data').status).toEqual({
    phase: 'Bound',
    accessModes: ['ReadWriteMany'],
    capacity: { storage: '2Gi' },
  })
  const { object } = scene.world.records.get(volumeKey('right')) ?? {}
  const uid = scene.world.records.get(claimKey('data'))?.object.metadata.uid
  expect(object?.metadata.annotations).toEqual({ 'pv.kubernetes.io/bound-by-controller': 'yes' })
  expect(object?.spec).toMatchObject({
    claimRef: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'default', name: 'data', uid },
  })
  expect([phase(scene, 'right'), phase(scene, 'big')]).toEqual(['Bound', 'Available'])
})

test('no volume is given to two claims, also of one plan', () => {
  const scene = ran(claim('a'), claim('b'), claim('c'), volume('one'), volume('two'))
  expect(bound(scene)).toEqual({ a: 'one', b: 'two', c: undefined })
  expect(scene.report('PersistentVolumeClaim', 'c').health).toEqual({
    kind: 'failed',
    reason: 'ProvisioningFailed',
    message: 'no persistent volumes available for this claim',
  })
  scene.commit(claim('a'), claim('b'), claim('c'), volume('one'), volume('two'), using('p', 'c'))
  expect(pending(scene.run())).toEqual([
    'default/p: 0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
  ])
})

test('a claim that names a volume has that one, and says why not', () => {
  const named = claim('data', { volumeName: 'two', storageClassName: '' })
  const free = { storageClassName: '' }
  expect(bound(ran(named, volume('one', free), volume('two', free)))).toEqual({ data: 'two' })
  const tooSmall = ran(named, volume('two', { ...free, capacity: { storage: '1Mi' } }))
  expect(tooSmall.report('PersistentVolumeClaim', 'data').health).toMatchObject({
    message: 'cannot bind to requested volume "two": requested PV is too small',
  })
})

test('a volume with a claimRef waits for that claim, which prefers it', () => {
  const kept = volume('kept', { claimRef: { name: 'b', namespace: 'default' }, capacity: { storage: '9Gi' } })
  const scene = ran(claim('a'), kept)
  expect(bound(scene)).toEqual({ a: undefined })
  expect(phase(scene, 'kept')).toBe('Available')
  scene.commit(claim('a'), claim('b'), kept, volume('any'))
  scene.run()
  expect(bound(scene)).toEqual({ a: 'any', b: 'kept' })
})

test('the pod goes where its volume is, which is chosen with the pod’s node, and has the source in its record', () => {
  const nodes = nodeNames(new Scene(3))
  const volumes = nodes.map((node, index) => volume(`v${index}`, on(node)))
  const scene = ran(claim('data'), ...volumes)
  expect(bound(scene)).toEqual({ data: undefined })
  expect(scene.report('PersistentVolumeClaim', 'data').health).toEqual({ kind: 'healthy' })
  const there = using('db', 'data')
  const pod: Pod = {
    ...there,
    spec: { ...there.spec, nodeSelector: { 'kubernetes.io/hostname': nodes[1] ?? '' } },
  }
  scene.commit(claim('data'), ...volumes, pod)
  scene.run()
  expect(bound(scene)).toEqual({ data: 'v1' })
  expect(scene.world.pods.map(({ record }) => record.claims)).toEqual([
    { data: { name: 'v1', local: { path: '/disk' } } },
  ])
  expect(scene.plan().actions).toEqual([])
  scene.commit(claim('data'), ...volumes, using('later', 'data'))
  scene.run()
  expect(nodesOf(scene)).toEqual([nodes[1]])
})

function nodeNames(scene: Scene): readonly string[] {
  return [...scene.snapshot().observed.nodes.keys()].toSorted()
}

test('a class says whether to wait for the first pod', () => {
  expect(bound(ran(classWith('WaitForFirstConsumer'), claim('data'), volume('one')))).toEqual({
    data: undefined,
  })
  const waiting = ran(classWith('WaitForFirstConsumer'), claim('data'), volume('one'), using('p', 'data'))
  expect(bound(waiting)).toEqual({ data: 'one' })
  expect(bound(ran(classWith('Immediate'), claim('data'), volume('one', on('somewhere'))))).toEqual({
    data: 'one',
  })
})

test('two claims of one pod are bound on one node, or the pod waits', () => {
  const [first = '', second = ''] = nodeNames(new Scene(3))
  const pod = using('p', 'a', 'b')
  const apart = ran(claim('a'), claim('b'), volume('x', on(first)), volume('y', on(second)), pod)
  expect(pending(apart.plan())).toEqual([
    "default/p: 0/3 nodes are available: node(s) didn't find available persistent volumes to bind.",
  ])
  const together = ran(claim('a'), claim('b'), volume('x', on(second)), volume('y', on(second)), pod)
  expect(bound(together)).toEqual({ a: 'x', b: 'y' })
  expect(nodesOf(together)).toEqual([second])
})

test('a claim of the engine’s own class has a folder, unless a volume of its class is there', () => {
  const own = ownClaim('data')
  const folder = ran(own, volume('of-another-class'), using('p', 'data'))
  expect(bound(folder)).toEqual({ data: undefined })
  expect(folder.world.records.get(claimKey('data'))?.object.metadata.annotations).toHaveProperty([
    'volume.kubernetes.io/selected-node',
  ])
  // What has a folder keeps it.
  folder.commit(own, classless('of-none'), using('p', 'data'))
  folder.run()
  expect(bound(folder)).toEqual({ data: undefined })
  expect(bound(ran(own, classless('of-none'), using('p', 'data')))).toEqual({
    data: 'of-none',
  })
})

test('a volume whose claim is gone is released and nobody’s, until its claimRef is taken away or it leaves the commit', () => {
  const scene = ran(claim('data'), volume('v'))
  scene.commit(volume('v'))
  scene.run()
  expect(scene.world.trashed).toEqual([])
  expect(phase(scene, 'v')).toBe('Released')
  scene.commit(volume('v'), claim('data'), claim('other'))
  scene.run()
  expect(bound(scene)).toEqual({ data: undefined, other: undefined })
  scene.commit()
  scene.run()
  expect([...scene.world.records.keys()]).toEqual([])
  const kept = volume('v', { claimRef: { name: 'data', namespace: 'default' } })
  scene.commit(claim('data'), kept)
  scene.run()
  scene.commit(kept)
  scene.run()
  expect(phase(scene, 'v')).toBe('Released')
  scene.commit(volume('v'), claim('other'))
  scene.run()
  expect(bound(scene)).toEqual({ other: 'v' })
})

test('a volume that has left the commit is lost for its claim, and its again when it comes back', () => {
  const scene = ran(claim('data'), volume('v'), using('p', 'data'))
  scene.commit(claim('data'), using('p', 'data'), using('late', 'data'))
  expect(pending(scene.run())).toEqual([
    'default/late: 0/3 nodes are available: persistentvolumeclaim "data" bound to non-existent persistentvolume "v"',
  ])
  expect(scene.report('PersistentVolumeClaim', 'data')).toMatchObject({
    status: { phase: 'Lost' },
    health: { kind: 'failed', reason: 'ClaimLost' },
  })
  expect(scene.world.pods.map(({ record }) => record.claims)).toEqual([
    { data: { name: 'v', nfs: { server: 'nas', path: '/v' } } },
  ])
  scene.commit(claim('data'), claim('early'), volume('v'))
  scene.run()
  expect(bound(scene)).toEqual({ data: 'v', early: undefined })
  expect(phase(scene, 'v')).toBe('Bound')
})

test('a claim whose record was lost is found again by its pod', () => {
  const scene = ran(claim('data'), volume('a'), using('p', 'data'))
  scene.world.records.delete(claimKey('data'))
  scene.commit(claim('data'), volume('a'), volume('b'), using('p', 'data'))
  scene.run()
  expect(bound(scene)).toEqual({ data: 'a' })
  expect(phase(scene, 'a')).toBe('Bound')
})

test('what Kubernetes forbids to change of a volume stays as it was, and is told', () => {
  const scene = ran(volume('v'))
  scene.commit(volume('v', { nfs: { server: 'other', path: '/v' } }))
  scene.run()
  expect(scene.plan().statuses.get(volumeKey('v'))?.health).toEqual({
    kind: 'failed',
    reason: 'Invalid',
    message:
      'PersistentVolume "v" is invalid: spec.persistentvolumesource: Forbidden: spec.persistentvolumesource is immutable after creation',
  })
  expect(scene.world.records.get(volumeKey('v'))?.object.spec).toMatchObject({ nfs: { server: 'nas' } })
})

test('a pod that asks for another scheduler waits for it', () => {
  const { spec, ...rest } = barePod('p', '1')
  const scene = ran({ ...rest, spec: { ...spec, schedulerName: 'another' } })
  expect(pending(scene.plan())).toEqual([
    'default/p: waits for the scheduler another, which does not run here',
  ])
})

test('a claim for a disk is never a folder', () => {
  const { spec, ...rest } = ownClaim('raw')
  const raw: PersistentVolumeClaim = { ...rest, spec: { ...spec, volumeMode: 'Block' } }
  const folder = classless('folder')
  expect(bound(ran(raw, folder))).toEqual({ raw: undefined })
  const disk = volume('disk', on('n'))
  const { storageClassName: _, ...own } = disk.spec
  const scene = ran(raw, folder, {
    ...disk,
    spec: { ...own, volumeMode: 'Block', local: { path: '/dev/sdb' } },
  })
  expect(scene.report('PersistentVolumeClaim', 'raw').health).toEqual({ kind: 'healthy' })
})

test.each(['first', 'last'] as const)(
  'cut off after any action, the %s of each plan alone done: what comes of it is the same',
  (which) => {
    const volumes = nodeNames(new Scene(3)).map((node, index) => volume(`v${index}`, on(node)))
    const scene = new Scene(3).commit(
      ...[claim('a'), claim('b'), claim('c', { volumeName: 'v2' }), claim('d')],
      ...[...volumes, using('p', 'a'), using('q', 'b'), using('r', 'c')],
    )
    for (let count = 0; count < 60; count += 1) {
      const { actions } = scene.plan()
      const action = which === 'first' ? actions[0] : actions.at(-1)
      if (action === undefined) break
      scene.world.apply(action, 'whole')
      scene.world.pass(1)
    }
    expect(scene.plan().actions).toEqual([])
    expect(bound(scene)).toMatchObject({ c: 'v2', d: undefined })
    expect([bound(scene)['a'], bound(scene)['b']].toSorted()).toEqual(['v0', 'v1'])
    expect(['v0', 'v1', 'v2'].map((name) => phase(scene, name))).toEqual(['Bound', 'Bound', 'Bound'])
  },
)

test('taking everything down says nothing of volumes, so no claim is lost', () => {
  const scene = ran(claim('data'), volume('v'))
  const { desired, ...rest } = scene.snapshot()
  const down = plan(
    { ...rest, desired: { ...desired, objects: new Map(), keepsClaims: true } },
    scene.world.now,
  )
  expect(down.actions.map(({ kind, object }) => `${kind} ${object}`)).toEqual([
    'deleteRecord PersistentVolume//v',
  ])
  expect(down.statuses.has(claimKey('data'))).toBe(false)
})
