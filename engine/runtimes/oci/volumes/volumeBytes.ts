import type { Command, Transport } from '../../../transport/transport.ts'
import { runCommand } from '../commands.ts'
import type { PodPaths } from '../paths.ts'

const TIMEOUT_MS = 60_000

/** What is on the disk, holes not counted, as the kubelet counts it. Files that go away meanwhile are no failure. */
export async function volumeBytes(
  transport: Transport,
  pod: Pick<PodPaths, 'volumes'>,
  volumes: readonly string[],
  signal?: AbortSignal,
): Promise<Readonly<Record<string, number>>> {
  const paths = volumes.map((name) => `${pod.volumes}/${name}`)
  const failing = { reason: 'FailedVolumeStats', doing: `measuring ${paths.join(', ')}` }
  const { stdout } = await runCommand(transport, usageCommand(paths), failing, signal)
  return Object.fromEntries(
    stdout.split('\n').flatMap((line): [string, number][] => {
      const [bytes = '', path = ''] = line.split('\t')
      return paths.includes(path) ? [[path.slice(pod.volumes.length + 1), Number(bytes)]] : []
    }),
  )
}

export function usageCommand(paths: readonly string[]): Command {
  return {
    argv: ['du', '--summarize', '--one-file-system', '--block-size=1', '--', ...paths],
    timeoutMs: TIMEOUT_MS,
  }
}
