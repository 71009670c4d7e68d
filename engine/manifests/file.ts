import type { Document } from 'yaml'
import { fieldText, type Diagnostic, type Path } from './diagnostics.ts'
import type { Fields } from './identity.ts'
import { offsetIn } from './locate.ts'
import { nameObject, type ReadObject, readObject } from './object.ts'
import { createLines, type Place, textOf } from './text.ts'
import { documentValue, type ValueProblem } from './values.ts'
import { parseDocuments } from './yaml.ts'

/** Of one file. Beyond them a file is a mistake or an attack. */
const DOCUMENTS_MAX = 50_000
const DIAGNOSTICS_MAX = 200
/** A longer path says nothing to anybody. */
const FIELD_SEGMENTS_MAX = 20

/** A diagnostic of a file whose path is not part of it: the same content may lie elsewhere in the next commit. */
export type FileDiagnostic = Omit<Diagnostic, 'file'>

/** What one content gives, wherever it lies: kept by its blob id. */
export interface ReadFile {
  readonly text: string
  readonly objects: readonly PlacedObject[]
  readonly diagnostics: readonly FileDiagnostic[]
}

export interface PlacedObject {
  readonly read: ReadObject
  /** Which document of the file, from 0, and where in it: an item of a List is not at the root. */
  readonly document: number
  readonly root: Path
  readonly place: Place
}

export function readFile(content: Uint8Array): ReadFile {
  const decoded = textOf(content)
  if (decoded.kind === 'problem') {
    const { message, suggestion } = decoded
    return { text: '', objects: [], diagnostics: [failure({ line: 1, column: 1 }, message, suggestion)] }
  }
  const { text } = decoded
  const parsed = parseDocuments(text)
  if (parsed.kind === 'tooDeep') {
    const message = 'the file is nested too deep to be read'
    return { text, objects: [], diagnostics: [failure({ line: 1, column: 1 }, message)] }
  }
  if (parsed.documents.length > DOCUMENTS_MAX) {
    const message = `the file has ${parsed.documents.length} documents, more than the ${DOCUMENTS_MAX} that one file may have`
    return { text, objects: [], diagnostics: [failure({ line: 1, column: 1 }, message, 'split it')] }
  }
  return readDocuments(text, parsed.documents)
}

function readDocuments(text: string, documents: readonly Document.Parsed[]): ReadFile {
  const placeOf = createLines(text)
  const objects: PlacedObject[] = []
  const diagnostics: FileDiagnostic[] = []
  for (const [index, document] of documents.entries()) {
    const broken = syntaxError(document, text, placeOf)
    if (broken !== undefined) diagnostics.push(broken)
    else readDocument({ text, document, index, placeOf, objects, diagnostics })
  }
  return { text, objects, diagnostics: limited(diagnostics, placeOf(text.length)) }
}

/** Only the first of a document: the parser is off its track after it. */
function syntaxError(
  document: Document.Parsed,
  text: string,
  placeOf: (offset: number) => Place,
): FileDiagnostic | undefined {
  const error = document.errors[0] ?? document.warnings[0]
  if (error === undefined) return undefined
  const hint = templateHint(text) ?? (UNQUOTED.has(error.code) ? 'put it in quotes if it is text' : undefined)
  return failure(placeOf(error.pos[0]), `broken YAML: ${syntaxText(error.message)}`, hint)
}

/** What the parser finds in a text that begins with `!`, `@` or the like. */
const UNQUOTED: ReadonlySet<string> = new Set(['BAD_SCALAR_START', 'TAG_RESOLVE_FAILED'])

/** Without what the parser quotes after a colon: a password may begin with `!` or `|`. */
function syntaxText(message: string): string {
  // The parser calls itself for each level, and reports the end of the stack as it does an error in the text.
  if (message.startsWith('Maximum call stack')) return 'it is nested too deep'
  const [said = ''] = message.split(': ', 1)
  return said.charAt(0).toLowerCase() + said.slice(1)
}

function templateHint(text: string): string | undefined {
  if (!text.includes('{{')) return undefined
  return 'it looks like a template; commit what it renders, such as the output of `helm template`'
}

