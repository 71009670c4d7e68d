import { podUid } from '../../../api/names.ts'
import type { PodRecord } from '../../../api/records.ts'
import type { Transport } from '../../../transport/transport.ts'
import type { RootPaths } from '../paths.ts'
import { podPaths } from '../paths.ts'

/** The record first, then its copy, for as long as there is something beside it. */
export async function writeRecord(transport: Transport, paths: RootPaths, record: PodRecord): Promise<void> {
  const pod = podPaths(paths, podUid(record.pod.metadata.uid ?? ''))
  await transport.makeDirectory(pod.directory, 0o700)
  await transport.writeFile(pod.record, JSON.stringify(record), 0o600)
  if ((await transport.stat(pod.run)) === undefined) return
  const what = { kind: 'file', content: JSON.stringify(record) } as const
  await transport.writeTree(pod.run, [{ path: 'pod.json', mode: 0o600, what }])
}

/** A pod whose folder somebody has removed has to be made again, and once it has a record nothing would tell that. */
export async function forgetFolderless(
  transport: Transport,
  paths: RootPaths,
  record: PodRecord,
): Promise<void> {
  const pod = podPaths(paths, podUid(record.pod.metadata.uid ?? ''))
  if ((await transport.stat(pod.directory)) === undefined) await transport.remove(pod.sandbox)
}
