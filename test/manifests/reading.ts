import { stringify } from 'yaml'
import { type Diagnostic, diagnosticText } from '../../engine/manifests/diagnostics.ts'
import type { ManifestsResult, ReadOptions } from '../../engine/manifests/commit.ts'
import { createManifestReader, type ManifestFile } from '../../engine/manifests/reader.ts'

/** Files of a commit: path and text. */
export type Texts = Readonly<Record<string, string>>

export function filesOf(texts: Texts): readonly ManifestFile[] {
  return Object.entries(texts).map(([path, text]) => ({ path, content: new TextEncoder().encode(text) }))
}

export function readTexts(texts: Texts, mode: ReadOptions['mode'] = 'commit'): ManifestsResult {
  return createManifestReader().read(filesOf(texts), { mode })
}

export function allOf(result: ManifestsResult): readonly Diagnostic[] {
  return result.kind === 'valid' ? result.warnings : [...result.errors, ...result.warnings]
}

/** Every diagnostic of one file named `a.yaml`, as a line of text. */
export function linesOf(text: string, mode: ReadOptions['mode'] = 'commit'): readonly string[] {
  return allOf(readTexts({ 'a.yaml': text }, mode)).map(diagnosticText)
}

export function validOf(
  texts: Texts,
  mode: ReadOptions['mode'] = 'commit',
): Extract<ManifestsResult, { kind: 'valid' }> {
  const result = readTexts(texts, mode)
  if (result.kind === 'valid') return result
  throw new Error(result.errors.map(diagnosticText).join('\n'))
}

/** A Pod with one container, and what stands in its spec (indented by 2) and its container (indented by 4) besides. */
export function podText(parts: {
  readonly spec?: string
  readonly container?: string
  readonly meta?: string
}): string {
  const { container = '', meta = '', spec = '' } = parts
  return `apiVersion: v1
kind: Pod
metadata:
  name: web
${meta}spec:
${spec}  containers:
  - name: web
    image: web:1
${container}`
}

/** The diagnostics of a Pod without file, object and severity word: `line:column field: message`. */
export function podLines(parts: Parameters<typeof podText>[0]): readonly string[] {
  const prefix = /^a\.yaml:(\d+:\d+): (error|warning): Pod default\/web: /
  return linesOf(podText(parts), 'files').map((line) =>
    line.replace(prefix, (_, place, severity) => (severity === 'error' ? `${place} ` : `${place} warning `)),
  )
}

/** What is said of an object, without its place and its name: `error field: message`. */
export function said(apiVersion: string, kind: string, spec: unknown, name = 'a'): readonly string[] {
  const text = stringify({ apiVersion, kind, metadata: { name }, spec })
  return linesOf(text, 'files').map((line) =>
    line.replace(/^a\.yaml:\d+:\d+: (error|warning): \S+ \S+ /, (_, severity) => `${severity} `),
  )
}
