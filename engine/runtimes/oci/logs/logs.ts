import type { LogLine, LogRequest } from '../../../api/cri.ts'
import type { PodUid } from '../../../api/names.ts'
import type { Transport } from '../../../transport/transport.ts'
import { type PodListing, RuntimeFailure } from '../../runtime.ts'
import type { RootPaths } from '../paths.ts'
import { containerPaths, podPaths } from '../paths.ts'
import { attemptFolder } from './files.ts'
import { attemptLines } from './read.ts'

export interface LogParts {
  readonly transport: Transport
  readonly paths: RootPaths
  readonly inspect: (uid: PodUid) => Promise<PodListing | undefined>
}

/** The hook says when a container has ended; only where no hook could is its process asked for. */
const LOOKS_PER_INSPECTION = 5

export async function* containerLog(
  parts: LogParts,
  request: LogRequest,
  signal: AbortSignal,
): AsyncGenerator<LogLine> {
  const { paths, transport } = parts
  const { container, uid } = request
  const { directory } = containerPaths(podPaths(paths, uid), uid, container)
  const attempt = await attemptOf(transport, directory, request)
  const place = {
    transport,
    folder: attemptFolder(`${directory}/${attempt}`),
    ended: endTeller(parts, request, attempt, `${directory}/${attempt}/exited`),
  }
  yield* attemptLines(place, request, signal)
}

async function attemptOf(transport: Transport, directory: string, request: LogRequest): Promise<number> {
  const names = await transport.listDirectory(directory)
  const attempts = names.filter((name) => /^[0-9]+$/.test(name)).map(Number)
  const last = Math.max(-1, ...attempts)
  const attempt = request.attempt ?? (request.previous ? last - 1 : last)
  if (attempts.includes(attempt)) return attempt
  const which = request.previous ? 'previous attempt' : 'attempt'
  throw new RuntimeFailure(
    'NotFound',
    `container ${request.container} has no ${which} with a log on this node`,
  )
}

/** conmon has written all of it before the hook says that the container has ended. */
function endTeller(
  { inspect, transport }: LogParts,
  { container, uid }: LogRequest,
  attempt: number,
  exited: string,
): () => Promise<boolean> {
  let looks = 0
  return async () => {
    const said = (await transport.fileStates([exited])).get(exited)
    if (said !== undefined && said.sizeBytes > 0) return true
    looks += 1
    if (looks % LOOKS_PER_INSPECTION !== 0) return false
    const found = (await inspect(uid))?.containers.get(container)
    return found === undefined || found.attempt > attempt || found.state.kind === 'exited'
  }
}
