import { readFile, realpath, stat } from 'node:fs/promises'
import { join, relative, resolve } from 'node:path'
import { createDesiredReader } from '../../daemon/desired.ts'
import type { Diagnostic } from '../../manifests/diagnostics.ts'
import type { SourceFile, SourceProblem } from '../../source/source.ts'
import type { RunCommand } from '../commands.ts'
import { counted } from '../counted.ts'
import { printWarnings, refuse, validationJson } from '../diagnostics.ts'
import { type Invocation, usageError } from '../invocation.ts'
import { printJson } from '../json.ts'
import { openRepository, sourceOptions } from '../load.ts'
import { SOURCE_OPTIONS } from '../options.ts'
import { UserError } from '../userError.ts'
import { EXIT, type World } from '../world.ts'

interface Gathered {
  readonly files: readonly SourceFile[]
  readonly problems: readonly SourceProblem[]
  readonly mode: 'commit' | 'files'
}

const STDIN_BYTES_MAX = 64 * 1024 * 1024

export const run: RunCommand = async (invocation, world) => {
  const given = await gather(invocation, world)
  const result = createDesiredReader().read({ ...given, commit: 'uncommitted' }, given.mode)
  if (result.kind === 'invalid') return refuse(result, '', invocation, world)
  printValid(result.files, result.desired.objects.size, result.warnings, invocation, world)
  return EXIT.done
}

function printValid(
  files: number,
  objects: number,
  warnings: readonly Diagnostic[],
  invocation: Invocation,
  world: World,
): void {
  if (invocation.text('output') === 'json') {
    printJson(world, validationJson(true, [], warnings, { files, objects }))
    return
  }
  printWarnings(warnings, world)
  const found = warnings.length === 0 ? '' : `, with ${counted(warnings.length, 'warning')}`
  world.stdout.write(`valid: ${counted(objects, 'object')} in ${counted(files, 'file')}${found}\n`)
}

async function gather(invocation: Invocation, world: World): Promise<Gathered> {
  const paths = invocation.arguments
  if (paths.length === 0) return wholeRepository(invocation, world)
  const option = SOURCE_OPTIONS.find((name) => invocation.text(name) !== undefined)
  if (option !== undefined) {
    throw usageError(
      `--${option} is for a whole repository, and cannot be given together with ${paths[0]}`,
      invocation.command,
    )
  }
  const parts = await Promise.all(paths.map((path) => part(path, world)))
  const byFile = new Map(parts.flatMap((each) => [...each.files]).map((file) => [file.real, file]))
  return {
    files: [...byFile.values()],
    problems: parts.flatMap((each) => each.problems),
    mode: parts.every((each) => each.mode === 'commit') ? 'commit' : 'files',
  }
}

async function wholeRepository(invocation: Invocation, world: World): Promise<Gathered> {
  const source = await openRepository(sourceOptions(invocation, world), world)
  return { ...(await source.read(world.signal)), mode: 'commit' }
}

interface Part extends Gathered {
  /** `real`: tells two names of one file. */
  readonly files: readonly (SourceFile & { readonly real: string })[]
}

async function part(path: string, world: World): Promise<Part> {
  if (path === '-') return { files: [await standardInput(world)], problems: [], mode: 'files' }
  const full = resolve(world.cwd, path)
  const stats = await stat(full).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file or folder' : cause.message
    throw new UserError(`reading ${path}: ${why}`, { cause })
  })
  if (stats.isDirectory()) return folder(path, full, world)
  const [content, real] = await Promise.all([readFile(full), realpath(full)]).catch((cause: Error) => {
    throw new UserError(`reading ${path}: ${cause.message}`, { cause })
  })
  return { files: [{ path, content, real }], problems: [], mode: 'files' }
}

/** Named as the user would name it, so that an editor finds it. */
async function folder(path: string, full: string, world: World): Promise<Part> {
  // A path is never mirrored.
  const source = await openRepository({ repo: full, mirrors: '' }, world)
  const { files, problems } = await source.read(world.signal)
  const name = (file: string): string => join(path, relative(source.path, file))
  const real = await realpath(full)
  return {
    files: files.map((file) => ({
      ...file,
      path: name(file.path),
      real: join(real, relative(source.path, file.path)),
    })),
    problems: problems.map((problem) => ({ ...problem, path: name(problem.path) })),
    mode: 'commit',
  }
}

async function standardInput(world: World): Promise<SourceFile & { readonly real: string }> {
  const chunks: Uint8Array[] = []
  let bytes = 0
  for await (const chunk of world.stdin) {
    chunks.push(chunk)
    bytes += chunk.length
    if (bytes > STDIN_BYTES_MAX) {
      throw new UserError(`the standard input is longer than ${STDIN_BYTES_MAX} bytes; give files instead`)
    }
  }
  return { path: '-', content: Buffer.concat(chunks), real: '-' }
}
