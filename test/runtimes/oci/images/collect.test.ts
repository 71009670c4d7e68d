import { existsSync, readdirSync, writeFileSync, mkdirSync } from 'node:fs'
import { expect, test } from 'vitest'
import type { Registry } from '../../../support/registry.ts'
import { buildImage } from '../../../support/registry.ts'
import { ownRegistry } from './ownRegistry.ts'
import { big, createWorld, failureOf, hello, noise, textFile } from './support.ts'

let registry: Registry

ownRegistry((own) => {
  registry = own
})

test('unused images and layers are collected, and shared layers stay', async () => {
  using world = createWorld()
  const layers = (name: string) => [{ entries: big }, { entries: textFile(name, noise(10_000)) }]
  await registry.push('team/keep:1', buildImage({ layers: layers('keep') }))
  await registry.push('team/drop:1', buildImage({ layers: layers('drop') }))
  const kept = await world.pull(`${registry.host}/team/keep:1`)
  const dropped = await world.pull(`${registry.host}/team/drop:1`)
  mkdirSync(`${world.root}/layers/${'0'.repeat(32)}`)

  const collected = await world.store.collect([kept.id])
  expect(collected.images).toBe(1)
  expect(collected.bytes).toBeGreaterThan(10_000)
  expect(await world.store.resolve(dropped.id)).toBeUndefined()
  expect((await world.store.resolve(kept.id))?.layerDirs.every((folder) => existsSync(folder))).toBe(true)
  expect(readdirSync(`${world.root}/layers`)).toHaveLength(2)
  expect(readdirSync(`${world.root}/images/blobs/sha256`)).toHaveLength(3)
  expect(await world.store.collect([`${registry.host}/team/keep:1`])).toEqual({ images: 0, bytes: 0 })
  expect((await world.pull(`${registry.host}/team/drop:1`)).id).toBe(dropped.id)
})

test('nothing is collected when a record of another version is there', async () => {
  using world = createWorld()
  await registry.push('team/future:1', buildImage({ layers: [{ entries: hello }] }))
  const info = await world.pull(`${registry.host}/team/future:1`)
  writeFileSync(`${world.root}/images/records/${'f'.repeat(64)}.json`, '{"recordVersion":2}')
  const failure = await failureOf(world.store.collect([]))
  expect(failure.reason).toBe('ImageGCFailed')
  expect((await world.store.resolve(info.id))?.id).toBe(info.id)
})

test('nothing is collected while an image is on its way', async () => {
  using world = createWorld()
  await registry.push('team/way:1', buildImage({ layers: [{ entries: big }] }))
  const copying = world.begun('copy')
  const pulling = world.pull(`${registry.host}/team/way:1`)
  await Promise.race([copying, pulling])
  expect(await world.store.collect([])).toEqual({ images: 0, bytes: 0 })
  expect(await world.store.resolve((await pulling).id)).toBeDefined()
})
