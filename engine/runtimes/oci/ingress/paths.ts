import type { RootPaths } from '../paths.ts'

/** Where one root's Ingress proxy is: on its tmpfs, for keys of certificates are among it. */
export interface IngressPaths {
  readonly directory: string
  /** A folder each: a configuration with all that it names. One is in force. */
  readonly generations: string
  readonly pidFile: string
  readonly socket: string
  readonly cgroup: string
}

export function ingressPaths({ cgroup, runDir }: RootPaths): IngressPaths {
  const directory = `${runDir}/ingress`
  return {
    directory,
    generations: `${directory}/generations`,
    pidFile: `${directory}/haproxy.pid`,
    socket: `${directory}/haproxy.sock`,
    cgroup: `${cgroup}/ingress`,
  }
}

export interface GenerationPaths {
  readonly folder: string
  readonly config: string
  readonly exact: string
  readonly prefix: string
  readonly rest: string
  readonly certificateList: string
  readonly certificates: string
}

export function generationPaths({ generations }: IngressPaths, id: string): GenerationPaths {
  const folder = `${generations}/${id}`
  return {
    folder,
    config: `${folder}/haproxy.cfg`,
    exact: `${folder}/exact.map`,
    prefix: `${folder}/prefix.map`,
    rest: `${folder}/rest.map`,
    certificateList: `${folder}/certificates.list`,
    certificates: `${folder}/certificates`,
  }
}
