import type { Transport } from '../../../transport/transport.ts'
import type { CgroupLayout } from './cgroups.ts'

/** Where the kernel tells whether a group stands still, by itself or with one above it, and is told that it goes on. */
interface Freezer {
  readonly directory: string
  readonly tells: string
  readonly takes: string
  readonly thawed: string
}

const BY_VERSION = {
  1: { tells: 'freezer.state', takes: 'freezer.state', thawed: 'THAWED' },
  2: { tells: 'cgroup.events', takes: 'cgroup.freeze', thawed: '0' },
} as const

function freezers({ hierarchies }: CgroupLayout, group: string): readonly Freezer[] {
  return hierarchies
    .filter(({ controllers, version }) => version === 2 || controllers.includes('freezer'))
    .map(({ path, version }) => ({ directory: `${path}${group}`, ...BY_VERSION[version] }))
}

/** Of these groups, those that stand still. */
export async function frozenGroups(
  transport: Transport,
  layout: CgroupLayout,
  groups: readonly string[],
): Promise<ReadonlySet<string>> {
  const fileOf = ({ directory, tells }: Freezer): string => `${directory}/${tells}`
  const files = await transport.readFiles(groups.flatMap((group) => freezers(layout, group).map(fileOf)))
  return new Set(
    groups.filter((group) => freezers(layout, group).some((one) => isFrozen(files.get(fileOf(one)) ?? ''))),
  )
}

export function isFrozen(text: string): boolean {
  return /^(FROZEN|FREEZING|frozen 1)$/m.test(text)
}

/** Nothing that stands still can be ended, on version 1 not by SIGKILL either. */
export async function thawGroups(
  transport: Transport,
  layout: CgroupLayout,
  groups: readonly string[],
): Promise<void> {
  for (const { directory, takes, thawed } of groups.flatMap((group) => freezers(layout, group))) {
    const isThere = async (): Promise<boolean> =>
      (await transport.stat(`${directory}/${takes}`)) !== undefined
    if (!(await isThere())) continue
    try {
      await transport.writeTree(directory, [
        { path: takes, mode: 0o644, what: { kind: 'file', content: thawed } },
      ])
    } catch (error) {
      // Its container has ended meanwhile, and the node's hook has taken the group away.
      if (await isThere()) throw error
    }
  }
}
