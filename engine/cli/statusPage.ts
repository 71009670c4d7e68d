import { shortCommit } from '../api/names.ts'
import type { StatusLook } from './statusLook.ts'
import { statusItems, statusText } from './statusView.ts'
import { syncLines, syncStatus } from './syncView.ts'

/** What the repository asks for, how that stands, and then what runs. */
export function statusPage({ desired, input, now, station, sync }: StatusLook, isWide: boolean): string {
  const { owner } = station.record
  const path = owner.path === '' ? '' : `, --path ${owner.path}`
  const asked = desired.commit
  const other =
    asked === sync.applied
      ? []
      : [`shown against ${asked === 'uncommitted' ? 'uncommitted files' : `commit ${shortCommit(asked)}`}`]
  const text = statusText(input, now, isWide)
  const head = [
    ...syncLines(sync, now),
    ...other,
    `cluster ${owner.cluster}, from ${owner.repository}${path}`,
  ]
  return `${head.join('\n')}\n${text === '' ? '\nno pods\n' : `\n${text}`}`
}

/** The official objects, and the Cluster with what is known of its repository. */
export function statusDocument({ input, sync }: StatusLook): readonly unknown[] {
  return [...statusItems(input), { ...input.snapshot.desired.cluster, status: syncStatus(sync) }]
}
