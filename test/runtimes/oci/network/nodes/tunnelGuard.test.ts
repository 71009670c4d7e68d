import { execa } from 'execa'
import { expect, test } from 'vitest'
import type { Command } from '../../../../../engine/transport/transport.ts'
import { guardCommand, unguardCommand } from '../../../../../engine/runtimes/oci/network/nodes/tunnelGuard.ts'

const [SELF, PEER, STRANGER] = ['192.0.2.11', '192.0.2.12', '192.0.2.13'] as const
const LINK = {
  mac: '02:01:0a:f4:00:00',
  id: 4711,
  port: 61_234,
  local: SELF,
  mtuBytes: 1450,
  addresses: [],
}
const PLACE = { nft: 'nft', table: 'reconcile-test' }

function nft({ stdin }: Command): string {
  return `nft -f - <<'END'\n${String(stdin)}END`
}

/** One packet of a pod, in a frame of the tunnel; whether it has come out of it stands in the link's figures. */
function send(from: string, id: number = LINK.id): string {
  const program = [
    'use Socket;',
    'my ($from, $to, $port, $id) = @ARGV;',
    'socket my $socket, PF_INET, SOCK_DGRAM, 17 or die $!;',
    'bind $socket, pack_sockaddr_in(0, inet_aton($from)) or die $!;',
    'my $frame = pack("H12H12n", "02010af40000", "02010af40001", 0x0800) . "\\0" x 50;',
    'send $socket, pack("NN", 0x08000000, $id << 8) . $frame, 0, pack_sockaddr_in($port, inet_aton($to)) or die $!;',
  ].join(' ')
  return `perl -e '${program}' ${from} ${SELF} ${LINK.port} ${id}`
}

test('what strangers send into the tunnel does not come out of it, and what other nodes send does', async () => {
  const counted = (link: string) => `cat /sys/class/net/${link}/statistics/rx_packets`
  // A packet may come out a moment later, also one that should not.
  const received = (link = 'tunnel') => `sleep 0.2; ${counted(link)}`
  const script = [
    'mount -t sysfs sysfs /sys',
    'ip link set lo up',
    ...[SELF, PEER, STRANGER].map((address) => `ip address add ${address}/32 dev lo`),
    nft(guardCommand(PLACE, { link: LINK, forwardings: [`${LINK.mac} dst ${PEER}`] })),
    `ip link add tunnel address ${LINK.mac} type vxlan id ${LINK.id} local ${SELF} dstport ${LINK.port} nolearning`,
    'ip link set tunnel up',
    `${send(STRANGER)}; ${received()}`,
    `${send(PEER)}; ${received()}`,
    // Another root's, at the same port.
    'ip link add other type vxlan id 4712 dstport 61234 nolearning && ip link set other up',
    `${send(STRANGER, 4712)}; ${received('other')}`,
    nft(unguardCommand(PLACE, LINK)),
    `${send(STRANGER)}; ${received()}`,
    'nft list table ip reconcile-test',
  ]
  const { stdout } = await execa('unshare', ['--net', '--mount', 'sh', '-ec', script.join('\n')])
  expect(stdout.split('\n')).toEqual(['0', '1', '1', '2', 'table ip reconcile-test {', '}'])
})
