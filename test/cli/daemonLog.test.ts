import { fstatSync } from 'node:fs'
import { expect, test } from 'vitest'
import { openDaemonLog } from '../../engine/cli/daemonLog.ts'
import { parseCommandLine } from '../../engine/cli/invocation.ts'
import { createWorld } from '../simulation/loop/engine.ts'
import { cliWorld } from './simulated.ts'

interface Setting {
  readonly argv?: readonly string[]
  readonly tty?: boolean
  readonly journal?: string
}

function firstLine({ argv = [], journal, tty = false }: Setting): string {
  const cli = cliWorld(createWorld(), { argv, tty })
  const environment = journal === undefined ? {} : { JOURNAL_STREAM: journal }
  const log = openDaemonLog(parseCommandLine(argv), { ...cli, environment })
  log('debug', 'fine')
  log('info', 'an escape: \u001b[31m', { node: 'rack-1' })
  return cli.shown().stderr
}

const TEXT = '2026-01-01T00:00:00.000Z info  an escape: \ufffd[31m node=rack-1\n'

test('a person on a terminal reads text, everybody else JSON, unless the format is said', () => {
  expect(firstLine({ tty: true })).toBe(TEXT)
  expect(JSON.parse(firstLine({}))).toMatchObject({ level: 'info', node: 'rack-1' })
  expect(JSON.parse(firstLine({ argv: ['--log-format', 'auto'] }))).toMatchObject({ level: 'info' })
  expect(firstLine({ argv: ['--log-format', 'text'] })).toBe(TEXT)
  expect(JSON.parse(firstLine({ argv: ['--log-format', 'json'], tty: true }))).toMatchObject({
    level: 'info',
  })
})

test('small steps are told with -v', () => {
  expect(firstLine({ argv: ['-v'], tty: true })).toBe(`2026-01-01T00:00:00.000Z debug fine\n${TEXT}`)
})

test('only who is still heard by the journal writes for it', () => {
  const { dev, ino } = fstatSync(2)
  expect(firstLine({ journal: `${dev}:${ino}` })).toMatch(/^<6>\{/)
  expect(firstLine({ journal: `${dev}:${ino}`, argv: ['--log-format', 'text'] })).toMatch(/^<6>an escape/)
  expect(firstLine({ journal: `${dev}:${ino + 1}` })).toMatch(/^\{/)
})
