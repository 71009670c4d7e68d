import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import type { FleetState } from '../../../engine/api/fleet.ts'
import { nodeName, objectKey } from '../../../engine/api/names.ts'
import { type ObjectRecord, RECORD_VERSION, type RootRecord } from '../../../engine/api/records.ts'
import { readFleetState } from '../../../engine/reconciler/mirrors/fleetFile.ts'
import { Mirrors, Superseded } from '../../../engine/reconciler/mirrors/mirrors.ts'
import { rootPaths } from '../../../engine/runtimes/oci/paths.ts'
import { localTransport } from '../../../engine/transport/local.ts'
import { type Transport, TransportError } from '../../../engine/transport/transport.ts'

const NAMES = ['one', 'two', 'three'] as const
const HERE = localTransport()

function record(name: string, generation = 1): ObjectRecord {
  return {
    recordVersion: RECORD_VERSION,
    generation,
    key: objectKey('Job', 'default', name),
    commit: 'c',
    object: {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name, namespace: 'default', uid: `u-${name}` },
    },
  }
}

function rootRecord(hashKey = 'k'): RootRecord {
  return {
    recordVersion: RECORD_VERSION,
    rootId: '12345678',
    owner: { cluster: 'default', path: '', repository: '/srv/cluster' },
    podCIDR: '10.244.0.0/16',
    nodes: NAMES.map((name) => ({
      name: nodeName(name),
      address: `ssh://${name}`,
      podCIDR: '10.244.0.0/24',
    })),
    hashKey,
  }
}

/** Machines' disks are folders; what the head writes to a path is found on each below its own folder. */
class Disks {
  readonly folder = mkdtempSync(join(tmpdir(), 'reconcile-mirrors-'))
  readonly root = join(this.folder, 'head')
  readonly off = new Set<string>()

  constructor() {
    mkdirSync(this.root)
    onTestFinished(() => rmSync(this.folder, { recursive: true }))
  }

  async open(): Promise<Mirrors> {
    return await Mirrors.open(HERE, await rootPaths(HERE, this.root), rootRecord())
  }

  transport(name: string): Transport {
    const at = (path: string): string => path.replace(this.root, join(this.folder, name))
    const reached = (): void => {
      if (this.off.has(name)) throw new TransportError(`${name} is off`)
    }
    return {
      ...HERE,
      readFile: async (path) => {
        reached()
        return await HERE.readFile(at(path))
      },
      writeFile: async (path, ...more) => {
        reached()
        await HERE.writeFile(at(path), ...more)
      },
      makeDirectory: async (path, mode) => await HERE.makeDirectory(at(path), mode),
      remove: async (path) => {
        reached()
        await HERE.remove(at(path))
      },
      readTree: async (path, options) => {
        reached()
        return await HERE.readTree(at(path), options)
      },
    }
  }

  async state(name: string): Promise<FleetState | undefined> {
    return await readFleetState(this.transport(name), await rootPaths(HERE, this.root))
  }

  async meet(mirrors: Mirrors, ...names: readonly string[]): Promise<void> {
    for (const name of names) mirrors.met(nodeName(name), this.transport(name), await this.state(name))
    await mirrors.settled()
  }

  records(name: string): readonly string[] {
    try {
      return readdirSync(join(this.folder, name, 'records/Job/default')).toSorted()
    } catch {
      return []
    }
  }
}

test('what the head writes and deletes is on its own disk at once, and on each node that it has met', async () => {
  const disks = new Disks()
  const mirrors = await disks.open()
  await mirrors.write(record('a'))
  expect(disks.records('head')).toEqual(['a.json'])
  await disks.meet(mirrors, 'one', 'two')
  await mirrors.write(record('b'))
  await mirrors.delete(record('a').key)
  await mirrors.covered()
  await mirrors.settled()
  for (const name of ['head', 'one', 'two']) expect(disks.records(name)).toEqual(['b.json'])
  expect(disks.records('three')).toEqual([])
  const [one, head] = [await disks.state('one'), await disks.state('head')]
  expect(one?.writes).toBe(head?.writes)
  expect(one?.root).toEqual(rootRecord())
})

