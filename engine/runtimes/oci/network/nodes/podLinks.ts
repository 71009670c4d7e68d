import type { PodUid } from '../../../../api/names.ts'
import type { Command } from '../../../../transport/transport.ts'
import { runCommand } from '../../commands.ts'
import type { OciNode } from '../../ociNode.ts'
import { podPaths } from '../../paths.ts'
import { allSandboxes } from '../../upkeep/sandboxes.ts'

type Node = Pick<OciNode, 'transport' | 'paths'>

interface PodEnd {
  readonly uid: PodUid
  /** The node's end of its link. */
  readonly link: string
}

const FAILING = { reason: 'NetworkNotReady', doing: 'telling pods how large their packets may be' }

/** Pods whose links do not take packets of just this size: they were made when no node, or another one, was beyond a router. */
export async function unfitPods({ paths, transport }: Node, mtuBytes: number): Promise<readonly PodEnd[]> {
  const ends = [...(await allSandboxes({ paths, transport }))].flatMap(([uid, { link }]): PodEnd[] =>
    link === undefined ? [] : [{ uid, link: link.name }],
  )
  const sizes = await transport.readFiles(ends.map(mtuFile))
  // A link that is not there is the pod's own loss.
  return ends.filter((end) => (sizes.get(mtuFile(end)) ?? String(mtuBytes)).trim() !== String(mtuBytes))
}

/** Both ends of each link: the other one would throw away what is larger than its own. */
export async function fitPods(node: Node, mtuBytes: number, signal?: AbortSignal): Promise<void> {
  const { paths, transport } = node
  const pods = await unfitPods(node, mtuBytes)
  if (pods.length === 0) return
  for (const { uid } of pods) {
    const command = innerCommand(podPaths(paths, uid).pins.net, mtuBytes)
    // One that is being removed has none any more.
    await runCommand(transport, command, FAILING, signal)
  }
  await runCommand(transport, outerBatch(pods, mtuBytes), FAILING, signal)
}

export function innerCommand(pin: string, mtuBytes: number): Command {
  return { argv: ['nsenter', `--net=${pin}`, 'ip', 'link', 'set', 'dev', 'eth0', 'mtu', String(mtuBytes)] }
}

function outerBatch(pods: readonly PodEnd[], mtuBytes: number): Command {
  const lines = pods.map(({ link }) => `link set dev ${link} mtu ${mtuBytes}\n`)
  // A pod may go meanwhile: the others are told all the same.
  return { argv: ['ip', '-force', '-batch', '-'], stdin: lines.join('') }
}

function mtuFile({ link }: PodEnd): string {
  return `/sys/class/net/${link}/mtu`
}
