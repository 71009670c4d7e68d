import { readFileSync } from 'node:fs'

/** Where an account that is not root keeps what it has of a cluster's root. */
export interface AccountRoot {
  /** The path that the root has within the account's namespaces. */
  readonly root: string
  /** What its folder is called, below `reconcile` of the account's data. */
  readonly id: string
}

/** The program within is to be sent now. */
export const AGAIN = '\nreconcile once more\n'

/** Written within the namespaces, on a tmpfs of theirs; absent: the account is root. */
export const ACCOUNT_FILE = '/run/reconcile.account'

export interface Account {
  readonly account: string
  /**
   * Of the account, with `disk`, which is the root; `ports`, the socket that slirp4netns listens at; and `keeper`, with the number of the first
   * process of the namespaces, as it is outside of them.
   */
  readonly folder: string
}

export function parseAccount(content: Uint8Array | string | undefined): Account | undefined {
  if (content === undefined) return undefined
  return JSON.parse(typeof content === 'string' ? content : new TextDecoder().decode(content)) as Account
}

/** What a command that is not begun by the program within needs before it; `keeper` as the file has it. */
export function withinAccount(keeper: string): readonly string[] {
  const target = keeper.split(' ')[0] ?? ''
  return ['nsenter', '--target', target, '--user', '--mount', '--net', '--pid', '--']
}

const SOURCE = new URL('account.pl', import.meta.url)

/** Goes before the rest of the program. */
export function accountText({ id, root }: AccountRoot): string {
  const set = Object.entries({ ROOT: root, ID: id, AGAIN }).map(
    ([name, text]) => `$${name} = ${quoted(text)};`,
  )
  return [readFileSync(SOURCE, 'utf8'), ...set, 'enter();', 'package main;'].join('\n')
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`
}
