import type { Transport } from '../../../transport/transport.ts'
import type { NodeFinding } from '../../runtime.ts'
import type { RootPaths } from '../paths.ts'
import type { SandboxContext } from '../pods/sandbox.ts'

/** What an upkeep looks with. Nothing of it changes the node. */
export interface Looking {
  readonly transport: Transport
  readonly paths: RootPaths
  readonly nft: string
  /** By this engine. */
  readonly isFirst: boolean
  /** This engine has made the node ready, so that all it needs was there. */
  readonly isReady: boolean
}

/** Something that is amiss, and how to put it right: resolves to what was done. */
export interface Repair {
  readonly found: string
  readonly mend: (context: SandboxContext, signal?: AbortSignal) => Promise<string>
}

/** One that fails keeps no other from being made. */
export async function repaired(
  repair: Repair,
  context: () => Promise<SandboxContext>,
  signal?: AbortSignal,
): Promise<NodeFinding> {
  const { found, mend } = repair
  try {
    return { found, done: await mend(await context(), signal) }
  } catch (error) {
    signal?.throwIfAborted()
    return { found, problem: messageOf(error) }
  }
}

/** What somebody has made unreadable keeps nothing else from being looked after. */
export async function repairsOf(
  look: () => Promise<readonly Repair[]>,
  signal?: AbortSignal,
): Promise<readonly Repair[]> {
  try {
    return await look()
  } catch (error) {
    signal?.throwIfAborted()
    const found = `what all pods stand on cannot be looked at: ${messageOf(error)}`
    return [{ found, mend: async () => await Promise.reject(error) }]
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
