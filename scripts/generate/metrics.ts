import { METRIC_GROUPS } from '../../engine/daemon/metrics/groups.ts'
import { createMetrics } from '../../engine/daemon/metrics/metrics.ts'
import { systemClock } from '../../engine/reconciler/clock.ts'

const HEADINGS = ['| metric | type | labels | says |', '| --- | --- | --- | --- |']

/** docs/metrics.md with its tables as the program has them: each stands below a comment that names its group. */
export function generateMetrics(text: string): string {
  return METRIC_GROUPS.reduce((changed, group) => {
    const marked = new RegExp(`(<!-- metrics: ${group} -->\n)[^]*?(?=\n<!-- end -->)`)
    if (!marked.test(changed)) throw new Error(`docs/metrics.md has no place for the metrics of ${group}`)
    return changed.replace(marked, (_all, mark: string) => `${mark}\n${tableOf(group)}`)
  }, text)
}

function tableOf(group: string): string {
  const rows = SHAPES.filter((shape) => shape.group === group).map(
    ({ help, labels, name, type }) =>
      `| \`${name}\` | ${type} | ${labels.map((label) => `\`${label}\``).join(', ')} | ${help.replace(/\.$/, '')} |`,
  )
  return [...HEADINGS, ...rows, ''].join('\n')
}

const nobody = (): never => {
  throw new Error('nothing is measured here')
}
const { shapes: SHAPES } = createMetrics({ loop: nobody, sync: nobody, runtimes: nobody, clock: systemClock })
