import type { Parts } from '../oci/containers/parts.ts'
import { processEnvironment } from '../oci/spec/processArgs.ts'
import type { RunParts } from './runParts.ts'
import type { ToolNode } from './tool.ts'

export type EnvironmentPlace = Pick<RunParts, 'envFile' | 'variables'>

/**
 * Never on a command line, which everybody on the node can read: in a file on the tmpfs, a line a variable. What no line can hold each program
 * takes in its own way. The program's own copy, of all of them, is on the disk.
 */
export async function writeEnvironment(
  node: Pick<ToolNode, 'giveVariables' | 'transport'>,
  parts: Parts,
  signal?: AbortSignal,
): Promise<EnvironmentPlace> {
  const { container, image, request, sandbox } = parts
  const all = processEnvironment(image.config, sandbox.hostname, request.env)
  const lines = all.filter(isLine)
  const others = all.filter((entry) => !isLine(entry))
  const content = lines.map((entry) => `${entry}\n`).join('')
  await node.transport.writeTree(container.bundle, [
    { path: '', mode: 0o700, what: { kind: 'directory' } },
    { path: 'env', mode: 0o600, what: { kind: 'file', content } },
  ])
  const variables = others.length === 0 ? NONE : await node.giveVariables(parts, others, signal)
  return { envFile: `${container.bundle}/env`, variables }
}

const NONE = { flags: [], env: {} } as const

/** Neither program takes a line of 64 KiB. */
const LINE_BYTES_MAX = 60_000

/** They leave out remarks, the space that a line begins with, and the return at its end; docker takes no name with a space in it. */
function isLine(entry: string): boolean {
  return !/^[#\s]|^[^=]*\s|[\n\r]/.test(entry) && Buffer.byteLength(entry) < LINE_BYTES_MAX
}
