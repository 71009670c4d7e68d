import { keyParts, type ObjectKey } from '../api/names.ts'
import type { Diagnostic, Path } from './diagnostics.ts'
import { fieldText } from './diagnostics.ts'
import type { PlacedObject, ReadFile } from './file.ts'
import { createLocator } from './locate.ts'
import type { Place } from './text.ts'
import { createLines } from './text.ts'

export interface CommitFile {
  readonly path: string
  readonly read: ReadFile
}

/** An object and the file that it stands in. */
export interface Standing {
  readonly file: CommitFile
  readonly placed: PlacedObject
}

/** The first object of each key. */
export type Index = ReadonlyMap<ObjectKey, Standing>

/** What only all objects together show, at a place of one of them. */
export interface Finding {
  readonly standing: Standing
  readonly path: Path
  readonly severity: Diagnostic['severity']
  readonly message: string
  readonly suggestion?: string
}

/** Each file is parsed again at most once, and only when there is something to say of it. */
export function diagnosticsOf(findings: readonly Finding[]): readonly Diagnostic[] {
  const places = new Map<CommitFile, (standing: Standing, path: Path) => Place>()
  return findings.map(({ standing, path, severity, message, suggestion }) => {
    const placeOf = places.get(standing.file) ?? placesIn(standing.file)
    places.set(standing.file, placeOf)
    const field = fieldText(path)
    return {
      ...about(standing),
      ...placeOf(standing, path),
      severity,
      ...(field !== '' && { field }),
      message,
      ...(suggestion !== undefined && { suggestion }),
    }
  })
}

function placesIn({ read }: CommitFile): (standing: Standing, path: Path) => Place {
  const locate = createLocator(read.text)
  const placeOf = createLines(read.text)
  return ({ placed }, path) => placeOf(locate(placed.document, [...placed.root, ...path]))
}

export function about({ file, placed }: Standing): { file: string; object?: string } {
  const { label } = placed.read
  return { file: file.path, ...(label !== undefined && { object: label }) }
}

export function placeText({ file, placed }: Standing): string {
  return `${file.path}:${placed.place.line}`
}

export function kindOf({ placed }: Standing): string | undefined {
  return placed.read.key === undefined ? undefined : keyParts(placed.read.key).kind
}
