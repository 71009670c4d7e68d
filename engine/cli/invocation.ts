import { parseArgs } from 'node:util'
import { COMMANDS, type CommandSpec, findCommand } from './commands.ts'
import { didYouMean } from './nearest.ts'
import { GLOBAL_OPTIONS, isOptionName, OPTION_NAMES, type OptionName, optionSpec } from './options.ts'
import { UserError } from './userError.ts'

/** A parsed command line. */
export interface Invocation {
  readonly command: CommandSpec
  readonly arguments: readonly string[]
  /** What stands after `--`. */
  readonly commandLine: readonly string[]
  flag(name: OptionName): boolean
  text(name: OptionName): string | undefined
  /** All that were given, for an option that may be given more than once. */
  texts(name: OptionName): readonly string[]
}

/** Throws a UserError for whatever the command does not take. */
export function parseCommandLine(argv: readonly string[]): Invocation {
  const tokens = tokensOf(argv)
  const words: string[] = []
  const commandLine: string[] = []
  const given: OptionToken[] = []
  let afterTerminator = false
  for (const token of tokens) {
    if (token.kind === 'option-terminator') afterTerminator = true
    else if (token.kind === 'option') given.push(token)
    else (afterTerminator ? commandLine : words).push(token.value)
  }
  const command = commandOf(words, given)
  const following = command.name === '' ? words : words.slice(1)
  const takesCommand = command.takesCommand === true
  const values = new Map(given.map((token) => optionOf(token, command)))
  const invocation: Invocation = {
    command,
    // Elsewhere `--` only says that no options follow: `validate -- -odd-name.yaml`.
    arguments: takesCommand ? following : [...following, ...commandLine],
    commandLine: takesCommand ? commandLine : [],
    flag: (name) => values.get(name) === true,
    text: (name) => {
      const value = values.get(name)
      return typeof value === 'string' ? value : undefined
    },
    texts: (name) => given.flatMap((token) => (token.name === name ? (token.value ?? []) : [])),
  }
  if (!invocation.flag('help')) assertArguments(invocation)
  return invocation
}

interface OptionToken {
  readonly kind: 'option'
  readonly name: string
  readonly rawName: string
  readonly value?: string | undefined
  readonly inlineValue?: boolean | undefined
}

type Token =
  | OptionToken
  | { readonly kind: 'positional'; readonly value: string }
  | { readonly kind: 'option-terminator' }

/** All options of all commands are known here, since `-n demo status` has to know that -n takes a value. */
function tokensOf(argv: readonly string[]): readonly Token[] {
  const options = Object.fromEntries(
    OPTION_NAMES.map((name) => {
      const { short, value } = optionSpec(name)
      const type: 'string' | 'boolean' = value === undefined ? 'boolean' : 'string'
      return [name, { type, ...(short === undefined ? {} : { short }) }]
    }),
  )
  return parseArgs({ args: [...argv], options, strict: false, allowPositionals: true, tokens: true }).tokens
}

function commandOf(words: readonly string[], given: readonly OptionToken[]): CommandSpec {
  const [name] = words
  if (name === undefined) {
    const named = given.some((token) => token.name === 'help') ? findCommand('') : undefined
    const version = given.some((token) => token.name === 'version') ? findCommand('version') : undefined
    const command = named ?? version ?? findCommand('')
    if (command === undefined) throw new Error('the table of commands has lost its first line')
    return command
  }
  const command = name === '' ? undefined : findCommand(name)
  if (command !== undefined) return command
  const names = COMMANDS.map((each) => each.name).filter((each) => each !== '')
  throw new UserError(`there is no command ${name}${didYouMean(name, names)}\nsee: reconcile help`)
}

function optionOf(token: OptionToken, command: CommandSpec): readonly [OptionName, string | true] {
  const taken = [
    ...command.options,
    ...GLOBAL_OPTIONS,
    ...(command.name === 'version' ? (['version'] as const) : []),
  ]
  const { name } = token
  if (!isOptionName(name) || !taken.includes(name)) throw unknownOption(token, command, taken)
  const spec = optionSpec(name)
  const shown = token.rawName
  if (spec.value === undefined) {
    if (token.value !== undefined)
      throw usageError(`${shown} takes no value, and was given ${token.value}`, command)
    return [name, true]
  }
  if (token.value === undefined || token.value === '')
    throw usageError(`${shown} needs a value: ${spec.value}`, command)
  const choices = name === 'output' ? command.outputs : spec.choices
  if (choices !== undefined && !choices.includes(token.value)) {
    const hint = didYouMean(token.value, choices)
    throw usageError(`${shown} takes ${choices.join(' or ')}, and was given ${token.value}${hint}`, command)
  }
  return [name, token.value]
}

function unknownOption(token: OptionToken, command: CommandSpec, taken: readonly OptionName[]): UserError {
  if (command.takesCommand === true) {
    return usageError(
      `there is no option ${token.rawName}; what belongs to the command to run comes after --`,
      command,
    )
  }
  const long = token.rawName.startsWith('--')
  const hint = long ? didYouMean(token.name, taken).replace(/did you mean (.*)\?/, 'did you mean --$1?') : ''
  const others = COMMANDS.filter((each) => each.options.some((option) => option === token.name))
  const elsewhere =
    hint === '' && others.length > 0
      ? `; it belongs to ${others.map((each) => (each.name === '' ? 'reconcile --once' : each.name)).join(', ')}`
      : ''
  return usageError(`${commandText(command)} has no option ${token.rawName}${hint}${elsewhere}`, command)
}

function assertArguments(invocation: Invocation): void {
  const { command, arguments: given } = invocation
  const { least, most } = command.arguments
  if (given.length < least) throw usageError(`${commandText(command)} needs ${command.usage}`, command)
  const extra = given[most]
  if (extra !== undefined) {
    const hint = command.takesCommand === true ? '; the command to run comes after --' : ''
    throw usageError(`${commandText(command)} takes nothing more, and was given ${extra}${hint}`, command)
  }
  if (command.takesCommand === true && invocation.commandLine.length === 0) {
    throw usageError(`${commandText(command)} needs a command to run, after --`, command)
  }
}

export function usageError(message: string, command: CommandSpec): UserError {
  return new UserError(`${message}\nsee: reconcile help${command.name === '' ? '' : ` ${command.name}`}`)
}

export function commandText(command: CommandSpec): string {
  return command.name === '' ? 'reconcile' : `reconcile ${command.name}`
}
