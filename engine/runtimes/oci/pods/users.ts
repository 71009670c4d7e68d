import type { Command } from '../../../transport/transport.ts'

/** As many as Kubernetes gives a pod: every uid that fits into 16 bits. */
export const USERS = 65_536
/** Far above every range in use: people, services, subuids of /etc/subuid, Kubernetes' own. */
const FIRST = 1 << 30
const SLOTS = (2 ** 31 - FIRST) / USERS

/** The first id of a range that none of these pods has. Undefined: all are taken. Where it begins to look differs by root. */
export function freeUsers(rootId: string, taken: ReadonlySet<number>): number | undefined {
  const start = Number.parseInt(rootId, 16) % SLOTS
  for (let index = 0; index < SLOTS; index += 1) {
    const first = FIRST + ((start + index) % SLOTS) * USERS
    if (!taken.has(first)) return first
  }
  return undefined
}

/** From one path of the node to another, whose files belong there to the pod's users of the same numbers. */
export interface Mapped {
  readonly source: string
  readonly target: string
}

/**
 * open_tree(2), mount_setattr(2) and move_mount(2), which have one number on every architecture. mount(8) knows how to since util-linux 2.39 only,
 * and Perl is part of every Debian and Ubuntu: docs/decisions/006-users-of-a-pods-own.md.
 */
const MAP_IDS = `
my $users = shift; my $empty = ''; my $here = -100;
open(my $ns, '<', $users) or die "opening $users: $!\\n";
my $attributes = pack('QQQQ', 0x00100000, 0, 0, fileno($ns));
while (my ($source, $target) = splice(@ARGV, 0, 2)) {
  my $tree = syscall(428, $here, $source, 0x80001);
  die "$source: $!\\n" if $tree < 0;
  syscall(442, $tree, $empty, 0x1000, $attributes, 32) == 0 or die "the file system of $source takes no users of a pod: $!\\n";
  syscall(429, $tree, $empty, $here, $target, 4) == 0 or die "mounting on $target: $!\\n";
}
`

export function mapIdsCommand(perl: string, userPin: string, mounts: readonly Mapped[]): Command {
  return { argv: [perl, '-e', MAP_IDS, userPin, ...mounts.flatMap(({ source, target }) => [source, target])] }
}
