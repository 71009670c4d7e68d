import type { ContainerSecurity } from '../../../api/cri.ts'

export interface ProcessUser {
  readonly uid: number
  readonly gid: number
  readonly additionalGids: readonly number[]
}

export interface UserProblem {
  readonly kind: 'problem'
  readonly message: string
}

/** The image's /etc/passwd and /etc/group; empty where there are none. */
export interface Accounts {
  readonly passwd: string
  readonly group: string
}

interface Account {
  readonly name: string
  readonly uid: number
  readonly gid: number
}

interface Group {
  readonly name: string
  readonly gid: number
  readonly members: readonly string[]
}

type Wish = Pick<
  ContainerSecurity,
  'runAsUser' | 'runAsGroup' | 'runAsNonRoot' | 'supplementalGroups' | 'strictGroups'
>

/**
 * Who the process is, from the manifest, the image's USER and the image's own accounts; as the kubelet and containerd
 * do it: groups that the image puts the user into count too.
 */
export function processUser(wish: Wish, imageUser: string, accounts: Accounts): ProcessUser | UserProblem {
  const passwd = parsePasswd(accounts.passwd)
  const groups = parseGroup(accounts.group)
  const [userPart = '', groupPart = ''] = wish.runAsUser === undefined ? imageUser.split(':') : []
  const uid = wish.runAsUser ?? uidOf(userPart, passwd)
  if (uid === undefined) return problem(`user ${JSON.stringify(userPart)} is not in the image's /etc/passwd`)
  const refused = refusal(wish, userPart, uid)
  if (refused !== undefined) return problem(refused)
  const account = passwd.find((entry) => entry.uid === uid)
  const gid = wish.runAsGroup ?? (groupPart === '' ? (account?.gid ?? 0) : gidOf(groupPart, groups))
  if (gid === undefined) return problem(`group ${JSON.stringify(groupPart)} is not in the image's /etc/group`)
  const member = groups.filter(
    ({ members }) => wish.strictGroups !== true && account !== undefined && members.includes(account.name),
  )
  const gids = [gid, ...member.map((group) => group.gid), ...wish.supplementalGroups]
  return { uid, gid, additionalGids: [...new Set(gids)].toSorted((a, b) => a - b) }
}

function refusal(wish: Wish, imageUser: string, uid: number): string | undefined {
  if (!wish.runAsNonRoot) return undefined
  if (wish.runAsUser === undefined && imageUser !== '' && !isNumber(imageUser)) {
    return `container has runAsNonRoot and image has non-numeric user (${imageUser}), cannot verify user is non-root`
  }
  if (uid !== 0) return undefined
  return wish.runAsUser === 0
    ? "container's runAsUser breaks non-root policy"
    : 'container has runAsNonRoot and image will run as root'
}

function uidOf(user: string, passwd: readonly Account[]): number | undefined {
  if (user === '') return 0
  return passwd.find((entry) => entry.name === user)?.uid ?? (isNumber(user) ? Number(user) : undefined)
}

function gidOf(group: string, groups: readonly Group[]): number | undefined {
  return groups.find((entry) => entry.name === group)?.gid ?? (isNumber(group) ? Number(group) : undefined)
}

function isNumber(text: string): boolean {
  return /^\d{1,10}$/.test(text)
}

function problem(message: string): UserProblem {
  return { kind: 'problem', message }
}

function parsePasswd(text: string): readonly Account[] {
  return fieldsOf(text).flatMap(([name = '', , uid = '', gid = '']) =>
    name !== '' && isNumber(uid) && isNumber(gid) ? [{ name, uid: Number(uid), gid: Number(gid) }] : [],
  )
}

function parseGroup(text: string): readonly Group[] {
  return fieldsOf(text).flatMap(([name = '', , gid = '', members = '']) =>
    name !== '' && isNumber(gid) ? [{ name, gid: Number(gid), members: members.trim().split(',') }] : [],
  )
}

function fieldsOf(text: string): readonly (readonly string[])[] {
  return text.split('\n').map((line) => line.split(':'))
}
