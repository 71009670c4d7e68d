import type { World } from './world.ts'

/** The one document that `-o json` prints. */
export function printJson(world: World, value: unknown): void {
  world.stdout.write(`${JSON.stringify(value, null, 2)}\n`)
}

/** As kubectl prints several objects. */
export function listOf(items: readonly unknown[]): unknown {
  return { apiVersion: 'v1', kind: 'List', metadata: {}, items }
}
