import { execa } from 'execa'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { answered, refused, startGrpcServer } from './grpc.ts'

/** A CSI driver of its own for a test: each volume is a folder with what the driver was told, bind-mounted where it is wanted. */
export interface TestDriver extends AsyncDisposable {
  readonly name: string
  /** Calls that came, by method. */
  readonly calls: readonly string[]
  /** From here on every volume is refused, in these words. */
  refuse(message: string): void
}

type Message = ReadonlyMap<number, readonly Uint8Array[]>

export async function startDriver(name: string, folderName = name): Promise<TestDriver> {
  const folder = join('/var/lib/kubelet/plugins', folderName)
  const data = mkdtempSync(join(tmpdir(), 'reconcile-csi-'))
  mkdirSync(folder, { recursive: true })
  const socket = join(folder, 'csi.sock')
  rmSync(socket, { force: true })
  const calls: string[] = []
  let refusal: string | undefined
  const answer = async (method: string, message: Message): Promise<Uint8Array> => {
    calls.push(method)
    if (method === 'GetPluginInfo') return textField(1, name)
    const target = text(message, method === 'NodePublishVolume' ? 4 : 2)
    if (method === 'NodeUnpublishVolume') {
      await execa('umount', [target], { reject: false })
      rmSync(target, { recursive: true, force: true })
      return new Uint8Array()
    }
    if (refusal !== undefined) throw new Error(refusal)
    const volume = join(data, text(message, 1))
    mkdirSync(volume, { recursive: true })
    const told = { attributes: map(message, 8), secrets: map(message, 7) }
    writeFileSync(join(volume, 'told.json'), JSON.stringify(told))
    mkdirSync(target)
    await execa('mount', ['--bind', volume, target])
    return new Uint8Array()
  }
  const server = await startGrpcServer({ path: socket }, (stream, { body, path }) => {
    void answer(path.replace(/.*\//, ''), parse(body.subarray(5))).then(
      (message) => answered(message)(stream),
      (error: unknown) => refused('13', encodeURIComponent(String(error)))(stream),
    )
  })
  return {
    name,
    calls,
    refuse: (message) => {
      refusal = message
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
      rmSync(data, { recursive: true, force: true })
    },
  }
}

function parse(bytes: Uint8Array): Message {
  const fields = new Map<number, Uint8Array[]>()
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at] ?? 0
      at += 1
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const value = varint()
    if ((tag & 7) === 0) continue
    fields.getOrInsertComputed(tag >> 3, () => []).push(bytes.subarray(at, at + value))
    at += value
  }
  return fields
}

function text(message: Message, field: number): string {
  return new TextDecoder().decode(message.get(field)?.at(-1))
}

function map(message: Message, field: number): Readonly<Record<string, string>> {
  return Object.fromEntries(
    (message.get(field) ?? []).map(parse).map((entry) => [text(entry, 1), text(entry, 2)]),
  )
}

function textField(field: number, value: string): Uint8Array {
  const bytes = new TextEncoder().encode(value)
  return Buffer.concat([Buffer.from([field * 8 + 2, bytes.length]), bytes])
}
