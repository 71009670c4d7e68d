import type { OpenFile, Transport } from '../../../transport/transport.ts'
import type { LogFile, LogFolder } from './files.ts'

const CHUNK_BYTES = 64 * 1024
/** Files may be renamed and deleted between a look at them and their opening. */
const OPENINGS_MAX = 5

/** A place in the log of one attempt, which goes on from file to file. */
export class LogCursor implements AsyncDisposable {
  readonly #transport: Transport
  readonly #folder: LogFolder
  #file: OpenFile | undefined
  #number: number | undefined
  #position = 0

  constructor(transport: Transport, folder: LogFolder) {
    this.#transport = transport
    this.#folder = folder
  }

  /** Takes the file over, to read it from its beginning. */
  enter(file: OpenFile, number: number | undefined): void {
    this.#file = file
    this.#number = number
    this.#position = 0
  }

  skipTo(position: number): void {
    this.#position = position
  }

  /** Empty: there is nothing more in this file, now. */
  async read(): Promise<Uint8Array> {
    const chunk = await this.#file?.read(this.#position, CHUNK_BYTES)
    this.#position += chunk?.length ?? 0
    return chunk ?? new Uint8Array()
  }

  /** Another file is written to by now, so that all that this one will ever have is in it. */
  async isComplete(): Promise<boolean> {
    const path = `${this.#folder.directory}/${this.#folder.current}`
    const log = (await this.#transport.fileStates([path])).get(path)
    return log !== undefined && log.id !== this.#file?.id
  }

  /** To the file after this one, or to the first; what there was between has been deleted when `skipped`. */
  async advance(): Promise<{ readonly skipped: boolean } | undefined> {
    for (let opening = 0; opening < OPENINGS_MAX; opening += 1) {
      const log = await this.#folder.look(this.#transport)
      const known = [...log.older, ...(log.current === undefined ? [] : [log.current])]
      this.#number ??= known.find(({ id }) => id === this.#file?.id)?.number
      const next = this.#file === undefined ? known[0] : followingFile(known, this.#number)
      if (next === undefined) return undefined
      const file = await openLogFile(this.#transport, this.#folder.directory, next)
      if (file === undefined) continue
      const skipped =
        this.#number !== undefined && next.number !== undefined && next.number > this.#number + 1
      await this.#file?.[Symbol.asyncDispose]()
      this.enter(file, next.number)
      return { skipped }
    }
    return undefined
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file?.[Symbol.asyncDispose]()
    this.#file = undefined
  }
}

/** Where this one has no number, nobody has kept what followed it but the last. */
function followingFile(known: readonly LogFile[], number: number | undefined): LogFile | undefined {
  if (number === undefined) return known.at(-1)
  return known.find((file) => file.number === undefined || file.number > number)
}

/** Undefined: it has another name by now, or none. */
export async function openLogFile(
  transport: Transport,
  directory: string,
  { id, name }: LogFile,
): Promise<OpenFile | undefined> {
  const file = await transport.openFile(`${directory}/${name}`)
  if (file === undefined || file.id === id) return file
  await file[Symbol.asyncDispose]()
  return undefined
}
