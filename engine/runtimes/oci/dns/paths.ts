import type { RootPaths } from '../paths.ts'

/** Where one root's DNS server is. */
export interface DnsPaths {
  /** On the tmpfs of the root: configuration, key, zones and their journals. */
  readonly directory: string
  /**
   * The same folder, mounted where the server sees it: Debian's AppArmor profile lets it read and write there and nowhere else, and its user could
   * not come through the root's own folder.
   */
  readonly folder: string
  readonly config: string
  readonly key: string
  readonly pidFile: string
  readonly log: string
  /** A link of its own for the addresses, so that they come and go with it. At most 15 letters. */
  readonly link: string
  readonly cgroup: string
}

export function dnsPaths({
  cgroup,
  rootId,
  runDir,
}: Pick<RootPaths, 'cgroup' | 'rootId' | 'runDir'>): DnsPaths {
  const folder = `/var/cache/bind/reconcile-${rootId}`
  return {
    directory: `${runDir}/dns`,
    folder,
    config: `${folder}/named.conf`,
    key: `${folder}/key`,
    pidFile: `${folder}/named.pid`,
    log: `${folder}/log`,
    link: `rc-${rootId}-d`,
    cgroup: `${cgroup}/dns`,
  }
}
