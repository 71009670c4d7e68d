import { availableParallelism, hostname } from 'node:os'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { World } from '../support/engine.ts'
import { files, logs, pairs, pod, scriptPod, sh } from '../support/pods.ts'
import { startOf } from '../support/ranges.ts'
import { buildImage, type Registry, startRegistry } from '../support/registry.ts'
import { busyboxLayer } from '../../scripts/images/busybox.ts'

let registry: Registry
let world: World

const data = { PLAIN: 'from the map', TWO_LINES: 'first\nsecond', 'not-a-C-name': 'is one since 1.34' }

const config = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'config' },
  data,
  binaryData: { BYTES: '/w==' },
}

const secret = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'secret' },
  data: { TOKEN: Buffer.from('from data').toString('base64'), USER: Buffer.from('lost').toString('base64') },
  stringData: { USER: 'from stringData' },
}

const ref = (kind: 'configMapKeyRef' | 'secretKeyRef', name: string, key: string, optional?: boolean) => ({
  valueFrom: { [kind]: { name, key, ...(optional === undefined ? {} : { optional }) } },
})

const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } })

const resource = (name: string, divisor?: string, containerName?: string) => ({
  valueFrom: {
    resourceFieldRef: {
      resource: name,
      ...(divisor === undefined ? {} : { divisor }),
      ...(containerName === undefined ? {} : { containerName }),
    },
  },
})

function env(variables: Readonly<Record<string, unknown>>) {
  return Object.entries(variables).map(([name, value]) =>
    typeof value === 'string' ? { name, value } : { name, ...Object(value) },
  )
}

const expansion = scriptPod('expansion', 'env; echo "args=$*"', {
  env: env({
    FIRST: 'one',
    SECOND: '$(FIRST) two',
    EARLY: '$(LATE)',
    LATE: 'late',
    ESCAPED: '$$(FIRST)',
    DOLLAR: 'a$b$$c',
    OPEN: '$(FIRST',
    FROM_SECRET: ref('secretKeyRef', 'secret', 'TOKEN'),
    WITH_SECRET: '<$(FROM_SECRET)>',
    EMPTY: '',
  }),
  command: ['sh', '-c', 'env; echo "args=$*"', '$(FIRST)'],
  args: ['$(SECOND)', '$$(FIRST)', '$(UNKNOWN)'],
})

const keys = scriptPod('keys', 'env', {
  env: env({
    MAP: ref('configMapKeyRef', 'config', 'PLAIN'),
    LINES: ref('configMapKeyRef', 'config', 'TWO_LINES'),
    DATA: ref('secretKeyRef', 'secret', 'TOKEN'),
    STRING_DATA: ref('secretKeyRef', 'secret', 'USER'),
    NO_KEY: ref('configMapKeyRef', 'config', 'NOT_THERE', true),
    NO_MAP: ref('configMapKeyRef', 'not-there', 'KEY', true),
    NO_SECRET: ref('secretKeyRef', 'not-there', 'KEY', true),
    NO_SECRET_KEY: ref('secretKeyRef', 'secret', 'NOT_THERE', true),
  }),
})

const whole = scriptPod('whole', '', {
  // Not through a shell: it keeps only what could be a variable of its own.
  command: ['env'],
  envFrom: [
    { configMapRef: { name: 'config' } },
    { prefix: 'P_', configMapRef: { name: 'config' } },
    { secretRef: { name: 'secret' } },
    { prefix: 'S_', secretRef: { name: 'secret' } },
    { configMapRef: { name: 'not-there', optional: true } },
    { secretRef: { name: 'not-there', optional: true } },
  ],
  env: env({ TOKEN: 'env wins', FROM_THERE: '$(P_PLAIN)' }),
})

const fields = pod(
  'fields',
  {
    serviceAccountName: 'robot',
    containers: [
      sh('env', {
        env: env({
          NAME: field('metadata.name'),
          NAMESPACE: field('metadata.namespace'),
          UID: field('metadata.uid'),
          LABEL: field("metadata.labels['app.kubernetes.io/name']"),
          NO_LABEL: field("metadata.labels['none']"),
          ANNOTATION: field("metadata.annotations['note']"),
          NODE: field('spec.nodeName'),
          ACCOUNT: field('spec.serviceAccountName'),
          HOST_IP: field('status.hostIP'),
          HOST_IPS: field('status.hostIPs'),
          POD_IP: field('status.podIP'),
          POD_IPS: field('status.podIPs'),
        }),
      }),
    ],
  },
  { labels: { 'app.kubernetes.io/name': 'shop' }, annotations: { note: 'two words' } },
)

const resources = pod('resources', {
  containers: [
    sh('env', {
      resources: { requests: { cpu: '250m', memory: '20Mi' }, limits: { cpu: '1500m', memory: '64Mi' } },
      env: env({
        CPU_LIMIT: resource('limits.cpu'),
        CPU_LIMIT_MILLI: resource('limits.cpu', '1m'),
        CPU_REQUEST: resource('requests.cpu'),
        CPU_REQUEST_MILLI: resource('requests.cpu', '1m'),
        MEMORY_LIMIT: resource('limits.memory'),
        MEMORY_LIMIT_MI: resource('limits.memory', '1Mi'),
        MEMORY_REQUEST_K: resource('requests.memory', '1k'),
        MEMORY_REQUEST_GI: resource('requests.memory', '1Gi'),
        OTHER: resource('limits.memory', '1Mi', 'other'),
        OTHER_CPU: resource('limits.cpu', '1', 'other'),
      }),
    }),
    sh('true', { name: 'other', resources: { limits: { memory: '32Mi' } } }),
  ],
})

