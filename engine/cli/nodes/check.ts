import type { NodeInfo } from '../../api/cri.ts'
import { nodeName } from '../../api/names.ts'
import { NODE_RUNTIMES, otherRuntime } from '../../api/runtimeLimits.ts'
import { assertDockerFits } from '../../runtimes/docker/node.ts'
import { wireguardLack } from '../../runtimes/oci/network/wireguard/key.ts'
import { readRoot } from '../../runtimes/oci/node/root.ts'
import { rootPaths } from '../../runtimes/oci/paths.ts'
import { RuntimeFailure } from '../../runtimes/runtime.ts'
import { accountOf, leaveAccount } from '../../runtimes/podman/account.ts'
import { localTransport } from '../../transport/local.ts'
import { parseSshAddress } from '../../transport/ssh/address.ts'
import { type Transport, TransportError } from '../../transport/transport.ts'
import { CREATE_RUNTIME } from '../createRuntime.ts'
import { closeWays } from '../fleet/driving.ts'
import { wayTo } from '../fleet/ways.ts'
import { type Invocation, usageError } from '../invocation.ts'
import { rootFolder } from '../place.ts'
import { plainText } from '../table.ts'
import { EXIT, type World } from '../world.ts'

/** Looks at a machine as the engine would before it puts pods there; changes nothing on it. */
export async function checkMachine(text: string, invocation: Invocation, world: World): Promise<number> {
  const address = parseSshAddress(text)
  if (address === undefined)
    throw usageError(`${text} is no address of a machine, such as ssh://root@192.0.2.11`, invocation.command)
  const root = rootFolder(invocation, world)
  const asked = NODE_RUNTIMES.find((runtime) => runtime === invocation.text('runtime'))
  // Accounts that are not root are let in where pods are podman's: without a word of the user an account says itself which it can have.
  const node = { name: nodeName(address.host), address: text, ...otherRuntime(asked ?? 'podman') }
  try {
    const path = (await rootPaths(localTransport(), root)).root
    const transport = await wayTo(node, root, world)
    const account = await accountOf(transport)
    await using _leaving = await leavingIfNew(transport, path)
    const name = asked ?? (account === undefined ? 'oci' : 'podman')
    const runtime = await CREATE_RUNTIME[name]({
      transport,
      root: path,
      node: node.name,
    })
    const info = await runtime.check(world.signal)
    if (name === 'docker') await assertDockerFits(transport, path)
    const isPart = account === undefined && (await isEncrypted(root))
    const lack = isPart ? await wireguardLack(transport) : undefined
    if (lack !== undefined) throw new RuntimeFailure('MissingPrograms', lack)
    for (const warning of info.warnings) world.stderr.write(plainText(`warning: ${warning}\n`))
    const how = name === 'oci' ? '' : ` with runtime: ${name}`
    world.stdout.write(plainText(`${text} can have pods${how}: ${infoText(info)}\n`))
    return EXIT.done
  } catch (error) {
    if (!(error instanceof RuntimeFailure) && !(error instanceof TransportError)) throw error
    world.stderr.write(plainText(`error: ${text}: ${error.message}\n`))
    return EXIT.failed
  } finally {
    await closeWays(world)
  }
}

function infoText(info: NodeInfo): string {
  const { architecture = '', cpuMillis, kernelVersion = '', memoryBytes, osImage = '', runtime } = info
  const amounts = [`${cpuMillis / 1000} cpu`, `${Math.floor(memoryBytes / 2 ** 20)}Mi`]
  return [osImage, kernelVersion, architecture, ...amounts, runtime].filter((word) => word !== '').join(', ')
}

/** As the commit in force asks of all machines. */
async function isEncrypted(root: string): Promise<boolean> {
  return (await readRoot(localTransport(), root))?.encryption !== undefined
}

/** The namespaces of an account were made only to look, unless its root is in use. */
async function leavingIfNew(transport: Transport, root: string): Promise<AsyncDisposable> {
  const isUsed = (await readRoot(transport, root)) !== undefined
  const isKept = (await transport.listDirectory(root)).length > 0
  return {
    [Symbol.asyncDispose]: async () => {
      if (!isUsed) await leaveAccount(transport, isKept)
    },
  }
}
