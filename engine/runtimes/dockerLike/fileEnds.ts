import type { Transport } from '../../transport/transport.ts'
import { LineSplitter } from '../oci/logs/lines.ts'

/** The last whole lines of a file that may be long, in so many bytes. */
export async function fileEnd(transport: Transport, path: string, bytesMax: number): Promise<string> {
  await using file = await transport.openFile(path)
  if (file === undefined) return ''
  const from = Math.max(0, (await file.size()) - bytesMax)
  const text = new TextDecoder().decode(await file.read(from, bytesMax))
  return from === 0 ? text : text.slice(text.indexOf('\n') + 1)
}

const PIECE_BYTES = 64 * 1024

/** What has been appended to a file since it was last asked for, a piece at a time; all of it when another one has its name. */
export class Appended {
  readonly #transport: Transport
  readonly #path: string
  #id = ''
  #position = 0
  #splitter = new LineSplitter()

  private constructor(transport: Transport, path: string) {
    this.#transport = transport
    this.#path = path
  }

  /** To what is there now. */
  static async create(transport: Transport, path: string): Promise<Appended> {
    const appended = new Appended(transport, path)
    const state = (await transport.fileStates([path])).get(path)
    appended.#begin(state?.id ?? '', state?.sizeBytes ?? 0)
    return appended
  }

  async *lines(): AsyncGenerator<readonly string[]> {
    await using file = await this.#transport.openFile(this.#path)
    if (file === undefined) return
    if (file.id !== this.#id || (await file.size()) < this.#position) this.#begin(file.id, 0)
    for (;;) {
      const piece = await file.read(this.#position, PIECE_BYTES)
      if (piece.byteLength === 0) return
      this.#position += piece.byteLength
      yield this.#splitter.add(piece)
    }
  }

  #begin(id: string, position: number): void {
    this.#id = id
    this.#position = position
    this.#splitter = new LineSplitter()
  }
}
