import { type Diagnostic, diagnosticText } from '../manifests/diagnostics.ts'
import { counted } from './counted.ts'
import type { Invocation } from './invocation.ts'
import { printJson } from './json.ts'
import { plainText } from './table.ts'
import { EXIT, type World } from './world.ts'

export function printWarnings(warnings: readonly Diagnostic[], world: World): void {
  for (const warning of warnings) world.stderr.write(`${plainText(diagnosticText(warning))}\n`)
}

/** Every error of the commit at once, then what that means. Returns the exit status. */
export function refuse(
  invalid: { readonly errors: readonly Diagnostic[]; readonly warnings: readonly Diagnostic[] },
  consequence: string,
  invocation: Invocation,
  world: World,
): number {
  const { errors, warnings } = invalid
  if (invocation.text('output') === 'json') printJson(world, validationJson(false, errors, warnings))
  else {
    printWarnings(warnings, world)
    for (const error of errors) world.stderr.write(`${plainText(diagnosticText(error))}\n`)
  }
  const files = new Set(errors.map((error) => error.file)).size
  const text = `${counted(errors.length, 'error')} in ${counted(files, 'file')}${consequence}`
  world.stderr.write(`${text}\n`)
  return EXIT.invalid
}

/** Not one of Kubernetes' kinds: it has none for this. */
export function validationJson(
  valid: boolean,
  errors: readonly Diagnostic[],
  warnings: readonly Diagnostic[],
  more: Readonly<Record<string, unknown>> = {},
): unknown {
  return { apiVersion: 'reconcile.dev/v1', kind: 'Validation', valid, ...more, errors, warnings }
}