const entry = (name: string, more: Readonly<Record<string, unknown>>) =>
  pod(name, { containers: [{ name: 'main', image: 'test/entry:latest', ...more }] })

const both = { command: ['echo', 'own'], args: ['words'] }

beforeAll(async () => {
  registry = await startRegistry()
  await registry.push(
    'test/entry:latest',
    buildImage({
      layers: [{ entries: busyboxLayer() }],
      config: {
        Env: ['FROM_IMAGE=yes', 'REPLACED=image'],
        Entrypoint: ['echo', 'entry'],
        Cmd: ['cmd'],
        WorkingDir: '/var',
      },
    }),
  )
  world = await World.create({ registry: registry.url })
  await world.commit(
    files(
      config,
      secret,
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'robot' } },
      expansion,
      keys,
      whole,
      fields,
      resources,
      entry('entry-neither', {}),
      entry('entry-args', { args: ['args'] }),
      entry('entry-command', { command: ['echo', 'command'] }),
      entry('entry-both', both),
      entry('entry-env', { command: ['env'], env: env({ REPLACED: 'manifest' }) }),
      entry('cwd-image', { command: ['pwd'] }),
      entry('cwd-own', { command: ['pwd'], workingDir: '/made/for/it' }),
    ),
  )
  const run = await world.once()
  if (run.exitCode !== 0) throw new Error(run.stderr)
})

afterAll(async () => {
  await world[Symbol.asyncDispose]()
  await registry[Symbol.asyncDispose]()
})

async function envOf(name: string): Promise<Readonly<Record<string, string>>> {
  return pairs(await logs(world, name))
}

describe('variables', () => {
  test('$(NAME) stands for an earlier variable, $$ for a dollar sign, and what is not known stays as it is', async () => {
    expect(await envOf('expansion')).toMatchObject({
      SECOND: 'one two',
      EARLY: '$(LATE)',
      ESCAPED: '$(FIRST)',
      DOLLAR: 'a$b$c',
      OPEN: '$(FIRST',
      WITH_SECRET: '<from data>',
      EMPTY: '',
    })
  })

  test('command and args are expanded, too', async () => {
    expect((await envOf('expansion'))['args']).toBe('one two $(FIRST) $(UNKNOWN)')
  })

  test('keys of ConfigMaps and Secrets are handed out, stringData before data; optional ones that are missing are not set', async () => {
    const text = await logs(world, 'keys')
    expect(text).toContain('LINES=first\nsecond')
    const variables = pairs(text)
    expect(variables).toMatchObject({
      MAP: 'from the map',
      DATA: 'from data',
      STRING_DATA: 'from stringData',
    })
    expect(Object.keys(variables).filter((name) => name.startsWith('NO_'))).toEqual([])
  })

  test('envFrom takes whole ConfigMaps and Secrets with their prefix, and env wins over them', async () => {
    const variables = await envOf('whole')
    expect(variables).toMatchObject({
      PLAIN: 'from the map',
      P_PLAIN: 'from the map',
      'not-a-C-name': 'is one since 1.34',
      USER: 'from stringData',
      S_TOKEN: 'from data',
      TOKEN: 'env wins',
      FROM_THERE: 'from the map',
    })
    expect(variables).not.toHaveProperty('BYTES')
  })

  test('every field of the pod that Kubernetes hands out is handed out', async () => {
    const shown = await world.pod('fields')
    const { podIP = '', hostIP = '' } = shown.status
    expect(podIP).toMatch(startOf(world.ranges.podCIDR))
    expect(hostIP).toMatch(/^\d+\.\d+\.\d+\.\d+$/)
    const variables = await envOf('fields')
    expect(variables).toMatchObject({
      NAME: 'fields',
      NAMESPACE: 'default',
      UID: shown.metadata.uid,
      LABEL: 'shop',
      NO_LABEL: '',
      ANNOTATION: 'two words',
      NODE: hostname(),
      ACCOUNT: 'robot',
      HOST_IP: hostIP,
      POD_IP: podIP,
      POD_IPS: podIP,
    })
    expect(variables['HOST_IPS']?.split(',')).toContain(hostIP)
  })

  test('requests and limits are handed out in units of the divisor, rounded up', async () => {
    expect(await envOf('resources')).toMatchObject({
      CPU_LIMIT: '2',
      CPU_LIMIT_MILLI: '1500',
      CPU_REQUEST: '1',
      CPU_REQUEST_MILLI: '250',
      MEMORY_LIMIT: String(64 * 1024 * 1024),
      MEMORY_LIMIT_MI: '64',
      MEMORY_REQUEST_K: '20972',
      MEMORY_REQUEST_GI: '1',
      OTHER: '32',
    })
  })

  test('a limit that is not set is what the node has', async () => {
    expect((await envOf('resources'))['OTHER_CPU']).toBe(String(availableParallelism()))
  })

  test('the variables of the image are there, and the manifest wins', async () => {
    expect(await envOf('entry-env')).toMatchObject({ FROM_IMAGE: 'yes', REPLACED: 'manifest' })
  })
})

describe('what runs', () => {
  test.for([
    ['entry-neither', 'entry cmd', 'the image decides'],
    ['entry-args', 'entry args', 'args replace the cmd of the image'],
    ['entry-command', 'command', 'command replaces entrypoint and cmd'],
    ['entry-both', 'own words', 'both replace all'],
  ] as const)('%s prints “%s”: %s', async ([name, printed]) => {
    expect(await logs(world, name)).toBe(printed)
  })

  test('it starts in the folder of the image, or in that of the manifest, which is made', async () => {
    expect(await logs(world, 'cwd-image')).toBe('/var')
    expect(await logs(world, 'cwd-own')).toBe('/made/for/it')
  })
})
