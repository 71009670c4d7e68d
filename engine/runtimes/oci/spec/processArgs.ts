import type { StartContainerRequest } from '../../../api/cri.ts'
import type { ImageConfig } from '../images/store.ts'

type Wish = Pick<StartContainerRequest, 'command' | 'args'>

/** The manifest's command replaces the image's entrypoint and cmd, its args replace the cmd alone. */
export function processArgs(wish: Wish, image: ImageConfig): readonly string[] {
  if (wish.command.length > 0) return [...wish.command, ...wish.args]
  return [...image.entrypoint, ...(wish.args.length > 0 ? wish.args : image.cmd)]
}

const DEFAULT_PATH = 'PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The later of two with one name wins. */
export function processEnvironment(
  image: ImageConfig,
  hostname: string,
  env: StartContainerRequest['env'],
): readonly string[] {
  const all = [
    DEFAULT_PATH,
    `HOSTNAME=${hostname}`,
    ...image.env,
    ...env.map(([name, value]) => `${name}=${value}`),
  ]
  const byName = new Map(all.map((entry) => [entry.split('=', 1)[0] ?? '', entry]))
  return [...byName.values()]
}
