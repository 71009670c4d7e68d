import type { Revision } from '../source/source.ts'
import type { DesiredReader } from './desired.ts'
import type { Engine } from './engine.ts'
import type { Memory } from './memory.ts'
import { desiredOf } from './nothing.ts'
import type { Site } from './site.ts'
import type { Standing } from './standing.ts'

export interface GoOnOptions {
  readonly site: Site
  readonly engine: Engine
  readonly reader: DesiredReader
  readonly memory: Memory
  readonly signal: AbortSignal
}

/**
 * Drives the commit that was in force when the last engine ended, without asking the rails again. What an engine has become too strict for
 * since then leaves the pods as they are.
 */
export async function goOn(
  revision: Revision,
  { engine, memory, reader, signal, site }: GoOnOptions,
): Promise<Extract<Standing, { readonly kind: 'inForce' | 'invalid' | 'refused' }>> {
  const { commit } = revision
  const reading = reader.read(revision, 'commit')
  const { warnings } = reading
  if (reading.kind === 'invalid') return { kind: 'invalid', commit, errors: reading.errors, warnings }
  const asked = desiredOf(reading, { engine, site })
  const objection = await site.objection(asked)
  if (objection !== undefined) return { kind: 'refused', commit, message: objection.message }
  const { desired, machine } = await site.take(asked)
  await memory.known(machine.runtime, signal)
  await engine.drive(machine, desired)
  return { kind: 'inForce', desired, warnings }
}
