import { expect, test } from 'vitest'
import type { LoggerOptions } from '../../engine/reconciler/logger.ts'
import { createLogger } from '../../engine/reconciler/logger.ts'
import { VirtualClock } from '../../engine/runtimes/simulated/clock.ts'

function logged(format: LoggerOptions['format'], level: LoggerOptions['level'] = 'info'): readonly string[] {
  const lines: string[] = []
  const log = createLogger({ format, level, clock: new VirtualClock(), write: (line) => lines.push(line) })
  log('debug', 'too fine')
  log('warn', 'the node does not answer', { node: 'local', reason: 'no "route"' })
  return lines
}

test('a text line has time, level, message and quoted fields', () => {
  expect(logged('text')).toEqual([
    String.raw`2026-01-01T00:00:00.000Z warn  the node does not answer node=local reason="no \"route\""`,
  ])
})

test('a JSON line holds the same', () => {
  expect(logged('json').map((line) => JSON.parse(line))).toEqual([
    {
      time: '2026-01-01T00:00:00.000Z',
      level: 'warn',
      message: 'the node does not answer',
      node: 'local',
      reason: 'no "route"',
    },
  ])
})

test('what is below the level is left out', () => {
  expect(logged('text', 'error')).toEqual([])
  expect(logged('text', 'debug')).toHaveLength(2)
})
