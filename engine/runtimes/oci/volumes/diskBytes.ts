import type { Command, Transport } from '../../../transport/transport.ts'
import { runCommand } from '../commands.ts'
import type { PodPaths } from '../paths.ts'

const TIMEOUT_MS = 60_000

/**
 * What is on the disk, holes not counted, as the kubelet counts it. Files that go away meanwhile are no failure. `layerOf`: the writable layer of
 * a container, where that is not in its folder.
 */
export async function diskBytes(
  transport: Transport,
  pod: Pick<PodPaths, 'containers' | 'volumes'>,
  parts: readonly string[],
  signal?: AbortSignal,
  layerOf: (container: string) => string | undefined = () => undefined,
): Promise<Readonly<Record<string, number>>> {
  const byPath = new Map(
    parts.flatMap((part) => {
      const layer = part.startsWith(CONTAINER) ? layerOf(part.slice(CONTAINER.length)) : undefined
      return [pathOf(pod, part), ...(layer === undefined ? [] : [layer])].map((path) => [path, part] as const)
    }),
  )
  const paths = [...byPath.keys()]
  const failing = { reason: 'FailedVolumeStats', doing: `measuring ${paths.join(', ')}` }
  const { stdout } = await runCommand(transport, usageCommand(paths), failing, signal)
  const sums: Record<string, number> = {}
  for (const line of stdout.split('\n')) {
    const [bytes = '', path = ''] = line.split('\t')
    const part = byPath.get(path)
    if (part !== undefined) sums[part] = (sums[part] ?? 0) + Number(bytes)
  }
  return sums
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
