import type { LogRequest } from '../../api/cri.ts'
import type { RunCommand } from '../commands.ts'
import { parseDurationMs } from '../duration.ts'
import { type Invocation, usageError } from '../invocation.ts'
import { findContainer, findPod, type ListedPod } from '../pods.ts'
import { openMachine, openUsedStation } from '../station.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'

export const run: RunCommand = async (invocation, world) => {
  const tailLines = tailOf(invocation)
  const since = sinceOf(invocation, world)
  const station = await openUsedStation(invocation, world)
  const { runtime } = await openMachine(station, undefined, world)
  const pod = await findPod(invocation.arguments[0] ?? '', invocation, runtime, world)
  const container = findContainer(pod, invocation.text('container'), world)
  const request: LogRequest = {
    uid: pod.uid,
    container,
    previous: invocation.flag('previous'),
    follow: invocation.flag('follow'),
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(since === undefined ? {} : { since }),
  }
  assertStarted(pod, container, request)
  const timestamps = invocation.flag('timestamps')
  // `| head` ends a log that is followed, too.
  const signal = AbortSignal.any([world.signal, world.stdout.closed])
  for await (const { at, text } of runtime.logs(request, signal)) {
    world.stdout.write(timestamps ? `${at} ${text}\n` : `${text}\n`)
  }
  return EXIT.done
}

function assertStarted(pod: ListedPod, container: string, { previous, follow }: LogRequest): void {
  const observed = pod.listing.containers.get(container)
  const name = `container ${container} of pod ${pod.namespace}/${pod.name}`
  if (observed === undefined && !follow) {
    throw new UserError(`${name} has not been started yet; reconcile status says what it waits for`, {
      exitStatus: EXIT.failed,
    })
  }
  if (previous && (observed?.attempt ?? 0) === 0) {
    throw new UserError(`${name} has not been restarted, so there is no previous run`, {
      exitStatus: EXIT.failed,
    })
  }
}

function tailOf(invocation: Invocation): number | undefined {
  const text = invocation.text('tail')
  if (text === undefined || text === '-1') return undefined
  if (!/^\d+$/.test(text))
    throw usageError(`--tail takes a number of lines, and was given ${text}`, invocation.command)
  return Number(text)
}

function sinceOf(invocation: Invocation, world: World): string | undefined {
  const text = invocation.text('since')
  if (text === undefined) return undefined
  const milliseconds = parseDurationMs(text)
  if (milliseconds === undefined) {
    throw usageError(
      `--since takes a duration such as 90s, 5m or 1h, and was given ${text}`,
      invocation.command,
    )
  }
  return world.clock.now().subtract({ milliseconds }).toString()
}
