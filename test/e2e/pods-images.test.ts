import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { busyboxLayer } from '../../scripts/images/busybox.ts'
import { type ShownPod, World } from '../support/engine.ts'
import {
  containerOf,
  engineAtWork,
  files,
  logs,
  NEVER_READY,
  pod,
  scriptPod,
  untilPod,
} from '../support/pods.ts'
import { buildImage, type Registry, REGISTRY_USER, startRegistry } from '../support/registry.ts'

let registry: Registry
let guarded: Registry
let world: World

type Fields = Readonly<Record<string, unknown>>

function image(version: string) {
  return buildImage({
    layers: [{ entries: busyboxLayer() }],
    config: { Env: ['PATH=/bin', `VERSION=${version}`], Cmd: ['sh', '-c', 'echo version $VERSION'] },
  })
}

function of(name: string, reference: string, container: Fields = {}, spec: Fields = {}) {
  return pod(name, { containers: [{ name: 'main', image: reference, ...container }], ...spec })
}

const dockerConfig = (password: string) =>
  JSON.stringify({
    [guarded.host]: { auth: Buffer.from(`${REGISTRY_USER.username}:${password}`).toString('base64') },
  })

function secrets() {
  const secret = (name: string, type: string, stringData: Fields) => ({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name },
    type,
    stringData,
  })
  return [
    secret('login', 'kubernetes.io/dockerconfigjson', {
      '.dockerconfigjson': `{"auths": ${dockerConfig(REGISTRY_USER.password)}}`,
    }),
    secret('wrong-login', 'kubernetes.io/dockerconfigjson', {
      '.dockerconfigjson': `{"auths": ${dockerConfig('guess')}}`,
    }),
    secret('old-login', 'kubernetes.io/dockercfg', { '.dockercfg': dockerConfig(REGISTRY_USER.password) }),
  ]
}

const withLogin = (name: string) => ({ imagePullSecrets: [{ name }] })

/** Each generation of these is replaced by the next. */
function policies(generation: string) {
  const again = { env: [{ name: 'GENERATION', value: generation }] }
  return [
    of('always', 'test/moving:1', { imagePullPolicy: 'Always', ...again }),
    of('if-not-present', 'test/moving:1', { imagePullPolicy: 'IfNotPresent', ...again }),
    of('by-default', 'test/moving:1', again),
    of('latest', 'test/moving', again),
    of('never', 'test/still:1', { imagePullPolicy: 'Never', ...again }),
  ]
}

beforeAll(async () => {
  registry = await startRegistry()
  guarded = await startRegistry({ images: 'none', login: true })
  await guarded.push('team/app:1', image('private'))
  for (const tag of ['1', 'latest']) await registry.push(`test/moving:${tag}`, image('one'))
  await registry.push('test/still:1', image('one'))
  world = await World.create({
    registry: registry.url,
    mirrors: { [guarded.host]: guarded.url },
  })
})

afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
  await guarded[Symbol.asyncDispose]()
})

describe('pull policies', () => {
  test('Always takes what the registry has now, IfNotPresent and Never what the node has; latest is Always by default', async () => {
    await world.commit(
      files(scriptPod('brings-it', 'true', { image: 'test/still:1' }), ...policies('1').slice(0, 4)),
    )
    const first = await world.once()
    expect(first, first.stderr).toMatchObject({ exitCode: 0 })
    for (const name of ['always', 'if-not-present', 'by-default', 'latest']) {
      expect(await logs(world, name)).toBe('version one')
    }
    for (const tag of ['moving:1', 'moving:latest', 'still:1'])
      await registry.push(`test/${tag}`, image('two'))
    await world.commit(files(scriptPod('brings-it', 'true', { image: 'test/still:1' }), ...policies('2')))
    const second = await world.once()
    expect(second, second.stderr).toMatchObject({ exitCode: 0 })
    expect(await logs(world, 'always')).toBe('version two')
    expect(await logs(world, 'latest')).toBe('version two')
    expect(await logs(world, 'never')).toBe('version one')
    // The tag now names the newer image on the node, too: another pod has pulled it.
    expect(await logs(world, 'if-not-present')).toMatch(/^version (one|two)$/)
  })
})

/** The second word comes with the second attempt. */
const REFUSED = ['ErrImagePull', 'ImagePullBackOff']

describe('images that cannot be had', () => {
  beforeAll(async () => {
    const private1 = `${guarded.host}/team/app:1`
    await world.commit(
      files(
        ...secrets(),
        NEVER_READY,
        of('login', private1, {}, withLogin('login')),
        of('old-login', private1, { imagePullPolicy: 'Always' }, withLogin('old-login')),
        of('no-login', private1, { imagePullPolicy: 'Always' }),
        of('wrong-login', private1, { imagePullPolicy: 'Always' }, withLogin('wrong-login')),
        of('missing', 'test/none:1'),
        of('never-there', 'test/none:1', { imagePullPolicy: 'Never' }),
        of('no-name', 'Web App'),
        of('no-registry', '127.0.0.1:1/none:1'),
        of('no-command', 'test/empty:1'),
      ),
    )
    await registry.push('test/empty:1', buildImage({ layers: [{ entries: busyboxLayer() }], config: {} }))
    await engineAtWork(world)
  })

  const waits = async (name: string, ...reasons: readonly unknown[]) => {
    const waiting = (now: ShownPod) => containerOf(now).state['waiting']
    const shown = await untilPod(world, name, (now) => reasons.includes(waiting(now)?.['reason']))
    expect(shown.status.phase).toBe('Pending')
    return waiting(shown)?.['message']
  }

  test('a registry that asks for a login is given that of imagePullSecrets, of the new form and of the old', async () => {
    for (const name of ['login', 'old-login']) {
      await untilPod(world, name, ({ status }) => status.phase === 'Succeeded')
      expect(await logs(world, name)).toBe('version private')
    }
  })

  test('without a login, or with a wrong one, it refuses', async () => {
    for (const name of ['no-login', 'wrong-login']) {
      expect(await waits(name, ...REFUSED)).toMatch(/imagePullSecrets/)
    }
  })

  test('an image that does not exist', async () => {
    expect(await waits('missing', ...REFUSED)).toMatch(/test\/none:1/)
  })

  test('one that may not be pulled and is not there', async () => {
    expect(await waits('never-there', 'ErrImageNeverPull')).toMatch(/test\/none:1/)
  })

  test('a name that is none', async () => {
    expect(await waits('no-name', 'InvalidImageName')).toMatch(/Web App/)
  })

  test('an image without a command, in a pod without one', async () => {
    expect(await waits('no-command', 'CreateContainerError')).toMatch(/which command to run/)
  })

  test('a registry that does not answer is asked again, after a back-off', async () => {
    expect(await waits('no-registry', 'ImagePullBackOff')).toMatch(
      /^Back-off pulling image "127\.0\.0\.1:1\/none:1": RegistryUnavailable: /,
    )
  })
})