test('what covers an action waits for half of the nodes, and for no node more', async () => {
  const disks = new Disks()
  const mirrors = await disks.open()
  await disks.meet(mirrors, 'one')
  await mirrors.write(record('a'))
  const covered = mirrors.covered().then(() => 'covered')
  await mirrors.settled()
  expect(await Promise.race([covered, Promise.resolve('waits')])).toBe('waits')
  await disks.meet(mirrors, 'two')
  expect(await covered).toBe('covered')
})

test('a node that fails meanwhile is compared as a whole when it is met again', async () => {
  const disks = new Disks()
  const mirrors = await disks.open()
  await mirrors.write(record('a'))
  await mirrors.write(record('b'))
  await disks.meet(mirrors, ...NAMES)
  disks.off.add('three')
  await mirrors.delete(record('a').key)
  await mirrors.write(record('b', 2))
  await mirrors.settled()
  await mirrors.covered()
  expect(disks.records('three')).toEqual(['a.json', 'b.json'])
  disks.off.delete('three')
  // Somebody has been there.
  writeFileSync(join(disks.folder, 'three/records/Job/default/stray.json'), '{}')
  await disks.meet(mirrors, 'three')
  expect(disks.records('three')).toEqual(['b.json'])
  expect(readFileSync(join(disks.folder, 'three/records/Job/default/b.json'), 'utf8')).toBe(
    JSON.stringify(record('b', 2)),
  )
})

test('a node whose disk has failed once is brought up to date over the same connection', async () => {
  const disks = new Disks()
  const mirrors = await disks.open()
  await disks.meet(mirrors, 'one', 'two')
  const inTheWay = join(disks.folder, 'two/records')
  writeFileSync(inTheWay, '')
  await mirrors.write(record('a'))
  await mirrors.settled()
  expect(disks.records('two')).toEqual([])
  rmSync(inTheWay)
  await mirrors.covered()
  await mirrors.settled()
  expect(disks.records('two')).toEqual(['a.json'])
})

test('changes that are on a node, but not at their places yet, are told with how far they go', async () => {
  const disks = new Disks()
  const mirrors = await disks.open()
  await disks.meet(mirrors, 'one')
  await mirrors.write(record('a'))
  await mirrors.settled()
  const file = join(disks.root, 'records/Job/default/a.json')
  expect((await disks.state('one'))?.changes).toEqual({ [file]: JSON.stringify(record('a')) })
})

test('an engine that finds a later head’s copy on a node is superseded, and one that finds another cluster’s is not', async () => {
  const disks = new Disks()
  const before = await disks.open()
  await disks.meet(before, 'one')
  const found = await disks.state('one')
  if (found === undefined) throw new Error('no state')
  const other = { ...found, epoch: found.epoch + 1 }
  const foreign = { ...other, root: rootRecord('another key') }
  expect(() => before.assertOurs(nodeName('one'), foreign)).not.toThrow()
  expect(before.superseded.aborted).toBe(false)
  expect(() => before.met(nodeName('one'), disks.transport('one'), other)).toThrow(Superseded)
  expect(before.superseded.aborted).toBe(true)
})

test('the next engine on the same disk goes on, one write later: the last one may have been cut off before it had counted', async () => {
  const disks = new Disks()
  const first = await disks.open()
  await first.write(record('a'))
  await disks.meet(first, 'one')
  const next = await disks.open()
  expect(next.position).toMatchObject({ epoch: first.position.epoch, writes: first.position.writes + 1 })
  await disks.meet(next, 'one')
  expect(next.superseded.aborted).toBe(false)
  expect((await disks.state('one'))?.writes).toBe(next.position.writes)
})
