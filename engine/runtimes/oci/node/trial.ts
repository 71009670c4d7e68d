import type { Transport } from '../../../transport/transport.ts'
import { RuntimeFailure } from '../../runtime.ts'
import type { CgroupLayout } from './cgroups.ts'
import { cgroupDirectories } from './cgroups.ts'
import { commandFailure, runCommand, runOrFail } from '../commands.ts'
import { writeHostBundle } from './hostBundle.ts'
import { isObject, parseJson } from '../json.ts'
import type { RootPaths } from '../paths.ts'
import { type Programs, RUNTIMES } from './programs.ts'
import type { OciProgram } from '../runtimeCommands.ts'
import { deleteCommand, grouplessIn, parseVersion, runCommandOf, versionCommand } from '../runtimeCommands.ts'

export interface ChosenRuntime {
  readonly name: string
  readonly path: string
  readonly version: string
}

/**
 * The first of the installed runtimes that brings a container to life here. Debian 12's crun, for one, refuses hybrid
 * cgroups. Remembered until the next boot.
 */
export async function chooseRuntime(
  transport: Transport,
  paths: RootPaths,
  programs: Programs,
  cgroups: CgroupLayout,
): Promise<ChosenRuntime> {
  const remembered = await rememberedRuntime(transport, paths, programs)
  if (remembered !== undefined) return remembered
  const refusals: string[] = []
  for (const { name, path } of programs.runtimes) {
    // runc takes no container without a group.
    if (cgroups.hierarchies.length === 0 && name !== 'crun') continue
    const refusal = await tryRuntime(transport, paths, path, cgroups)
    if (refusal !== undefined) {
      refusals.push(refusal)
      continue
    }
    const failing = { reason: 'InvalidNode', doing: `asking ${name} for its version` }
    const version = parseVersion((await runOrFail(transport, versionCommand(path), failing)).stdout)
    await transport.writeFile(choiceFile(paths), JSON.stringify({ name, path, version }), 0o600)
    return { name, path, version }
  }
  const installed = new Set(programs.runtimes.map(({ name }) => name))
  const other = RUNTIMES.find((name) => !installed.has(name))
  const advice = other === undefined ? '' : `; ${other} may work here, on Debian: apt-get install ${other}`
  const text = `no container runtime works on this node: ${refusals.join('; ')}${advice}`
  throw new RuntimeFailure('InvalidNode', text)
}

/** The choice of this boot, as long as the program is there. */
export async function rememberedRuntime(
  transport: Transport,
  paths: RootPaths,
  programs: Programs,
): Promise<ChosenRuntime | undefined> {
  const remembered = parseChoice(await transport.readFile(choiceFile(paths)))
  return programs.runtimes.some(({ path }) => path === remembered?.path) ? remembered : undefined
}

function choiceFile(paths: RootPaths): string {
  return `${paths.runDir}/runtime.json`
}

function parseChoice(content: Uint8Array | undefined): ChosenRuntime | undefined {
  const value = content === undefined ? undefined : parseJson(new TextDecoder().decode(content))
  if (!isObject(value)) return undefined
  const { name, path, version } = value
  if (typeof name !== 'string' || typeof path !== 'string' || typeof version !== 'string') return undefined
  return { name, path, version }
}

/** Undefined: it works. */
export async function tryRuntime(
  transport: Transport,
  paths: RootPaths,
  path: string,
  cgroups: CgroupLayout,
): Promise<string | undefined> {
  const program: OciProgram = { path, state: `${paths.runDir}/trial-state`, ...grouplessIn(cgroups) }
  const bundle = `${paths.runDir}/trial`
  const cgroup = `${paths.cgroup}/trial`
  const failing = { reason: 'InvalidNode', doing: `trying ${path}` }
  await writeHostBundle(transport, {
    directory: bundle,
    args: ['true'],
    cgroup,
    namespaces: { net: undefined, ipc: undefined, uts: undefined },
    cgroupNamespace: cgroups.version === 'v2',
    seccomp: undefined,
  })
  // Of an engine that was killed in the middle.
  if ((await transport.stat(`${program.state}/trial`)) !== undefined)
    await runCommand(transport, deleteCommand(program, 'trial'), failing)
  const command = runCommandOf(program, bundle, 'trial')
  const result = await runCommand(transport, command, failing)
  if (result.exitCode !== 0) await runCommand(transport, deleteCommand(program, 'trial'), failing)
  await transport.remove(bundle)
  await transport.remove(program.state)
  await transport.removeEmpty(cgroupDirectories(cgroups, cgroup))
  return result.exitCode === 0 ? undefined : commandFailure(command, result, failing).message
}
