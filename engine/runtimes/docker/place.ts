import type { Transport } from '../../transport/transport.ts'
import { readText } from '../oci/node/node.ts'
import type { SeccompProfile } from '../oci/spec/seccomp.ts'
import type { RootPaths } from '../oci/paths.ts'

/** What a root keeps of its own beside the node's docker. */
export interface DockerPlace {
  /** On the disk. */
  readonly folder: string
  /** The address of the daemon that the first pod was made with. */
  readonly host: string
  /** Names of images that the engine has had pulled, a line each. */
  readonly images: string
  /** Until the next boot. */
  readonly run: string
  readonly auth: string
  readonly seccomp: string
}

export function dockerPlace({ root, runDir }: Pick<RootPaths, 'root' | 'runDir'>): DockerPlace {
  const folder = `${root}/docker`
  const run = `${runDir}/docker`
  return {
    folder,
    host: `${folder}/host`,
    images: `${folder}/images`,
    run,
    auth: `${run}/auth`,
    seccomp: `${run}/seccomp.json`,
  }
}

export const USUAL_HOST = 'unix:///var/run/docker.sock'

/** The root's, from its first pod on; before that, the one that is asked for. */
export async function dockerHost(
  transport: Transport,
  place: Pick<DockerPlace, 'host'>,
  asked: string = USUAL_HOST,
): Promise<string> {
  return (await readText(transport, place.host)).trim() || asked
}

export async function preparePlace(
  transport: Transport,
  place: DockerPlace,
  host: string,
  seccomp: SeccompProfile,
): Promise<void> {
  for (const folder of [place.folder, place.run, place.auth]) await transport.makeDirectory(folder, 0o700)
  await transport.writeFile(place.seccomp, JSON.stringify(seccomp), 0o600)
  if ((await transport.stat(place.host)) === undefined)
    await transport.writeFile(place.host, `${host}\n`, 0o600)
}