interface Reading {
  readonly text: string
  readonly document: Document.Parsed
  readonly index: number
  readonly placeOf: (offset: number) => Place
  readonly objects: PlacedObject[]
  readonly diagnostics: FileDiagnostic[]
}

function readDocument(reading: Reading): void {
  const { value, problems } = documentValue(reading.document)
  if (value === undefined && problems.length === 0) return
  if (value !== undefined && !isFields(value)) {
    const place = placeAt(reading, [])
    reading.diagnostics.push(failure(place, 'a document must be an object, such as a Pod'))
    return
  }
  const lossy = problems.some((problem) => problem.lossy)
  const label = value === undefined ? undefined : addObjects({ ...reading, lossy }, value, [])
  // `name: {{ .Release.Name }}` is YAML, and one mistake, not one for each brace.
  const hint = lossy ? templateHint(reading.text) : undefined
  for (const problem of hint === undefined ? problems : problems.slice(0, 1)) {
    reading.diagnostics.push(valueDiagnostic(reading, problem, label, hint))
  }
}

function valueDiagnostic(
  reading: Reading,
  problem: ValueProblem,
  label: string | undefined,
  hint: string | undefined,
): FileDiagnostic {
  const field = problem.path.length > FIELD_SEGMENTS_MAX ? '' : fieldText(problem.path)
  return {
    ...failure(reading.placeOf(problem.offset), problem.message, hint ?? problem.suggestion),
    ...(label !== undefined && { object: label }),
    ...(field !== '' && { field }),
  }
}

interface ObjectReading extends Reading {
  /** Parts of the document could not be read: its objects are named, and not looked into. */
  readonly lossy: boolean
}

/** The object at `root`, or the items of a List. The label of the single object that it was. */
function addObjects(reading: ObjectReading, fields: Fields, root: Path): string | undefined {
  const { apiVersion, items, kind } = fields
  if (typeof kind !== 'string' || !kind.endsWith('List') || !Array.isArray(items))
    return addObject(reading, fields, root)
  // The items of a PodList may leave out what they are.
  const implied = kind === 'List' ? {} : { apiVersion, kind: kind.slice(0, -'List'.length) }
  for (const [index, item] of items.entries()) {
    const at = [...root, 'items', index]
    if (isFields(item)) addObjects(reading, { ...implied, ...item }, at)
    else reading.diagnostics.push(failure(placeAt(reading, at), 'an item of a List must be an object'))
  }
  return undefined
}

function addObject(reading: ObjectReading, fields: Fields, root: Path): string | undefined {
  const read = reading.lossy ? nameObject(fields) : readObject(fields)
  reading.objects.push({ read, document: reading.index, root, place: placeAt(reading, root) })
  for (const { path, severity, message, suggestion, atKey } of read.problems) {
    const field = fieldText(path)
    reading.diagnostics.push({
      ...placeAt(reading, [...root, ...path], atKey),
      severity,
      ...(read.label !== undefined && { object: read.label }),
      ...(field !== '' && { field }),
      message,
      ...(suggestion !== undefined && { suggestion }),
    })
  }
  return read.label
}

function placeAt(reading: Reading, path: Path, atKey = false): Place {
  return reading.placeOf(offsetIn(reading.document, path, atKey))
}

function failure(place: Place, message: string, suggestion?: string): FileDiagnostic {
  return { ...place, severity: 'error', message, ...(suggestion !== undefined && { suggestion }) }
}

function limited(diagnostics: readonly FileDiagnostic[], end: Place): readonly FileDiagnostic[] {
  const surplus = diagnostics.length - DIAGNOSTICS_MAX
  if (surplus <= 0) return diagnostics
  const errors = diagnostics.filter(({ severity }) => severity === 'error')
  const warnings = diagnostics.filter(({ severity }) => severity === 'warning')
  const severity = errors.length > 0 ? 'error' : 'warning'
  const shown = [...errors, ...warnings].slice(0, DIAGNOSTICS_MAX)
  return [...shown, { ...end, severity, message: `and ${surplus} more in this file` }]
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
