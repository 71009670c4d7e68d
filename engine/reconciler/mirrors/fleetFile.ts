import type { FleetState } from '../../api/fleet.ts'
import { RECORD_VERSION } from '../../api/records.ts'
import type { RootPaths } from '../../runtimes/oci/paths.ts'
import { RuntimeFailure } from '../../runtimes/runtime.ts'
import type { Transport } from '../../transport/transport.ts'

type FleetPaths = Pick<RootPaths, 'fleetFile' | 'root'>

/** Undefined: no head of a fleet has been here. Rejects when nobody can tell what the records are. */
export async function readFleetState(
  transport: Transport,
  { fleetFile }: FleetPaths,
  signal?: AbortSignal,
): Promise<FleetState | undefined> {
  const content = await transport.readFile(fleetFile, signal)
  return content === undefined ? undefined : parseFleetState(new TextDecoder().decode(content), fleetFile)
}

function parseFleetState(text: string, file: string): FleetState {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && 'recordVersion' in value) {
      if (value.recordVersion === RECORD_VERSION) return value as FleetState
      throw unreadable(file, `its version ${String(value.recordVersion)} is not known to this engine`)
    }
  } catch (error) {
    if (error instanceof RuntimeFailure) throw error
  }
  throw unreadable(file, 'it is damaged')
}

function unreadable(file: string, why: string): RuntimeFailure {
  return new RuntimeFailure('UnreadableRecord', `reading ${file}: ${why}`, { certain: true })
}

export async function writeFleetState(
  transport: Transport,
  { fleetFile, root }: FleetPaths,
  state: FleetState,
): Promise<void> {
  await transport.makeDirectory(root, 0o700)
  await transport.writeFile(fleetFile, JSON.stringify(state), 0o600)
}
