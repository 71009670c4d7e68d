import { execFileSync } from 'node:child_process'
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  mkdirSync,
} from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { layerName } from '../../../../engine/runtimes/oci/images/digest.ts'
import type { Registry } from '../../../support/registry.ts'
import { buildImage, buildIndex, startRegistry } from '../../../support/registry.ts'
import { ownRegistry } from './ownRegistry.ts'
import { big, countOf, createWorld, failureOf, hello, noise, textFile } from './support.ts'

let registry: Registry

ownRegistry((own) => {
  registry = own
})

function blobPath(store: Registry, digest: string): string {
  const hex = digest.slice('sha256:'.length)
  return join(store.storage, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data')
}

test('an image is pulled, unpacked and described', async () => {
  using world = createWorld()
  const config = { Entrypoint: ['/e'], Cmd: ['c'], User: 'www', StopSignal: 'SIGUSR1' }
  const image = buildImage({ layers: [{ entries: hello }, { entries: big }], config })
  await registry.push('team/app:1', image)

  const info = await world.pull(`${registry.host}/team/app:1`)
  expect(info).toEqual({ id: image.id, reference: `${registry.host}/team/app@${image.manifest.digest}` })
  const local = await world.store.resolve(info.id)
  expect(local).toMatchObject({
    id: image.id,
    reference: info.reference,
    config: { entrypoint: ['/e'], cmd: ['c'], user: 'www', stopSignal: 'SIGUSR1', env: [] },
  })
  expect(local?.layerDirs.map((folder) => readdirSync(folder))).toEqual([['hello'], ['big']])
  expect(readFileSync(`${local?.layerDirs[0]}/hello`, 'utf8')).toBe('hello')
})

test('nothing is left behind but blobs, layers and records', async () => {
  using world = createWorld()
  await registry.push('team/clean:1', buildImage({ layers: [{ entries: hello }] }))
  await world.pull(`${registry.host}/team/clean:1`)
  expect(readdirSync(`${world.root}/images/tmp`)).toEqual([])
  expect(readdirSync(`${world.runDir}/auth`)).toEqual([])
  expect(statSync(`${world.root}/layers`).mode & 0o777).toBe(0o700)
})

test('an image that is here is found with no command, also after a restart', async () => {
  using world = createWorld()
  await registry.push('team/here:1', buildImage({ layers: [{ entries: hello }] }))
  const image = `${registry.host}/team/here:1`
  const info = await world.pull(image)
  const before = world.commands.length
  expect(await world.pull(image)).toEqual(info)
  expect(await world.pull(image, 'Never')).toEqual(info)
  expect(await world.pull(info.reference)).toEqual(info)
  const restarted = world.restarted()
  expect(await restarted.pull({ image, policy: 'IfNotPresent', auths: [] })).toEqual(info)
  expect((await restarted.resolve(info.id))?.id).toBe(info.id)
  expect(world.commands.length).toBe(before)
})

test('an image whose layer somebody deleted is not here any more, and is pulled again', async () => {
  using world = createWorld()
  const built = buildImage({ layers: [{ entries: hello }] })
  await registry.push('team/gone:1', built)
  const image = `${registry.host}/team/gone:1`
  const info = await world.pull(image)
  rmSync(`${world.root}/layers/${layerName(built.diffIds[0] ?? '')}`, { recursive: true })
  expect(await world.store.resolve(info.id)).toBeUndefined()
  expect(await failureOf(world.pull(image, 'Never'))).toMatchObject({ reason: 'ErrImageNeverPull' })
  expect(await world.pull(image)).toEqual(info)
  expect(await world.store.resolve(info.id)).toBeDefined()
})

test('ten pods that wait for one image are one pull', async () => {
  using world = createWorld()
  await registry.push('team/ten:1', buildImage({ layers: [{ entries: big }] }))
  const image = `${registry.host}/team/ten:1`
  const infos = await Promise.all(Array.from({ length: 10 }, async () => await world.pull(image)))
  expect(new Set(infos.map((info) => info.id)).size).toBe(1)
  expect([countOf(world, 'inspect'), countOf(world, 'copy')]).toEqual([1, 1])
})

test('images that share a layer, pulled at once, fetch and unpack it once', async () => {
  using world = createWorld()
  const names = ['a', 'b', 'c']
  for (const name of names) {
    const layers = [{ entries: big }, { entries: textFile(name, name) }]
    await registry.push(`team/shared-${name}:1`, buildImage({ layers }))
  }
  const infos = await Promise.all(
    names.map(async (name) => await world.pull(`${registry.host}/team/shared-${name}:1`)),
  )
  const locals = await Promise.all(infos.map(async (info) => await world.store.resolve(info.id)))
  expect(new Set(locals.map((local) => local?.layerDirs[0])).size).toBe(1)
  expect(readdirSync(`${world.root}/layers`)).toHaveLength(4)
  expect(world.commands.filter((command) => command.startsWith('tar --extract --file')).length).toBe(4)
})

test('Always asks the registry, and fetches nothing while the name stands for the same image', async () => {
  using world = createWorld()
  const image = `${registry.host}/team/moving:1`
  await registry.push('team/moving:1', buildImage({ layers: [{ entries: hello }] }))
  const first = await world.pull(image, 'Always')
  expect(await world.pull(image, 'Always')).toEqual(first)
  expect([countOf(world, 'inspect'), countOf(world, 'copy')]).toEqual([2, 1])

  await registry.push('team/moving:1', buildImage({ layers: [{ entries: hello }], config: { Cmd: ['new'] } }))
  expect(await world.pull(image, 'IfNotPresent')).toEqual(first)
  const second = await world.pull(image, 'Always')
  expect(second.id).not.toBe(first.id)
  expect(await world.pull(image, 'IfNotPresent')).toEqual(second)
  // A pod that still runs the old one can still be started again.
  expect((await world.store.resolve(first.id))?.id).toBe(first.id)
})

test('Never pulls nothing', async () => {
  using world = createWorld()
  const failure = await failureOf(world.pull(`${registry.host}/team/app:1`, 'Never'))
  expect(failure).toMatchObject({ reason: 'ErrImageNeverPull', certain: true })
  expect(world.commands).toEqual([])
})

test('a name that is none is said to be none', async () => {
  using world = createWorld()
  const failure = await failureOf(world.pull('Not A Name'))
  expect(failure).toMatchObject({ reason: 'InvalidImageName', certain: true })
  expect(failure.message).toContain('"Not A Name"')
})

test('an image that does not exist will not exist the next time', async () => {
  using world = createWorld()
  await registry.push('team/exists:1', buildImage({ layers: [] }))
  for (const name of ['team/exists:2', 'nobody/nothing:1', `team/exists@sha256:${'a'.repeat(64)}`]) {
    const failure = await failureOf(world.pull(`${registry.host}/${name}`))
    expect(failure).toMatchObject({ reason: 'ErrImagePull', certain: true })
    expect(failure.message).toContain(`image does not exist in registry ${registry.host}`)
  }
})

test('a registry that is down may be up the next time', async () => {
  using world = createWorld()
  const down = await startRegistry({ images: 'none' })
  await down.stop()
  const failure = await failureOf(world.pull(`${down.host}/team/app:1`))
  expect(failure).toMatchObject({ reason: 'RegistryUnavailable', certain: false })
  expect(failure.message).toContain('connection refused')
})

test('images by digest are pulled, also with a tag beside it', async () => {
  using world = createWorld()
  const built = buildImage({ layers: [{ entries: hello }], format: 'docker' })
  await registry.push('team/digest:1', built)
  const pinned = `${registry.host}/team/digest@${built.manifest.digest}`
  expect(await world.pull(pinned)).toEqual({ id: built.id, reference: pinned })
  expect(await world.pull(`${registry.host}/team/digest:whatever@${built.manifest.digest}`)).toEqual({
    id: built.id,
    reference: pinned,
  })
})

test('of an index the image for this machine is pulled, and the index is what the name stands for', async () => {
  using world = createWorld()
  const own = process.arch === 'x64' ? 'amd64' : process.arch
  const images = [own, 's390x'].map((architecture) => ({
    architecture,
    image: buildImage({ architecture, layers: [{ entries: textFile('arch', architecture) }] }),
  }))
  const index = buildIndex(images)
  await registry.push('team/multi:1', index)
  const info = await world.pull(`${registry.host}/team/multi:1`)
  expect(info.reference).toBe(`${registry.host}/team/multi@${index.manifest.digest}`)
  expect(info.id).toBe(images[0]?.image.id)

  await registry.push('team/other:1', buildIndex(images.slice(1)))
  const failure = await failureOf(world.pull(`${registry.host}/team/other:1`))
  expect(failure.certain).toBe(true)
  expect(failure.message).toContain(`not made for linux/${own}, but for linux/s390x`)
})

test('a blob that the registry cut short is refused, and the next try gets it whole', async () => {
  using world = createWorld()
  const built = buildImage({ layers: [{ entries: textFile('noise', noise(100_000)) }] })
  await registry.push('team/cut:1', built)
  const data = blobPath(registry, built.blobs[1]?.digest ?? '')
  const whole = readFileSync(data)
  truncateSync(data, 1000)
  const failure = await failureOf(world.pull(`${registry.host}/team/cut:1`))
  expect(failure.certain).toBe(false)
  expect(failure.message).toContain('sent data that is not what the manifest names')
  expect(readdirSync(`${world.root}/images/tmp`)).toEqual([])

  writeFileSync(data, whole)
  expect((await world.pull(`${registry.host}/team/cut:1`)).id).toBe(built.id)
})

test('an image that lies about its layer is refused, and cannot put it in the place of another', async () => {
  using world = createWorld()
  const honest = buildImage({ layers: [{ entries: hello }] })
  const lie = buildImage({ layers: [{ entries: textFile('evil', 'evil') }], diffIds: honest.diffIds })
  await registry.push('team/honest:1', honest)
  await registry.push('team/lie:1', lie)
  const failure = await failureOf(world.pull(`${registry.host}/team/lie:1`))
  expect(failure.certain).toBe(true)
  expect(failure.message).toContain(`and the image says ${honest.diffIds[0]}`)
  expect(readdirSync(`${world.root}/layers`)).toEqual([])
  const local = await world.store.resolve((await world.pull(`${registry.host}/team/honest:1`)).id)
  expect(local?.layerDirs.map((folder) => readdirSync(folder))).toEqual([['hello']])
})

test('a blob that was damaged on the disk is fetched again', async () => {
  using world = createWorld()
  const built = buildImage({ layers: [{ entries: hello }] })
  await registry.push('team/rot:1', built)
  const blob = `${world.root}/images/blobs/sha256/${built.blobs[1]?.digest.slice(7)}`
  mkdirSync(`${world.root}/images/blobs/sha256`, { recursive: true })
  writeFileSync(blob, 'rotten')
  expect((await world.pull(`${registry.host}/team/rot:1`)).id).toBe(built.id)
  expect(execFileSync('sha256sum', [blob], { encoding: 'utf8' }).slice(0, 64)).toBe(
    built.blobs[1]?.digest.slice(7),
  )
})

test('a mirror is asked in the place of its registry, and the image keeps its own name', async () => {
  using world = createWorld({ mirrors: { 'docker.io': [registry.url] } })
  const built = buildImage({ layers: [{ entries: hello }] })
  await registry.push('library/mirrored:1', built)
  const info = await world.pull('mirrored:1')
  expect(info).toEqual({ id: built.id, reference: `docker.io/library/mirrored@${built.manifest.digest}` })
})

test('when the mirror is down the registry itself is asked, and both are named when both fail', async () => {
  const down = await startRegistry({ images: 'none' })
  await down.stop()
  // A registry that cannot exist, in docker.io's place: no test depends on the world outside.
  using world = createWorld({ mirrors: { 'registry.invalid': [down.url] } })
  const failure = await failureOf(world.pull('registry.invalid/app:1'))
  expect(failure).toMatchObject({ reason: 'RegistryUnavailable', certain: false })
  expect(failure.message).toContain(`${down.host}`)
  expect(failure.message).toContain('registry registry.invalid could not be asked')
})

test('who stops waiting is let go at once, and the others get their image', async () => {
  using world = createWorld()
  await registry.push('team/leave:1', buildImage({ layers: [{ entries: big }] }))
  const image = `${registry.host}/team/leave:1`
  const leaving = new AbortController()
  const left = world.pull(image, 'IfNotPresent', [], leaving.signal)
  const stayed = world.pull(image)
  leaving.abort(new Error('the pod was deleted'))
  await expect(left).rejects.toThrow('the pod was deleted')
  expect((await stayed).reference).toContain('team/leave@sha256:')
  expect(countOf(world, 'inspect')).toBe(1)
})

test('what a run that was cut off left behind is cleared by the next one', async () => {
  using world = createWorld()
  mkdirSync(`${world.root}/images/tmp/layer-old/root`, { recursive: true })
  mkdirSync(`${world.runDir}/auth`, { recursive: true })
  writeFileSync(`${world.runDir}/auth/7.json`, '{}')
  await registry.push('team/after:1', buildImage({ layers: [{ entries: hello }] }))
  await world.pull(`${registry.host}/team/after:1`)
  expect(readdirSync(`${world.root}/images/tmp`)).toEqual([])
  expect(readdirSync(`${world.runDir}/auth`)).toEqual([])
})

test('when nobody waits any more the fetch is ended, and nothing of it stays', async () => {
  using world = createWorld()
  await registry.push('team/nobody:1', buildImage({ layers: [{ entries: big }] }))
  const leaving = new AbortController()
  const copying = world.begun('copy')
  const left = world.pull(`${registry.host}/team/nobody:1`, 'IfNotPresent', [], leaving.signal)
  await Promise.race([copying, left])
  leaving.abort(new Error('the pod was deleted'))
  await expect(left).rejects.toThrow('the pod was deleted')
  // The one who comes now neither joins what is being given up nor trips over its remains.
  expect((await world.pull(`${registry.host}/team/nobody:1`)).reference).toContain('team/nobody@sha256:')
})

test("an image in Docker's format keeps its own config and so its id", async () => {
  using world = createWorld()
  const layers = [{ entries: hello }]
  const images = ['one', 'two'].map((name) =>
    buildImage({ layers, format: 'docker', config: { Cmd: [name] } }),
  )
  for (const [i, image] of images.entries()) await registry.push(`team/docker:${i}`, image)
  for (const [i, image] of images.entries()) {
    const info = await world.pull(`${registry.host}/team/docker:${i}`)
    expect(info.id).toBe(image.id)
    expect((await world.store.resolve(info.id))?.config.cmd).toEqual([['one', 'two'][i]])
  }
  expect(countOf(world, 'copy')).toBe(1)
})

test('a full disk is named', async () => {
  using world = createWorld()
  await registry.push(
    'team/large:1',
    buildImage({ layers: [{ entries: textFile('noise', noise(2_000_000)) }] }),
  )
  mkdirSync(world.root)
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=512k', 'tmpfs', world.root])
  try {
    const failure = await failureOf(world.pull(`${registry.host}/team/large:1`))
    expect(failure).toMatchObject({ reason: 'ErrImagePull', certain: false })
    expect(failure.message).toMatch(/is full[:;] free some space/)
    expect(existsSync(`${world.root}/layers`)).toBe(true)
  } finally {
    execFileSync('umount', [world.root])
  }
})

test('folders that cannot be made are the failure of the node, not ours', async () => {
  using world = createWorld()
  writeFileSync(world.root, 'a file where a folder belongs')
  const failure = await failureOf(world.pull(`${registry.host}/team/app:1`))
  expect(failure).toMatchObject({ reason: 'ErrImagePull', certain: false })
  expect(failure.message).toContain(world.root)
})
