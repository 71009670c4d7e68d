import { execFileSync } from 'node:child_process'
import { readdirSync, writeFileSync, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { DockerConfig } from '../../../../engine/api/imageRequests.ts'
import type { Registry } from '../../../support/registry.ts'
import { REGISTRY_USER, buildImage } from '../../../support/registry.ts'
import { ownRegistry } from './ownRegistry.ts'
import { createWorld, failureOf, hello } from './support.ts'

/** Tells no image to whoever has no login. */
let registry: Registry

ownRegistry(
  (own) => {
    registry = own
  },
  { login: true },
)

test('a private image is pulled with the secret of the pod, which does not stay', async () => {
  using world = createWorld()
  const built = buildImage({ layers: [{ entries: hello }] })
  await registry.push('team/private:1', built)
  const image = `${registry.host}/team/private:1`
  const wrong = secret({ username: 'robot', password: 'wrong' })

  const refused = await failureOf(world.pull(image))
  expect(refused).toMatchObject({ reason: 'ErrImagePull', certain: true })
  expect(refused.message).toContain('check imagePullSecrets')
  expect(await failureOf(world.pull(image, 'IfNotPresent', [wrong]))).toMatchObject({ certain: true })
  expect((await world.pull(image, 'IfNotPresent', [wrong, secret(REGISTRY_USER)])).id).toBe(built.id)
  expect(readdirSync(`${world.runDir}/auth`)).toEqual([])
  expect(grep(world.root, REGISTRY_USER.password)).toBe('')
  expect(world.commands.filter((command) => command.includes(REGISTRY_USER.password))).toEqual([])
})

test('with Always a pod without the secret gets no private image, though it is here', async () => {
  using world = createWorld()
  await registry.push('team/always:1', buildImage({ layers: [{ entries: hello }] }))
  const image = `${registry.host}/team/always:1`
  const [allowed, refused] = await Promise.allSettled([
    world.pull(image, 'Always', [secret(REGISTRY_USER)]),
    world.pull(image, 'Always', []),
  ])
  expect([allowed.status, refused.status]).toEqual(['fulfilled', 'rejected'])
  expect(await failureOf(world.pull(image, 'Always'))).toMatchObject({
    reason: 'ErrImagePull',
    certain: true,
  })
})

test("the user's own auth file is used where the pod has none", async () => {
  using world = createWorld()
  await registry.push('team/own:1', buildImage({ layers: [{ entries: hello }] }))
  const folder = join(world.root, '../home/.docker')
  mkdirSync(folder)
  const auth = Buffer.from(`${REGISTRY_USER.username}:${REGISTRY_USER.password}`).toString('base64')
  writeFileSync(`${folder}/config.json`, JSON.stringify({ auths: { [registry.host]: { auth } } }))
  const info = await world.pull(`${registry.host}/team/own:1`)
  expect(info.reference).toContain(`${registry.host}/team/own@sha256:`)
})

function secret(login: { readonly username: string; readonly password: string }): DockerConfig {
  return { auths: { [registry.host]: login } }
}

function grep(folder: string, text: string): string {
  return execFileSync('sh', ['-c', 'grep -rl -- "$1" "$2" || true', 'sh', text, folder], { encoding: 'utf8' })
}
