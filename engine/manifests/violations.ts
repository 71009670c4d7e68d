import type { Kind } from '../api/generated/types.ts'
import type { Path, Problem } from './diagnostics.ts'
import type { Violation } from './generated/validators.js'
import { didYouMean, nearest } from './suggestions.ts'
import { knownFields } from './support.ts'

/** A schema's violation in plain words. */
export function violationProblem(kind: Kind, object: unknown, violation: Violation): Problem {
  const path = pathOf(object, violation.instancePath)
  const { params } = violation
  switch (violation.keyword) {
    case 'additionalProperties':
      return unknownField(kind, path, String(params['additionalProperty']))
    case 'required':
      return error([...path, String(params['missingProperty'])], 'required field is missing')
    case 'type':
      return wrongType(kind, path, valueAt(object, path), params['type'])
    case 'enum':
      return notAllowed(path, valueAt(object, path), params['allowedValues'])
    case 'const':
      return error(path, `must be ${JSON.stringify(params['allowedValue'])}`)
    case 'minLength':
    case 'minItems':
      return error(path, 'must not be empty')
    case 'minimum':
    case 'maximum':
      return outOfRange(
        path,
        `${String(params['comparison'])} ${String(params['limit'])}`,
        valueAt(object, path),
      )
    default:
      return error(path, `breaks the rule ${violation.keyword} of the schema`)
  }
}

/** Where the data has not the form that the code after the schemas relies on. */
export function isStructural(violation: Violation): boolean {
  return violation.keyword === 'type' || violation.keyword === 'required'
}

export function pathOf(object: unknown, pointer: string): Path {
  if (pointer === '') return []
  let value = object
  return pointer
    .slice(1)
    .split('/')
    .map((part) => {
      const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
      const segment = Array.isArray(value) ? Number(name) : name
      value = memberOf(value, segment)
      return segment
    })
}

function valueAt(object: unknown, path: Path): unknown {
  return path.reduce(memberOf, object)
}

function memberOf(value: unknown, segment: string | number): unknown {
  if (Array.isArray(value)) return value[Number(segment)]
  if (typeof value !== 'object' || value === null) return undefined
  return Object.getOwnPropertyDescriptor(value, segment)?.value
}

function unknownField(kind: Kind, path: Path, name: string): Problem {
  const known = knownFields(kind, path)
  const meant = nearest(name, known)
  const deeper = meant === undefined ? homeOf(kind, path, name) : undefined
  const suggestion = meant !== undefined ? `did you mean ${meant}?` : deeper
  return {
    path: [...path, name],
    severity: 'error',
    message: 'unknown field',
    atKey: true,
    ...(suggestion !== undefined && { suggestion }),
  }
}

/** A right field at the wrong level, which wrong indentation makes: `image` beside `containers`. */
function homeOf(kind: Kind, path: Path, name: string): string | undefined {
  for (let up = path.length - 1; up >= 0; up -= 1) {
    if (typeof path[up] !== 'string') continue
    if (knownFields(kind, path.slice(0, up)).includes(name)) {
      return `${name} belongs beside ${path[up]}, not inside of it; check the indentation`
    }
  }
  const home = below(kind, path, name)
  return home === undefined ? undefined : `${name} belongs into ${home}; check the indentation`
}

/** As deep as the containers of a CronJob: spec.jobTemplate.spec.template.spec. */
const LEVELS_MAX = 5

function below(kind: Kind, path: Path, name: string): string | undefined {
  let level: readonly (readonly string[])[] = [[]]
  for (let depth = 0; depth < LEVELS_MAX; depth += 1) {
    level = level.flatMap((home) => knownFields(kind, [...path, ...home]).map((field) => [...home, field]))
    const home = level.find((one) => knownFields(kind, [...path, ...one]).includes(name))
    if (home !== undefined) return home.join('.')
    level = level.filter((one) =>
      one.every((field) => field === 'template' || field === 'spec' || field === 'jobTemplate'),
    )
  }
  return undefined
}

/** `defaultMode: 755` is decimal, and meant as octal by everybody who writes it. */
function outOfRange(path: Path, bound: string, value: unknown): Problem {
  const problem = error(path, `must be ${bound}, not ${String(value)}`)
  const isMode = path.at(-1) === 'mode' || path.at(-1) === 'defaultMode'
  return isMode ? { ...problem, suggestion: 'write it in octal, such as 0644' } : problem
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  array: 'a list',
  boolean: 'true or false',
  integer: 'a whole number',
  number: 'a number',
  object: 'a map',
  string: 'text',
}

function wrongType(kind: Kind, path: Path, value: unknown, type: unknown): Problem {
  const wanted = (Array.isArray(type) ? type : [type]).map(String)
  const words = wanted.map((name) => TYPE_WORDS[name] ?? name).join(' or ')
  const found = isSecretData(kind, path) ? typeWord(value) : foundText(value)
  const suggestion = quoting(wanted, value)
  return { ...error(path, `must be ${words}, not ${found}`), ...(suggestion !== undefined && { suggestion }) }
}

function foundText(value: unknown): string {
  if (typeof value === 'string')
    return `the text ${JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}...` : value)}`
  if (typeof value === 'number' || typeof value === 'boolean') return `the ${typeof value} ${value}`
  return typeWord(value)
}

function typeWord(value: unknown): string {
  if (value === null || value === undefined) return 'an empty value'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a map'
  return typeof value === 'string' ? 'text' : `a ${typeof value}`
}

function quoting(wanted: readonly string[], value: unknown): string | undefined {
  if (wanted.includes('string')) {
    if (typeof value === 'number') return 'put it in quotes'
    if (typeof value === 'boolean') return 'put it in quotes: yes, no, on and off are booleans too'
  }
  if (typeof value !== 'string') return undefined
  if (wanted.includes('integer') && /^-?[0-9]+$/.test(value)) return 'take away the quotes'
  if (wanted.includes('boolean') && /^(?:true|false)$/i.test(value)) return 'take away the quotes'
  return undefined
}

function notAllowed(path: Path, value: unknown, allowed: unknown): Problem {
  const values = (Array.isArray(allowed) ? allowed : []).map(String)
  const list = values.map((one) => JSON.stringify(one)).join(', ')
  const message = `${JSON.stringify(value)} is not one of the supported values ${list}`
  return { ...error(path, message), ...didYouMean(String(value), values) }
}

/** No value of a Secret is ever shown, not even a wrong one. */
function isSecretData(kind: Kind, path: Path): boolean {
  return kind === 'Secret' && (path[0] === 'data' || path[0] === 'stringData')
}

function error(path: Path, message: string): Problem {
  return { path, severity: 'error', message }
}
