import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { World } from '../../support/engine.ts'
import { files } from '../../support/pods.ts'
import { addressIn, ownRanges } from '../../support/ranges.ts'
import { startRegistry } from '../../support/registry.ts'
import { OwnHost } from './ownHost.ts'
import { ask, byPod, servers, service } from './pods.ts'

const made = new AsyncDisposableStack()
let host: OwnHost
let world: World

const RANGES = await ownRanges()
const PART = RANGES.serviceCIDR.replace('/24', '/28')
const ADDRESS = addressIn(RANGES.serviceCIDR, 30)
/** A copy, on the host's own tmpfs. */
const NFT = '/run/nft'

beforeAll(async () => {
  const registry = made.use(await startRegistry())
  host = made.use(await OwnHost.create(registry.port))
  world = made.use(
    await World.create({
      ranges: RANGES,
      registry: registry.url,
      within: host.within,
    }),
  )
  const udp = [{ port: 80, targetPort: 8080, protocol: 'UDP' }]
  await world.commit(
    files(
      servers('web', 1),
      service('web', 'web', { clusterIP: ADDRESS }),
      service('names', 'web', { ports: udp }),
    ),
  )
})

afterAll(async () => await made.disposeAsync())

/** Why each Service is not as it should be; those that are have no line. */
async function problems(): Promise<readonly string[]> {
  const { stdout } = await world.run('status', '-o', 'json', '--repo', world.repo)
  const { items } = JSON.parse(stdout) as {
    readonly items: readonly {
      readonly kind: string
      readonly metadata: { readonly name: string }
      readonly status?: {
        readonly conditions?: readonly { readonly reason: string; readonly message: string }[]
      }
    }[]
  }
  return items
    .filter(({ kind }) => kind === 'Service')
    .flatMap(({ metadata, status }) =>
      (status?.conditions ?? []).map(({ message, reason }) => `${metadata.name}: ${reason}: ${message}`),
    )
}

async function answers(): Promise<ReadonlyMap<string, number>> {
  return byPod(await ask(ADDRESS, 80, 1, { within: host.within }))
}

/** On a host where a program is what the script says; without a script there is none. */
async function withProgram(
  path: string,
  script: string | undefined,
  work: () => Promise<void>,
): Promise<void> {
  const file = join(world.folder, 'program')
  writeFileSync(file, `#!/bin/sh\n${script ?? ''}`)
  chmodSync(file, script === undefined ? 0o644 : 0o755)
  await host.run('mount', '--bind', file, path)
  try {
    await work()
  } finally {
    await host.run('umount', path)
  }
}

test('a range that the host has another way into is told of at each Service with one that is free, and pods go on', async () => {
  await host.run('ip', 'route', 'add', PART, 'dev', 'eth0')
  const { exitCode, stderr } = await world.once('--timeout', '20s')
  expect(exitCode, stderr).toBe(1)
  const overlaps = `serviceCIDR ${RANGES.serviceCIDR} overlaps with ${PART} on eth0`
  const words = new RegExp(
    `${RegExp.escape(overlaps)}; 10\\.\\d+\\.0\\.0/24 is free: set it as serviceCIDR in the Cluster`,
  )
  expect(await problems()).toEqual([
    expect.stringMatching(/^names: NetworkNotReady: /),
    expect.stringMatching(words),
  ])
  expect((await world.pods()).map(({ status }) => status.phase)).toEqual(['Running'])
  await host.run('ip', 'route', 'delete', PART, 'dev', 'eth0')
  const again = await world.once('--timeout', '30s')
  expect(again.exitCode, again.stderr).toBe(0)
  expect([...(await answers()).values()]).toEqual([1])
})

test('where the kernel refuses the rules each Service says so, in the words of nft and with what it may lack', async () => {
  // As nft does on a kernel without a part of it; all else that the engine asks of nft is done.
  const script = `text=$(cat)
case "$text" in *services*) echo 'Error: Could not process rule: Operation not supported' >&2; exit 1 ;; esac
printf '%s\\n' "$text" | exec ${NFT} "$@"
`
  await host.run('cp', '/usr/sbin/nft', NFT)
  await withProgram('/usr/sbin/nft', script, async () => {
    const { exitCode, stderr } = await world.once('--timeout', '20s')
    expect(exitCode, stderr).toBe(1)
    const [first, second, ...more] = await problems()
    expect(more).toEqual([])
    for (const text of [first, second]) {
      expect(text).toContain('Operation not supported')
      expect(text).toContain('nft_numgen')
    }
    expect((await world.pods()).map(({ status }) => status.phase)).toEqual(['Running'])
    // What the engine before has loaded serves on.
    expect([...(await answers()).values()]).toEqual([1])
  })
  const again = await world.once('--timeout', '30s')
  expect(again.exitCode, again.stderr).toBe(0)
  expect(await problems()).toEqual([])
})

test('without conntrack the Services of udp say so, and all are served', async () => {
  await withProgram('/usr/sbin/conntrack', undefined, async () => {
    const { exitCode, stderr } = await world.once('--timeout', '20s')
    expect(exitCode, stderr).toBe(1)
    expect(await problems()).toEqual([
      expect.stringMatching(/^names: ConntrackMissing: .*apt-get install conntrack$/),
    ])
    expect([...(await answers()).values()]).toEqual([1])
  })
  const again = await world.once('--timeout', '30s')
  expect(again.exitCode, again.stderr).toBe(0)
})
