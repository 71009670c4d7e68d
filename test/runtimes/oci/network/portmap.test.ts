import { expect, test } from 'vitest'
import { podUid } from '../../../../engine/api/names.ts'
import { portmapChain, unmapPorts } from '../../../../engine/runtimes/oci/network/portmap.ts'
import { podPaths, rootPaths } from '../../../../engine/runtimes/oci/paths.ts'
import type { Transport } from '../../../../engine/transport/transport.ts'
import { ownNode } from '../ownNode.ts'
import type { TestNode } from '../support.ts'

const MAPPINGS = [{ containerPort: 80, hostPort: 18_237, protocol: 'TCP' }] as const

let node: TestNode

ownNode((own) => {
  node = own
})

/** Where the plugin says so often that all went well, and has done nothing. */
function inattentive(times: number): Transport {
  let left = times
  return {
    ...node.transport,
    run: async (command, signal) => {
      if (command.env?.['CNI_COMMAND'] !== 'DEL' || left === 0)
        return await node.transport.run(command, signal)
      left -= 1
      return await node.transport.run({ argv: ['true'] }, signal)
    },
  }
}

test('a host’s port is taken back from a pod although the plugin had not found its tables before', async () => {
  const uid = podUid(await node.start(['sleep', '1000'], {}, { portMappings: MAPPINGS }))
  const paths = await rootPaths(node.transport, node.root)
  const { lock, pins } = podPaths(paths, uid)
  const chain = portmapChain(paths.table, uid)
  const rules = async () => (await node.transport.run({ argv: ['iptables-save', '-t', 'nat'] })).stdout
  expect(await rules()).toContain(`-A ${chain} `)
  const mapped = {
    attachment: { uid, netns: pins.net },
    network: { plugins: '/usr/lib/cni', podCIDR: '', paths },
    mappings: MAPPINGS,
  }
  await expect(unmapPorts(inattentive(3), lock, mapped)).rejects.toThrow(`portmap leaves chain ${chain}`)
  expect(await rules()).toContain(chain)
  await unmapPorts(inattentive(2), lock, mapped)
  expect(await rules()).not.toContain(chain)
  await node.remove(uid)
})
