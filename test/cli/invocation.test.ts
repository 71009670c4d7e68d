import { expect, test } from 'vitest'
import { parseCommandLine } from '../../engine/cli/invocation.ts'
import { UserError } from '../../engine/cli/userError.ts'

function messageOf(...argv: readonly string[]): string {
  try {
    parseCommandLine(argv)
  } catch (error) {
    if (error instanceof UserError) return error.message
    throw error
  }
  return 'accepted'
}

test('options stand before or after the command', () => {
  for (const argv of [
    ['-n', 'demo', 'status', '-o', 'wide'],
    ['status', '--namespace=demo', '--output=wide'],
    ['status', '-ndemo', '-owide'],
  ]) {
    const invocation = parseCommandLine(argv)
    expect([invocation.command.name, invocation.text('namespace'), invocation.text('output')]).toEqual([
      'status',
      'demo',
      'wide',
    ])
  }
})

test('what comes after -- is the command to run, dashes and all', () => {
  const invocation = parseCommandLine(['exec', '-it', 'web', '-c', 'app', '--', 'ls', '-l', '--root', 'x'])
  expect(invocation.arguments).toEqual(['web'])
  expect(invocation.commandLine).toEqual(['ls', '-l', '--root', 'x'])
  expect([invocation.flag('stdin'), invocation.flag('tty'), invocation.text('container')]).toEqual([
    true,
    true,
    'app',
  ])
  expect(invocation.text('root')).toBeUndefined()
})

test('elsewhere -- only says that no options follow', () => {
  expect(parseCommandLine(['validate', '--', '-odd.yaml']).arguments).toEqual(['-odd.yaml'])
})

test('a lone - is an argument', () => {
  expect(parseCommandLine(['validate', '-']).arguments).toEqual(['-'])
})

test.each([
  [['hlep'], 'there is no command hlep; did you mean help?'],
  [['stauts'], 'there is no command stauts; did you mean status?'],
  [['xyzzy'], 'there is no command xyzzy\n'],
  [['logs', '--tial', '3', 'web'], 'reconcile logs has no option --tial; did you mean --tail?'],
  [['--onec'], 'reconcile has no option --onec; did you mean --once?'],
  [['validate', '--follow'], 'reconcile validate has no option --follow; it belongs to logs'],
  [['plan', '--once'], 'reconcile plan has no option --once; it belongs to reconcile --once'],
  [['status', '-o', 'yaml'], '-o takes wide or json, and was given yaml'],
  [['plan', '-o', 'wide'], '-o takes json, and was given wide'],
  [['freeze'], 'reconcile freeze needs POD'],
  [['logs', 'a', 'b'], 'reconcile logs takes nothing more, and was given b'],
  [['exec', 'web'], 'reconcile exec needs a command to run, after --'],
  [['exec', 'web', 'ls'], 'the command to run comes after --'],
  [['exec', 'web', 'ls', '-la'], 'comes after --'],
  [['logs', 'web', '--tail'], '--tail needs a value: LINES'],
  [['--once=yes'], '--once takes no value, and was given yes'],
  [
    ['--log-format', 'jsno'],
    '--log-format takes auto or text or json, and was given jsno; did you mean json?',
  ],
])('%j is refused with what to do', (argv, message) => {
  expect(messageOf(...argv)).toContain(message)
})

test('every command is accepted as its own examples write it', async () => {
  const { COMMANDS } = await import('../../engine/cli/commands.ts')
  for (const command of COMMANDS) {
    expect(command.examples.length).toBeGreaterThan(0)
    for (const [line] of command.examples) {
      const text = line.slice(line.indexOf('reconcile ')).replace(/ ?[)>|<].*$/, '')
      const words = [...text.matchAll(/'([^']*)'|\S+/g)].map(([word, quoted]) => quoted ?? word).slice(1)
      expect([line, parseCommandLine(words).command.name]).toEqual([line, command.name])
    }
  }
})
