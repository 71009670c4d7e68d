import type { Duplex } from 'node:stream'
import type { ExecRequest, ExecResult, StartContainerRequest, StopContainerRequest } from '../../api/cri.ts'
import type { Runtime } from '../runtime.ts'
import { RuntimeFailure } from '../runtime.ts'
import { connectionTo } from './http.ts'
import type { Line } from './line.ts'
import { endContainer, startContainer, terminateContainer } from './lives.ts'
import type { SimulatedNode } from './node.ts'
import type { SimulatedContainer, SimulatedPod } from './pod.ts'

type OfContainers = Pick<Runtime, 'startContainer' | 'stopContainer' | 'exec' | 'execInteractive' | 'connect'>

export function containerVerbs(node: SimulatedNode, line: Line): OfContainers {
  return {
    startContainer: (request, signal) => line.call('startContainer', signal, () => start(node, request)),
    stopContainer: (request, signal) =>
      line.call('stopContainer', signal, () => stop(node, line, request, signal)),
    exec: async (request, signal) => {
      const began = node.clock.elapsedMs
      const result = await line.call('exec', signal, () => exec(node, request))
      // Counted by whoever asks, as over a real line.
      const isLate = node.clock.elapsedMs - began > (request.timeoutMs ?? Number.POSITIVE_INFINITY)
      return isLate ? { exitCode: 143, output: '', timedOut: true } : result
    },
    async execInteractive(request) {
      return exec(node, request).exitCode
    },
    connect: (address, port, signal) => line.call('connect', signal, () => connect(node, address, port)),
  }
}

function start(node: SimulatedNode, request: StartContainerRequest): void {
  const pod = node.known(request.uid, 'starting a container')
  if (pod.sandbox !== 'ready') {
    throw new RuntimeFailure(
      'RunContainerError',
      `starting ${request.container}: the pod's sandbox is ${pod.sandbox}`,
    )
  }
  startContainer(node, pod, request, 'engine')
}

async function stop(
  node: SimulatedNode,
  line: Line,
  request: StopContainerRequest,
  signal: AbortSignal | undefined,
): Promise<void> {
  const pod = node.pods.get(request.uid)
  const container = pod?.containers.get(request.container)
  if (pod === undefined || container === undefined || container.attempt !== request.attempt) return
  if (container.state.kind !== 'running') return
  terminateContainer(node, pod, container)
  await endOrGrace(node, container, request.graceMs, signal)
  // SIGKILL is the engine's to send: one that died in the meantime sends none
  await line.pause(0, signal)
  endContainer(node, pod, container, 137, 'engine')
}

async function endOrGrace(
  node: SimulatedNode,
  container: SimulatedContainer,
  graceMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const ended = new AbortController()
  const either = signal === undefined ? ended.signal : AbortSignal.any([signal, ended.signal])
  void container.ended.promise.then(() => ended.abort())
  await node.clock.sleepFor(graceMs, either)
}

function exec(node: SimulatedNode, request: ExecRequest): ExecResult {
  const container = running(node.known(request.uid, 'running a command'), request.container)
  if (container === undefined) {
    throw new RuntimeFailure('ExecError', `running a command in ${request.container}: it does not run`)
  }
  const ranMs = ranFor(node, container)
  if (container.script.exec !== undefined) return container.script.exec(request.command, ranMs)
  const ready = ranMs >= (container.script.readyAfterMs ?? 0)
  return { exitCode: ready ? 0 : 1, output: ready ? 'ready' : 'not ready', timedOut: false }
}

function connect(node: SimulatedNode, address: string, port: number): Duplex {
  const pod = [...node.pods.values()].find(({ ip }) => ip === address)
  const serving = [...(pod?.containers.values() ?? [])].find(
    (container) =>
      container.state.kind === 'running' && ranFor(node, container) >= (container.script.readyAfterMs ?? 0),
  )
  if (serving === undefined)
    throw new RuntimeFailure('ConnectionRefused', `connecting to ${address}:${port}: refused`)
  return connectionTo(serving.script.http ?? (() => ({ status: 200 })))
}

function ranFor(node: SimulatedNode, { startedMs }: SimulatedContainer): number {
  return node.clock.elapsedMs - startedMs
}

function running(pod: SimulatedPod, name: string): SimulatedContainer | undefined {
  const container = pod.containers.get(name)
  return container?.state.kind === 'running' ? container : undefined
}
