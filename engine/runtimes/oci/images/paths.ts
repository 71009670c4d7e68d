import { digestHex, layerName, sha256Hex } from './digest.ts'

/** Where the store keeps what, on the node. */
export interface StorePaths {
  /** skopeo's folder: blobs are in `sha256/` below it. */
  readonly blobs: string
  readonly layers: string
  readonly records: string
  readonly names: string
  /** On the same disk as the others, so that a rename makes things complete; cleared by the next run. */
  readonly scratch: string
  /** On a tmpfs. */
  readonly auth: string
  readonly registriesConf: string
}

export function storePaths(root: string, runDir: string): StorePaths {
  return {
    blobs: `${root}/images/blobs`,
    layers: `${root}/layers`,
    records: `${root}/images/records`,
    names: `${root}/images/names`,
    scratch: `${root}/images/tmp`,
    auth: `${runDir}/auth`,
    registriesConf: `${runDir}/registries.conf`,
  }
}

export function blobDirectory(paths: StorePaths): string {
  return `${paths.blobs}/sha256`
}

export function blobFile(paths: StorePaths, digest: string): string {
  return `${blobDirectory(paths)}/${digestHex(digest)}`
}

export function layerDirectory(paths: StorePaths, diffId: string): string {
  return `${paths.layers}/${layerName(diffId)}`
}

export function recordFile(paths: StorePaths, id: string): string {
  return `${paths.records}/${digestHex(id)}.json`
}

export function nameFile(paths: StorePaths, name: string): string {
  return `${paths.names}/${sha256Hex(name)}.json`
}

/** Never used twice: a command that outlived an engine may still be writing to the one that it was given. */
export function scratchName(paths: StorePaths, kind: string): string {
  return `${paths.scratch}/${kind}-${crypto.randomUUID()}`
}
