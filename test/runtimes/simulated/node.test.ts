import { expect, test } from 'vitest'
import type { StartContainerRequest } from '../../../engine/api/cri.ts'
import { nodeName } from '../../../engine/api/names.ts'
import { VirtualClock } from '../../../engine/runtimes/simulated/clock.ts'
import { reboot } from '../../../engine/runtimes/simulated/lives.ts'
import { SimulatedNode } from '../../../engine/runtimes/simulated/node.ts'
import type { ConnectionOptions } from '../../../engine/runtimes/simulated/runtime.ts'
import { connectTo } from '../../../engine/runtimes/simulated/runtime.ts'
import type { ContainerScript } from '../../../engine/runtimes/simulated/script.ts'
import type { Fault, Weather } from '../../../engine/runtimes/simulated/weather.ts'
import { calm, seededRandom, seededWeather } from '../../../engine/runtimes/simulated/weather.ts'
import type { Runtime } from '../../../engine/runtimes/runtime.ts'
import { recordOf, uidOf } from '../../reconciler/support.ts'

const UID = uidOf('web')
const RECORD = recordOf('web')

function start(attempt = 0, policy: 'Always' | 'Never' = 'Always'): StartContainerRequest {
  return {
    uid: UID,
    container: 'app',
    attempt,
    image: 'app:1',
    command: [],
    args: [],
    env: [],
    mounts: [],
    security: {
      runAsNonRoot: false,
      supplementalGroups: [],
      addCapabilities: [],
      dropCapabilities: [],
      privileged: false,
      readOnlyRootFilesystem: false,
      allowPrivilegeEscalation: true,
      seccomp: 'RuntimeDefault',
      procMount: 'Default',
    },
    resources: { cpuShares: 2 },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    restart: { policy, delaysSeconds: [0, 10, 20], resetAfterSeconds: 600 },
    pidMode: 'container',
    hostNetwork: false,
    hostIPC: false,
    labels: { namespace: 'default', pod: 'web' },
  }
}

interface Machine {
  readonly clock: VirtualClock
  readonly node: SimulatedNode
  readonly runtime: Runtime
}

function machine(script: ContainerScript = {}, options: ConnectionOptions = {}): Machine {
  const clock = new VirtualClock()
  const node = new SimulatedNode(nodeName('local'), clock, () => script)
  return { clock, node, runtime: connectTo(node, options).runtime }
}

async function created({ clock, runtime }: Machine): Promise<void> {
  const lists = { hostAliases: [], portMappings: [], volumes: [] }
  const request = { record: RECORD, hostname: 'web', hostNetwork: false, hostIPC: false, ...lists }
  await clock.runUntil(runtime.createPod(request))
}

function faultOf(verb: string, fault: Fault): Weather {
  return (called) => (called === verb ? { latencyMs: 1, fault } : calm(called))
}

function state({ node }: Machine): unknown {
  return node.pods.get(UID)?.containers.get('app')?.state.kind
}

function starts({ node }: Machine): readonly number[] {
  return node.facts.flatMap((fact) => (fact.kind === 'started' ? [fact.attempt] : []))
}

test('a start that is repeated is one start', async () => {
  const it = machine()
  await created(it)
  await it.clock.runUntil(it.runtime.startContainer(start()))
  await it.clock.runUntil(it.runtime.startContainer(start()))
  expect(starts(it)).toEqual([0])
})

test('the hook starts a container that ended after each delay in turn, with no engine', async () => {
  const it = machine({ exitAfterMs: 1_000, exitCode: 1 })
  await created(it)
  await it.clock.runUntil(it.runtime.startContainer(start()))
  await it.clock.runFor(500)
  const times = [starts(it).length]
  for (const ms of [1_000, 5_000, 6_000]) {
    await it.clock.runFor(ms)
    times.push(starts(it).length)
  }
  // ends at 1 s, at once again; ends at 2 s, again at 12 s
  expect(times).toEqual([1, 2, 2, 3])
})

test('a disarmed hook starts nothing, nor does one whose rule says never', async () => {
  for (const policy of ['Always', 'Never'] as const) {
    const it = machine({ exitAfterMs: 1_000, exitCode: 1 })
    await created(it)
    await it.clock.runUntil(it.runtime.startContainer(start(0, policy)))
    if (policy === 'Always') await it.clock.runUntil(it.runtime.disarm(UID))
    await it.clock.runFor(60_000)
    expect(starts(it)).toEqual([0])
    expect(state(it)).toBe('exited')
  }
})

