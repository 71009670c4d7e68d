import { dirname } from 'node:path'
import { type Transport, TransportError } from '../../transport/transport.ts'
import { ACCOUNT_FILE, type Account, parseAccount } from '../../transport/ssh/account.ts'
import { type NodeLook, readText } from '../oci/node/node.ts'

/** Whose namespaces the node's pods are in; undefined: root's, and the node's own. */
export async function accountOf(transport: Pick<Transport, 'readFile'>): Promise<Account | undefined> {
  return parseAccount(await transport.readFile(ACCOUNT_FILE))
}

/** What is otherwise there: within its namespaces the account is root, and on the machine it is not. */
export async function lookOfAccount(transport: Transport, look: NodeLook): Promise<NodeLook> {
  const { features, info } = look
  const address = await transport.arrivedAt()
  const oomScoreAdjMin = Number((await readText(transport, '/proc/self/oom_score_adj')).trim())
  return {
    ...look,
    features: { ...features, oomScoreAdjMin, appArmor: false, appArmorDefault: undefined },
    info: {
      ...info,
      isApart: true,
      addresses: address === undefined ? info.addresses : [address],
      warnings: [...info.warnings, ...WARNINGS],
    },
  }
}

const WARNINGS = [
  'the account is not root and has no part in the cgroups: what limits and requests say of cpu, memory and processes is not held, and reconcile top tells nothing',
  "the account is not root: its pods are in a network of its own, and reach other nodes' pods as little as they are reached by them",
]

/** The first process of its namespaces: within them it is the first of all. */
const KEEPER = 1

/** Ends all that is in its namespaces, the other end of the connection among it. What is kept stays in its folder. */
export async function leaveAccount(transport: Transport, isKept: boolean): Promise<void> {
  const account = await accountOf(transport)
  if (account === undefined) return
  const { folder } = account
  for (const name of await transport.listDirectory(folder))
    if (name !== 'disk' || !isKept) await transport.remove(`${folder}/${name}`)
  // And what the folders of all its roots are in.
  await transport.removeEmpty([folder, dirname(folder)])
  try {
    await transport.signal(KEEPER, 15)
  } catch (error) {
    // It may end before it has answered.
    if (!(error instanceof TransportError)) throw error
  }
}
