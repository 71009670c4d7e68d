import type { Command, Transport } from '../../../transport/transport.ts'
import { runCommand } from '../commands.ts'
import type { PodPaths } from '../paths.ts'

const TIMEOUT_MS = 60_000

/** What is on the disk, holes not counted, as the kubelet counts it. Files that go away meanwhile are no failure. */
export async function diskBytes(
  transport: Transport,
  pod: Pick<PodPaths, 'containers' | 'volumes'>,
  parts: readonly string[],
  signal?: AbortSignal,
): Promise<Readonly<Record<string, number>>> {
  const byPath = new Map(parts.map((part) => [pathOf(pod, part), part]))
  const paths = [...byPath.keys()]
  const failing = { reason: 'FailedVolumeStats', doing: `measuring ${paths.join(', ')}` }
  const { stdout } = await runCommand(transport, usageCommand(paths), failing, signal)
  return Object.fromEntries(
    stdout.split('\n').flatMap((line): [string, number][] => {
      const [bytes = '', path = ''] = line.split('\t')
      const part = byPath.get(path)
      return part === undefined ? [] : [[part, Number(bytes)]]
    }),
  )
}

const CONTAINER = 'container/'

/** A container's folder has its writable layer and its logs. */
function pathOf({ containers, volumes }: Pick<PodPaths, 'containers' | 'volumes'>, part: string): string {
  return part.startsWith(CONTAINER) ? `${containers}/${part.slice(CONTAINER.length)}` : `${volumes}/${part}`
}

export function usageCommand(paths: readonly string[]): Command {
  return {
    argv: ['du', '--summarize', '--one-file-system', '--block-size=1', '--', ...paths],
    timeoutMs: TIMEOUT_MS,
  }
}