test('what does not heed SIGTERM is killed when its grace is over', async () => {
  const it = machine({ stopAfterMs: Infinity })
  await created(it)
  await it.clock.runUntil(it.runtime.startContainer(start(0, 'Never')))
  const began = it.clock.elapsedMs
  await it.clock.runUntil(
    it.runtime.stopContainer({ uid: UID, container: 'app', attempt: 0, graceMs: 5_000 }),
  )
  expect(it.clock.elapsedMs - began).toBe(5_001)
  expect(it.node.pods.get(UID)?.containers.get('app')?.state).toMatchObject({
    exit: { exitCode: 137, signal: 9 },
  })
})

test('a lost answer rejects though all is done, and a half one leaves the record alone', async () => {
  const lost = machine({}, { weather: faultOf('createPod', 'lost') })
  await expect(created(lost)).rejects.toThrow('the answer was lost')
  expect(lost.node.pods.get(UID)?.sandbox).toBe('ready')
  const half = machine({}, { weather: faultOf('createPod', 'half') })
  await expect(created(half)).rejects.toThrow('half done')
  expect(half.node.pods.get(UID)?.sandbox).toBe('absent')
})

test('a refused call and one to a silent node do nothing', async () => {
  for (const fault of ['refused', 'silent'] as const) {
    const it = machine({}, { weather: faultOf('createPod', fault) })
    await expect(created(it)).rejects.toThrow('createPod: ')
    expect(it.node.pods.size).toBe(0)
  }
})

test('a killed engine gets no further than the step before which it was killed', async () => {
  const clock = new VirtualClock()
  const node = new SimulatedNode(nodeName('local'), clock, () => ({}))
  const { line, runtime } = connectTo(node, { onStep: (_, step) => step === 2 && line.kill() })
  await expect(created({ clock, node, runtime })).rejects.toThrow('come to a halt')
  expect(node.pods.get(UID)?.sandbox).toBe('absent')
})

test('a disarmed pod whose container is alive cannot be removed; an armed one, whose hook may have started it, ends with it', async () => {
  const disarmed = machine()
  await created(disarmed)
  await disarmed.clock.runUntil(disarmed.runtime.startContainer(start()))
  await disarmed.clock.runUntil(disarmed.runtime.disarm(UID))
  await expect(disarmed.clock.runUntil(disarmed.runtime.removePod(UID))).rejects.toThrow('are alive')
  const armed = machine()
  await created(armed)
  await armed.clock.runUntil(armed.runtime.startContainer(start()))
  await armed.clock.runUntil(armed.runtime.removePod(UID))
  expect(armed.node.pods.size).toBe(0)
  expect(armed.node.facts.map(({ kind }) => kind)).toEqual(['created', 'started', 'ended', 'removed'])
})

test('a reboot ends all containers, breaks sandboxes, and keeps records', async () => {
  const it = machine()
  await created(it)
  await it.clock.runUntil(it.runtime.startContainer(start()))
  reboot(it.node)
  await it.clock.runFor(60_000)
  expect(it.node.pods.get(UID)).toMatchObject({ sandbox: 'broken', record: RECORD })
  expect(state(it)).toBe('exited')
  expect((await it.clock.runUntil(it.runtime.check())).bootId).toBe('boot-2')
})

test('events tell which pod changed', async () => {
  const it = machine()
  const ending = new AbortController()
  const heard: unknown[] = []
  const listening = (async () => {
    for await (const { uid } of it.runtime.events(ending.signal)) heard.push(uid)
  })()
  await created(it)
  await it.clock.runUntil(it.runtime.startContainer(start()))
  ending.abort()
  await it.clock.runUntil(listening)
  expect(heard).toEqual([UID, UID])
})

test('an image that no registry has fails for certain, and one that is there is not pulled again', async () => {
  const it = machine({}, { pullable: (image) => image === 'good' })
  const pull = (image: string, policy: 'IfNotPresent' | 'Never'): Promise<unknown> =>
    it.clock.runUntil(it.runtime.pullImage({ image, policy, auths: [] }))
  await expect(pull('bad', 'IfNotPresent')).rejects.toMatchObject({ reason: 'ErrImagePull', certain: true })
  await expect(pull('good', 'Never')).rejects.toMatchObject({ reason: 'ErrImageNeverPull' })
  await pull('good', 'IfNotPresent')
  expect(await pull('good', 'Never')).toEqual({ id: 'sha256:good', reference: 'good' })
})

test('the same seed makes the same weather, and none once it is calm', () => {
  const options = { latencyMsMax: 1_000, faultChance: 0.5, calm: () => false }
  const drawn = (seed: number): unknown => {
    const weather = seededWeather(seededRandom(seed), options)
    return Array.from({ length: 50 }, () => weather('list'))
  }
  expect(drawn(7)).toEqual(drawn(7))
  expect(drawn(7)).not.toEqual(drawn(8))
  expect(seededWeather(seededRandom(7), { ...options, calm: () => true })('list')).toEqual(calm('list'))
})
