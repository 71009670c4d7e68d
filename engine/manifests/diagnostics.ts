export type Path = readonly (string | number)[]

/** What is wrong, or of no effect, at one place of a commit's files. */
export interface Diagnostic {
  readonly file: string
  /** From 1. */
  readonly line: number
  readonly column: number
  readonly severity: 'error' | 'warning'
  /** `Deployment prod/web`; absent where there is no object yet, as in broken YAML. */
  readonly object?: string
  /** `spec.template.spec.containers[0].image` */
  readonly field?: string
  readonly message: string
  /** What to do about it. */
  readonly suggestion?: string
}

/** A diagnostic before its place is looked up: places are found only when there is something to say. */
export interface Problem {
  /** From the object's root. */
  readonly path: Path
  readonly severity: 'error' | 'warning'
  readonly message: string
  readonly suggestion?: string
  /** Points at the field's name instead of its value. */
  readonly atKey?: boolean
}

/** One line, as compilers write it; editors and CI know the form. */
export function diagnosticText(diagnostic: Diagnostic): string {
  const { file, line, column, severity, object, field, message, suggestion } = diagnostic
  const subject = [object, field].filter((part) => part !== undefined && part !== '').join(': ')
  const about = subject === '' ? message : `${subject}: ${message}`
  return `${file}:${line}:${column}: ${severity}: ${about}${suggestion === undefined ? '' : ` (${suggestion})`}`
}

export function fieldText(path: Path): string {
  return path.reduce<string>((text, segment) => {
    if (typeof segment === 'number') return `${text}[${segment}]`
    if (!/^[A-Za-z0-9_-]+$/.test(segment)) return `${text}[${segment}]`
    return text === '' ? segment : `${text}.${segment}`
  }, '')
}

export function byPlace(a: Diagnostic, b: Diagnostic): number {
  return (
    compareText(a.file, b.file) || a.line - b.line || a.column - b.column || compareText(a.message, b.message)
  )
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
