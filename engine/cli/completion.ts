import { COMMANDS, type CommandSpec } from './commands.ts'
import { GLOBAL_OPTIONS, type OptionName, optionSpec } from './options.ts'

export const SHELLS = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof SHELLS)[number]

/** The completion script of a shell, made from the table of commands. */
export function completionScript(shell: Shell): string {
  switch (shell) {
    case 'bash':
      return bash()
    case 'zsh':
      // zsh reads bash's through its own bridge, so that the two cannot say different things.
      return `#compdef reconcile\nautoload -U +X bashcompinit && bashcompinit\n${bash()}`
    case 'fish':
      return fish()
    default:
      return shell satisfies never
  }
}

const NAMED = COMMANDS.filter((command) => command.name !== '')

function optionsOf(command: CommandSpec): readonly OptionName[] {
  return [...command.options, ...GLOBAL_OPTIONS]
}

function words(names: readonly OptionName[]): string {
  return names
    .flatMap((name) => {
      const { short } = optionSpec(name)
      return short === undefined ? [`--${name}`] : [`--${name}`, `-${short}`]
    })
    .join(' ')
}

/** What names pods: asked of reconcile itself, silently empty where that fails. */
const POD_NAMES = `reconcile status 2>/dev/null | awk '$2 ~ "^pod/" {print $2}'`

function valueCases(): readonly string[] {
  const names = [...new Set(COMMANDS.flatMap(optionsOf))].filter(
    (name) => optionSpec(name).value !== undefined,
  )
  return names.map((name) => {
    const { short, choices, completes } = optionSpec(name)
    const pattern = short === undefined ? `--${name}` : `--${name}|-${short}`
    const reply =
      completes === 'directory'
        ? 'compgen -d -- "$word"'
        : choices === undefined
          ? 'true'
          : `compgen -W '${choices.join(' ')}' -- "$word"`
    return `    ${pattern}) mapfile -t COMPREPLY < <(${reply}); return ;;`
  })
}

function argumentsReply(command: CommandSpec): string {
  const { completes } = command.arguments
  switch (completes) {
    case 'file':
      return 'compgen -f -- "$word"'
    case 'pod':
      return `compgen -W "$(${POD_NAMES})" -- "$word"`
    case 'command':
      return `compgen -W '${NAMED.map((each) => each.name).join(' ')}' -- "$word"`
    case 'shell':
      return `compgen -W '${SHELLS.join(' ')}' -- "$word"`
    case undefined:
      return 'true'
    default:
      return completes satisfies never
  }
}

function bash(): string {
  const [bare] = COMMANDS
  const cases = NAMED.map(
    (command) =>
      `    ${command.name}) options='${words(optionsOf(command))}'; reply() { ${argumentsReply(command)}; } ;;`,
  )
  return [
    '_reconcile() {',
    '  local word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD-1]} command= options each',
    '  COMPREPLY=()',
    '  for each in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do',
    `    case $each in ${NAMED.map((command) => command.name).join('|')}) command=$each; break ;; --) return ;; esac`,
    '  done',
    '  case $last in',
    ...valueCases(),
    '  esac',
    '  case $command in',
    ...cases,
    `    *) options='${bare === undefined ? '' : words(optionsOf(bare))}'; reply() { compgen -W '${NAMED.map((command) => command.name).join(' ')}' -- "$word"; } ;;`,
    '  esac',
    '  if [[ $word == -* ]]; then mapfile -t COMPREPLY < <(compgen -W "$options" -- "$word"); return; fi',
    '  mapfile -t COMPREPLY < <(reply)',
    '}',
    'complete -o filenames -F _reconcile reconcile',
    '',
  ].join('\n')
}

function fish(): string {
  const names = NAMED.map((command) => command.name)
  const none = `not __fish_seen_subcommand_from ${names.join(' ')}`
  const commands = NAMED.map((command) => fishLine(none, `-a ${command.name}`, command.summary))
  const options = COMMANDS.flatMap((command) => {
    const condition = command.name === '' ? none : `__fish_seen_subcommand_from ${command.name}`
    return optionsOf(command).map((name) =>
      fishLine(condition, fishOption(name, command), optionSpec(name).help),
    )
  })
  const pods = NAMED.filter((command) => command.arguments.completes === 'pod').map((command) => command.name)
  const files = NAMED.filter((command) => command.arguments.completes === 'file').map(
    (command) => command.name,
  )
  return [
    'complete -c reconcile -f',
    ...commands,
    ...options,
    `complete -c reconcile -n '__fish_seen_subcommand_from ${pods.join(' ')}' -a "(${POD_NAMES.replaceAll('"', '\\"').replaceAll('$', '\\$')})"`,
    `complete -c reconcile -n '__fish_seen_subcommand_from ${files.join(' ')}' -F`,
    `complete -c reconcile -n '__fish_seen_subcommand_from completion' -a '${SHELLS.join(' ')}'`,
    `complete -c reconcile -n '__fish_seen_subcommand_from help' -a '${names.join(' ')}'`,
    '',
  ].join('\n')
}

function fishLine(condition: string, what: string, help: string): string {
  return `complete -c reconcile -n '${condition}' ${what} -d '${help.replaceAll("'", '’')}'`
}

function fishOption(name: OptionName, command: CommandSpec): string {
  const { short, value, choices, completes } = optionSpec(name)
  const values = name === 'output' ? command.outputs : choices
  return [
    `-l ${name}`,
    ...(short === undefined ? [] : [`-s ${short}`]),
    ...(value === undefined ? [] : ['-r']),
    ...(values === undefined ? [] : [`-a '${values.join(' ')}'`]),
    ...(completes === 'directory' ? [`-a '(__fish_complete_directories)'`] : []),
  ].join(' ')
}
