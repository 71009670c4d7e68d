import type { Command } from '../../../transport/transport.ts'

/** What every skopeo call of one pull has in common. */
export interface RegistryAccess {
  /** A generated registries.conf; absent: the machine's own. */
  readonly registriesConf?: string
  /** Absent: the usual auth files of the user. */
  readonly authFile?: string
  /** The registry is on loopback: plain http will do. */
  readonly plainHttp: boolean
  readonly environment: Readonly<Record<string, string>>
}

/** Prints the manifest, or the index, byte for byte as the registry has it. */
export function inspectCommand(name: string, access: RegistryAccess, timeoutMs: number): Command {
  return inspection(['--raw'], name, access, timeoutMs)
}

/** Prints the image's config, byte for byte. */
export function configCommand(name: string, access: RegistryAccess, timeoutMs: number): Command {
  return inspection(['--config', '--raw'], name, access, timeoutMs)
}

function inspection(
  what: readonly string[],
  name: string,
  access: RegistryAccess,
  timeoutMs: number,
): Command {
  const flags = [
    ...(access.authFile === undefined ? [] : ['--authfile', access.authFile]),
    ...(access.plainHttp ? ['--tls-verify=false'] : []),
  ]
  return {
    argv: ['skopeo', ...globalFlags(access), 'inspect', ...what, ...flags, `docker://${name}`],
    env: access.environment,
    timeoutMs,
  }
}

/** Fetches the blobs that are not in `blobDir` yet; the layout at `scratch` is of no use afterwards. */
export function copyCommand(
  name: string,
  access: RegistryAccess,
  to: { readonly scratch: string; readonly blobDir: string },
  timeoutMs: number,
): Command {
  const flags = [
    ...(access.authFile === undefined ? [] : ['--src-authfile', access.authFile]),
    ...(access.plainHttp ? ['--src-tls-verify=false'] : []),
    // Layers stay byte for byte what the manifest names: a plain one is not compressed on the way.
    '--dest-oci-accept-uncompressed-layers',
    '--remove-signatures',
    '--dest-shared-blob-dir',
    to.blobDir,
  ]
  return {
    argv: [
      'skopeo',
      ...globalFlags(access),
      'copy',
      '--quiet',
      ...flags,
      `docker://${name}`,
      `oci:${to.scratch}`,
    ],
    env: access.environment,
    timeoutMs,
  }
}

function globalFlags(access: RegistryAccess): readonly string[] {
  return access.registriesConf === undefined ? [] : ['--registries-conf', access.registriesConf]
}

/** zstd reads gzip too, with several members, so one program does for both. */
export function decompressCommand(blob: string, tarFile: string, timeoutMs: number): Command {
  return { argv: ['zstd', '--decompress', '--quiet', '--force', '-o', tarFile, '--', blob], timeoutMs }
}

export function digestCommand(file: string, timeoutMs: number): Command {
  return { argv: ['sha256sum', '--', file], timeoutMs }
}

/**
 * Extracts a layer. GNU tar itself refuses `..`, drops a leading `/`, and makes symlinks that point out of the folder
 * only at the end, so that no member can be written through one. Of the extended attributes only file capabilities and
 * the user's are taken: a layer must not bring overlayfs' own (`trusted.overlay.redirect` leads anywhere).
 */
export function extractCommand(tarFile: string, directory: string, timeoutMs: number): Command {
  return {
    argv: [
      'tar',
      '--extract',
      '--file',
      tarFile,
      '--directory',
      directory,
      '--numeric-owner',
      '--same-owner',
      '--preserve-permissions',
      '--delay-directory-restore',
      '--xattrs',
      '--xattrs-include=security.capability',
      '--xattrs-include=user.*',
      '--warning=no-timestamp',
      '--warning=no-unknown-keyword',
    ],
    timeoutMs,
  }
}

/** Removes the layer's whiteout files and prints their paths, each ended by a NUL. */
export function takeWhiteoutsCommand(directory: string, timeoutMs: number): Command {
  return {
    argv: ['find', directory, '-depth', '-name', '.wh.*', '-printf', '%P\\0', '-delete'],
    timeoutMs,
  }
}

/** Prints which of the paths are directories; exits with 1 when some do not exist. */
export function directoriesCommand(paths: readonly string[], timeoutMs: number): Command {
  return {
    argv: ['find', '-files0-from', '-', '-maxdepth', '0', '-type', 'd', '-printf', '%p\\0'],
    stdin: paths.map((path) => `${path}\0`).join(''),
    timeoutMs,
  }
}

/** Makes overlayfs' whiteouts (character devices 0:0), all by one process: mknod makes one a call. */
export function whiteoutsCommand(directory: string, tar: Uint8Array, timeoutMs: number): Command {
  return {
    argv: [
      'tar',
      '--extract',
      '--file',
      '-',
      '--directory',
      directory,
      '--skip-old-files',
      '--numeric-owner',
    ],
    stdin: tar,
    timeoutMs,
  }
}

export function opaqueCommand(paths: readonly string[], timeoutMs: number): Command {
  return { argv: ['setfattr', '-n', 'trusted.overlay.opaque', '-v', 'y', '--', ...paths], timeoutMs }
}

/** What was written is on the disk before a name says that it is complete. */
export function syncCommand(directory: string, timeoutMs: number): Command {
  return { argv: ['sync', '--file-system', directory], timeoutMs }
}

/** Bytes on the disk, a line each and the total on the last. */
export function sizeCommand(paths: readonly string[], timeoutMs: number): Command {
  return {
    argv: ['du', '--summarize', '--total', '--block-size=1', '--files0-from=-'],
    stdin: paths.map((path) => `${path}\0`).join(''),
    timeoutMs,
  }
}
