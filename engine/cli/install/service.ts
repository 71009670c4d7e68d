import { dirname, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { rootPaths } from '../../runtimes/oci/paths.ts'
import { redactUrls } from '../../source/redact.ts'
import { isUrl } from '../../source/url.ts'
import { localTransport } from '../../transport/local.ts'
import type { Transport } from '../../transport/transport.ts'
import type { Invocation } from '../invocation.ts'
import type { OptionName } from '../options.ts'
import { rootFolder } from '../place.ts'
import { UserError } from '../userError.ts'
import type { World } from '../world.ts'
import { filesMax, UNIT_FOLDER } from './systemd.ts'
import { unitName, unitText } from './unit.ts'

export interface Service {
  readonly transport: Transport
  /** `reconcile.service` */
  readonly name: string
  readonly file: string
  readonly root: string
}

export async function serviceOf(invocation: Invocation, world: World): Promise<Service> {
  const transport = localTransport()
  const root = rootFolder(invocation, world)
  const name = unitName(root, (await rootPaths(transport, root)).rootId)
  return { transport, name, file: `${UNIT_FOLDER}/${name}`, root }
}

export async function serviceText(
  { root, transport }: Service,
  invocation: Invocation,
  world: World,
): Promise<string> {
  const repo = await repository(transport, invocation, world)
  const engine = await enginePath(transport)
  const limit = await filesMax(transport)
  return unitText({
    engine,
    arguments: daemonArguments(repo.argument, root, invocation, world),
    root,
    repository: redactUrls(repo.argument),
    needs: [root, engine, ...(repo.isLocal ? [repo.argument] : [])],
    ...(limit !== undefined && { filesMax: limit }),
  })
}

interface Repository {
  readonly argument: string
  readonly isLocal: boolean
}

/** A unit is started elsewhere than here, and everybody may read it. */
async function repository(transport: Transport, invocation: Invocation, world: World): Promise<Repository> {
  const given = invocation.text('repo') ?? '.'
  if (redactUrls(given) !== given) {
    throw new UserError(
      `everybody on this machine could read the password in ${redactUrls(given)}: leave it out, and put it into /root/.netrc`,
    )
  }
  if (isUrl(given)) return { argument: given, isLocal: false }
  const path = resolve(world.cwd, given)
  if ((await transport.stat(path)) !== undefined) return { argument: path, isLocal: true }
  throw new UserError(`there is no repository ${path}: name one with --repo`)
}

const PASSED_ON = ['branch', 'path', 'listen', 'log-format'] as const satisfies readonly OptionName[]

function daemonArguments(
  repo: string,
  root: string,
  invocation: Invocation,
  world: World,
): readonly string[] {
  const secret = invocation.text('webhook-secret-file')
  const given = PASSED_ON.flatMap((name) => {
    const value = invocation.text(name)
    return value === undefined ? [] : [`--${name}`, value]
  })
  return [
    '--repo',
    repo,
    '--root',
    root,
    ...given,
    ...(secret === undefined ? [] : ['--webhook-secret-file', resolve(world.cwd, secret)]),
    ...(invocation.flag('verbose') ? ['--verbose'] : []),
  ]
}

/** From here upwards: this file may stand in the sources, or in the one file that they were bundled into. */
async function enginePath(transport: Transport): Promise<string> {
  for (let folder = dirname(fileURLToPath(import.meta.url)); ; folder = dirname(folder)) {
    const path = `${folder}/engine/main.ts`
    if ((await transport.stat(path)) !== undefined) return await transport.realPath(path)
    if (folder === dirname(folder))
      throw new Error('looking for the engine: no engine/main.ts above this file')
  }
}
