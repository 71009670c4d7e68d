import type { Runtime } from '../../runtimes/runtime.ts'
import type { RunCommand } from '../commands.ts'
import { type Invocation, usageError } from '../invocation.ts'
import { followSelected, followStreams } from '../logs/follow.ts'
import { type LogOptions, logOptions } from '../logs/options.ts'
import { createPrinter, type Printer } from '../logs/printer.ts'
import { observed, type Stream, streamsOfNamed, streamsOfSelected } from '../logs/streams.ts'
import { findPod, listedPods, type ListedPod, listPods, podFilter } from '../pods.ts'
import { openMachine, openUsedStation } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const options = logOptions(invocation, world)
  const [asked] = invocation.arguments
  const isSelected = invocation.text('selector') !== undefined
  if (isSelected === (asked !== undefined)) {
    const why = isSelected ? 'takes POD or -l, and was given both' : 'needs POD, or -l with labels of pods'
    throw usageError(`reconcile logs ${why}`, invocation.command)
  }
  const station = await openUsedStation(invocation, world)
  const { runtime } = await openMachine(station, undefined, world)
  using printer = createPrinter(world.stdout, options)
  const request = { asked, invocation, options, printer, runtime, world }
  return await (asked === undefined ? ofSelected(request) : ofNamed(request, asked))
}

interface Request {
  readonly invocation: Invocation
  readonly options: LogOptions
  readonly printer: Printer
  readonly runtime: Runtime
  readonly world: World
}

/** `| head` ends a log that is followed, too. */
function ending({ signal, stdout }: World): AbortSignal {
  return AbortSignal.any([signal, stdout.closed])
}

async function ofNamed(request: Request, asked: string): Promise<number> {
  const { invocation, options, runtime, world } = request
  const pod = await findPod(asked, invocation, runtime, world)
  const streams = streamsOfNamed(pod, options, invocation, world)
  const [only] = streams
  if (only !== undefined && streams.length === 1) {
    const problem = problemOf(only, options)
    if (problem !== undefined) throw new UserError(problem, { exitStatus: EXIT.failed })
  }
  if (options.follow && !options.previous)
    return await followStreams(streams, { ...request, signal: ending(world) })
  return await printStreams(streams, request)
}

async function ofSelected(request: Request): Promise<number> {
  const { invocation, options, runtime, world } = request
  const isWanted = podFilter(invocation)
  const streamsOf = (pods: readonly ListedPod[]) =>
    pods.filter(isWanted).flatMap((pod) => streamsOfSelected(pod, options, invocation))
  const streams = streamsOf(await listPods(runtime, world))
  if (options.follow && !options.previous) {
    const look = async () => streamsOf(listedPods((await runtime.list(world.signal)).pods))
    return await followSelected(streams, look, { ...request, signal: ending(world) })
  }
  if (streams.length === 0) world.stderr.write('no container of any pod is meant by that\n')
  return await printStreams(streams, request)
}

/** One after the other. Where one has nothing to show, that is said, and the others are shown. */
async function printStreams(streams: readonly Stream[], request: Request): Promise<number> {
  const { options, printer, runtime, world } = request
  const signal = ending(world)
  for (const stream of streams) {
    const problem = problemOf(stream, options)
    if (problem !== undefined) {
      world.stderr.write(`${problem}\n`)
      continue
    }
    const { container, pod } = stream
    const { previous, since, tailLines } = options
    const lines = runtime.logs(
      {
        ...{ uid: pod.uid, container, previous, follow: false },
        ...(since !== undefined && { since }),
        ...(tailLines !== undefined && { tailLines }),
      },
      signal,
    )
    for await (const line of lines) printer.line(stream, line)
  }
  return EXIT.done
}

/** Why there is nothing to show of it. */
function problemOf(stream: Stream, { follow, previous }: LogOptions): string | undefined {
  const container = observed(stream)
  if (previous && (container?.attempt ?? 0) === 0)
    return `${stream.name} has not been restarted, so there is no previous run`
  if (container === undefined && !follow)
    return `${stream.name} has not been started yet; reconcile status says what it waits for`
  return undefined
}
