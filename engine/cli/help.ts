import { COMMANDS, type CommandSpec } from './commands.ts'
import { commandText } from './invocation.ts'
import { GLOBAL_OPTIONS, type OptionName, optionSpec } from './options.ts'
import { columns } from './table.ts'

export function overviewText(): string {
  const lines = COMMANDS.map((command) => [
    `  ${[commandText(command), command.name === '' ? '[--once]' : usageWords(command)].join(' ').trimEnd()}`,
    command.summary,
  ])
  const examples = COMMANDS.slice(0, 5).flatMap((command) => command.examples.slice(0, 1))
  return [
    'reconcile runs containers from a Git repository of Kubernetes manifests, without a Kubernetes cluster.',
    '',
    'Commands:',
    ...columns(lines),
    '',
    'Options of every command:',
    ...optionLines(GLOBAL_OPTIONS),
    '',
    'Examples:',
    ...exampleLines(examples),
    '',
    'reconcile help COMMAND tells more about one.',
    '',
  ].join('\n')
}

function usageWords(command: CommandSpec): string {
  return command.takesCommand === true ? '[-it] POD -- COMMAND' : command.usage
}

export function commandHelpText(command: CommandSpec): string {
  const usage = command.name === '' ? command.usage : [command.usage, '[OPTION...]'].join(' ').trim()
  return [
    `${commandText(command)}: ${command.summary}`,
    '',
    `Usage: ${commandText(command)} ${usage}`,
    ...(command.details === undefined ? [] : ['', command.details]),
    ...(command.options.length === 0 ? [] : ['', 'Options:', ...optionLines(command.options, command)]),
    '',
    'Options of every command:',
    ...optionLines(GLOBAL_OPTIONS),
    '',
    'Examples:',
    ...exampleLines(command.examples),
    '',
  ].join('\n')
}

function optionLines(names: readonly OptionName[], command?: CommandSpec): readonly string[] {
  return columns(
    names.map((name) => {
      const { short, value, help } = optionSpec(name)
      const outputs = name === 'output' ? command?.outputs : undefined
      return [
        `  ${short === undefined ? '   ' : `-${short},`} --${name}${value === undefined ? '' : ` ${value}`}`,
        outputs === undefined ? help : `how to print: ${outputs.join(' or ')}`,
      ]
    }),
  )
}

function exampleLines(examples: CommandSpec['examples']): readonly string[] {
  return examples.flatMap(([line, does]) => [`  ${line}`, `      ${does}`])
}
