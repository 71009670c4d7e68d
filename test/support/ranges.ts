import { execFileSync } from 'node:child_process'
import { createServer } from 'node:net'

/** Addresses for one root, which no other has at the same time: not in this file, nor in a run beside this one. */
export interface OwnRanges {
  readonly podCIDR: string
  readonly serviceCIDR: string
  /** The same of IPv6. */
  readonly podCIDR6: string
  readonly serviceCIDR6: string
  /** For links between machines, which are made for a test: `10.128.192.0/24` and those after it. */
  readonly links: readonly string[]
}

/** 10.128 to 10.175: neither the engine's own choices nor what the tests of several machines have. */
const [FIRST, LAST] = [128, 175] as const

/** Taken until the process ends, which is when the file does. */
export async function ownRanges(): Promise<OwnRanges> {
  const routes = execFileSync('ip', ['route'], { encoding: 'utf8' })
  for (let part = FIRST; part <= LAST; part += 1) {
    // What a killed test has left is in the way of nobody.
    if (routes.includes(`10.${part}.`) || !(await takes(part))) continue
    return {
      podCIDR: `10.${part}.0.0/17`,
      serviceCIDR: `10.${part}.128.0/24`,
      podCIDR6: `fd00:${part}::/64`,
      serviceCIDR6: `fd00:${part}:1::/112`,
      links: Array.from({ length: 4 }, (_, index) => `10.${part}.${192 + index}.0/24`),
    }
  }
  throw new Error(`no range is free from 10.${FIRST} to 10.${LAST}: ${routes}`)
}

/** The range's address with this last part. */
export function addressIn(range: string, last: number): string {
  return range.replace(/0?\/\d+$/, String(last))
}

/** What each address of an own range of IPv4 begins with. */
export function startOf(range: string): RegExp {
  const [first, second] = range.split('.')
  return new RegExp(`^${first}\\.${second}\\.`)
}

/** A name in the kernel, which one process can have at a time, and which goes with it. */
async function takes(part: number): Promise<boolean> {
  const server = createServer().unref()
  return await new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(false)
      else reject(error)
    })
    server.listen(`\0reconcile-test-10.${part}`, () => resolve(true))
  })
}
