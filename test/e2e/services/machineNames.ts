import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtempSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '../../support/engine.ts'

/** A name that only the little server outside knows, and what it answers. */
export const OUTSIDE = { name: 'www.outside.test', address: '192.0.2.80' }

/** Where a machine's resolver is that listens on its loopback, as systemd-resolved does. */
const RESOLVER = '127.0.53.97'
const PORT = 53

/**
 * A machine, as far as names go: mounts of its own, with an /etc/resolv.conf that nothing else on this machine sees, and the server that it
 * names. That knows one name, and says that there is no other.
 */
export async function machineNames() {
  const folder = mkdtempSync(join(tmpdir(), 'reconcile-dns-'))
  const resolvConf = join(folder, 'resolv.conf')
  writeFileSync(resolvConf, `nameserver ${RESOLVER}\nsearch outside.test\n`)
  const server = createSocket('udp4')
  const asked: string[] = []
  server.on('message', (question, { address, port }) => {
    asked.push(nameIn(question))
    server.send(answerTo(question), port, address)
  })
  server.bind(PORT, RESOLVER)
  await once(server, 'listening')
  const mount = `mount --bind ${resolvConf} /etc/resolv.conf && exec sleep 600`
  const holder = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', mount], {
    stdio: 'ignore',
  })
  await eventually(
    async () => readlinkSync(`/proc/${holder.pid}/exe`),
    (program) => program.endsWith('sleep'),
  )
  return {
    /** All names that it was asked for. */
    asked,
    within: ['nsenter', `--mount=/proc/${holder.pid}/ns/mnt`],
    [Symbol.asyncDispose]: async () => {
      const ended = once(holder, 'exit')
      holder.kill('SIGKILL')
      await ended
      server.close()
      rmSync(folder, { recursive: true })
    },
  }
}

/** https://www.rfc-editor.org/rfc/rfc1035#section-4 */
const HEADER_BYTES = 12

function nameIn(message: Buffer): string {
  const labels: string[] = []
  for (let at = HEADER_BYTES; message[at] !== 0; at += 1 + (message[at] ?? 0)) {
    labels.push(message.toString('latin1', at + 1, at + 1 + (message[at] ?? 0)))
  }
  return labels.join('.').toLowerCase()
}

/** An address for the one name, no data for its other types, and no such name for all others. */
function answerTo(question: Buffer): Buffer {
  const name = nameIn(question)
  const end = HEADER_BYTES + name.length + 2 + 4
  const isKnown = name === OUTSIDE.name
  const isAddress = isKnown && question.readUInt16BE(end - 4) === 1
  const answer = Buffer.from(question.subarray(0, end))
  answer.writeUInt16BE(isKnown ? 0x8580 : 0x8583, 2)
  answer.writeUInt16BE(isAddress ? 1 : 0, 6)
  answer.writeUInt16BE(0, 8)
  answer.writeUInt16BE(0, 10)
  if (!isAddress) return answer
  const record = [
    0xc0,
    HEADER_BYTES,
    0,
    1,
    0,
    1,
    0,
    0,
    0,
    60,
    0,
    4,
    ...OUTSIDE.address.split('.').map(Number),
  ]
  return Buffer.concat([answer, Buffer.from(record)])
}
