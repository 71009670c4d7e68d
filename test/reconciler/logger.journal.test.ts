import { expect, test } from 'vitest'
import { createLogger, type LoggerOptions } from '../../engine/reconciler/logger.ts'
import { VirtualClock } from '../../engine/runtimes/simulated/clock.ts'

const COMMIT = 'a'.repeat(40)

function logged(more: Pick<LoggerOptions, 'format'> & Partial<LoggerOptions>): readonly string[] {
  const lines: string[] = []
  const log = createLogger({
    level: 'debug',
    clock: new VirtualClock(),
    write: (line) => lines.push(line),
    ...more,
  })
  log('info', 'pod shop/web is ready', { commit: COMMIT, node: 'rack-1', pod: 'shop/web' })
  log('error', 'a bug', { stack: 'Error: a bug\n    at here' })
  return lines
}

test('text for people has short commits, and says nothing twice', () => {
  expect(logged({ format: 'text' })[0]).toBe(
    '2026-01-01T00:00:00.000Z info  pod shop/web is ready node=rack-1 commit=aaaaaaaaaaaa',
  )
})

test('in the journal each line has its level in front, and text has no time of its own', () => {
  expect(logged({ format: 'text', journal: true })).toEqual([
    '<6>pod shop/web is ready node=rack-1 commit=aaaaaaaaaaaa',
    '<3>a bug\n<3>Error: a bug\n<3>    at here',
  ])
})

test('JSON in the journal keeps its time and all fields', () => {
  const [line = ''] = logged({ format: 'json', journal: true })
  expect(line.slice(0, 3)).toBe('<6>')
  expect(JSON.parse(line.slice(3))).toEqual({
    time: '2026-01-01T00:00:00.000Z',
    level: 'info',
    message: 'pod shop/web is ready',
    commit: COMMIT,
    node: 'rack-1',
    pod: 'shop/web',
  })
})
