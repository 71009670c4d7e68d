import type { ControlClient } from '../daemon/controlClient.ts'
import type { SyncRequest } from '../daemon/controlMessages.ts'
import { insideFolder } from '../source/locate.ts'
import { redactUrls } from '../source/redact.ts'
import { isUrl } from '../source/url.ts'
import type { Invocation } from './invocation.ts'
import { openRepository, sourceOptions } from './load.ts'
import { UserError } from './userError.ts'
import { EXIT, type World } from './world.ts'

/** `--once` while a daemon drives the root: it is asked to look at the repository now, and tells how that ends. */
export async function onceBeside(
  daemon: ControlClient,
  invocation: Invocation,
  world: World,
): Promise<number> {
  const { argv, signal, stderr, stdout } = world
  const asked: SyncRequest = {
    ...(await sourceAsked(invocation, world)),
    argv,
    stdoutIsTerminal: stdout.isTTY,
    ...(stderr.isTTY && { terminal: stderr.size() }),
  }
  try {
    for await (const line of daemon.sync(asked, signal)) {
      if (line.kind === 'end') return line.exitStatus
      world[line.to].write(line.text)
    }
  } catch (error) {
    if (!signal.aborted) throw error
  }
  if (signal.aborted) {
    stderr.write('interrupted: the engine goes on\n')
    return EXIT.interrupted
  }
  throw new UserError('the engine ended before all was done: run reconcile --once again', {
    exitStatus: EXIT.failed,
  })
}

/** As the daemon would name it. Uncommitted files are for an engine that somebody starts for them alone. */
async function sourceAsked(
  invocation: Invocation,
  world: World,
): Promise<Pick<SyncRequest, 'repository' | 'branch' | 'path'>> {
  const options = sourceOptions(invocation, world)
  const { branch, path, repo } = options
  const named = branch === undefined ? {} : { branch }
  if (isUrl(repo)) return { repository: redactUrls(repo), path: insideFolder(path ?? ''), ...named }
  const source = await openRepository(options, world)
  if (await source.uncommitted?.(world.signal)) {
    throw new UserError(
      `${source.repository} has uncommitted changes, and the engine that runs follows commits: commit them, or end the engine first`,
      { exitStatus: EXIT.failed },
    )
  }
  return { repository: source.repository, path: source.path, ...named }
}
