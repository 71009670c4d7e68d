import { cpus, totalmem } from 'node:os'
import type { Measurement } from './measure.ts'

export function met(row: Measurement): boolean {
  if (row.target === undefined) return true
  return 'most' in row.target ? row.value <= row.target.most : row.value >= row.target.least
}

/** The table for people: one line a measurement, with its target and whether it was met. */
export function table(rows: readonly Measurement[]): string {
  const width = Math.max(...rows.map((row) => row.what.length))
  const lines = rows.map((row) => {
    const value = `${row.value.toFixed(row.value < 10 ? 1 : 0)} ${row.unit}`.padStart(10)
    return `${row.what.padEnd(width)}  ${value}  ${targetText(row)}`.trimEnd()
  })
  return [
    `${cpus().length} cores, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}; medians`,
    ...lines,
    '',
  ].join('\n')
}

function targetText(row: Measurement): string {
  if (row.target === undefined) return ''
  const limit = 'most' in row.target ? row.target.most : row.target.least
  const bound = `${limit.toFixed(0)} ${row.unit}`
  return `${met(row) ? 'met' : 'NOT MET'}: ${row.target.text}${row.target.text.includes(bound) ? '' : ` (${bound})`}`
}
