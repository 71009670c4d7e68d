import type { Transport } from '../../transport/transport.ts'
import { readText } from '../oci/node/node.ts'
import type { SeccompProfile } from '../oci/spec/seccomp.ts'
import type { RootPaths } from '../oci/paths.ts'
import { type ConfigParts, containersConf } from './containersConf.ts'

/** Where podman keeps what is this root's: nothing of it is the node's own podman's. */
export interface PodmanPlace {
  /** Images and the layers that containers write to, on the disk. */
  readonly store: string
  /** Until the next boot. */
  readonly run: string
  readonly state: string
  readonly config: string
  readonly networks: string
  /** podman writes what happens here, a JSON object a line. */
  readonly events: string
  readonly auth: string
  readonly registries: string
  /** The profile of containers that ask for none: the node's, with the engine's changes. */
  readonly seccomp: string
}

export function podmanPlace({ root, runDir }: Pick<RootPaths, 'root' | 'runDir'>): PodmanPlace {
  const run = `${runDir}/podman`
  const state = `${run}/state`
  return {
    store: `${root}/podman`,
    run: `${run}/run`,
    state,
    config: `${run}/containers.conf`,
    networks: `${run}/networks`,
    events: `${state}/events/events.log`,
    auth: `${run}/auth`,
    registries: `${run}/registries.conf`,
    seccomp: `${run}/seccomp.json`,
  }
}

/** The configuration goes last: where it is, podman may be asked. */
export async function preparePlace(
  transport: Transport,
  place: PodmanPlace,
  {
    seccomp,
    ...programs
  }: Pick<ConfigParts, 'hook' | 'isRootless' | 'runtime'> & { readonly seccomp: SeccompProfile },
  registries: string,
): Promise<void> {
  const limits = await readText(transport, '/proc/self/limits')
  await transport.makeDirectory(place.store, 0o700)
  for (const folder of [place.run, place.state, place.networks, place.auth])
    await transport.makeDirectory(folder, 0o700)
  if (registries !== '') await transport.writeFile(place.registries, registries, 0o600)
  await transport.writeFile(place.seccomp, JSON.stringify(seccomp), 0o600)
  await transport.writeFile(place.config, containersConf({ place, limits, ...programs }), 0o600)
}
