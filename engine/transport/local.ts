import { bindBeneath, readBeneath } from './localBind.ts'
import { runCommand, runInteractive, streamCommand } from './localCommands.ts'
import {
  appendFile,
  fileStatus,
  listDirectory,
  makeDirectory,
  readFile,
  realPath,
  remove,
  removeEmpty,
  rename,
  writeFile,
} from './localFiles.ts'
import { lockFile } from './localLock.ts'
import { fileStates, link, openFile, writePipe } from './localOpen.ts'
import { readOverlaid } from './localOverlay.ts'
import { connectTo, sendSignal, watchPaths } from './localSystem.ts'
import { readFiles, readTree, writeTree } from './localTrees.ts'
import type { Transport } from './transport.ts'

/** The machine that the engine runs on. */
export function localTransport(): Transport {
  return {
    machine: '',
    run: runCommand,
    runInteractive,
    stream: streamCommand,
    readFile,
    writeFile,
    appendFile,
    makeDirectory,
    listDirectory,
    remove,
    removeEmpty,
    rename,
    realPath,
    stat: fileStatus,
    fileStates,
    openFile,
    link,
    writePipe,
    readFiles,
    readTree,
    readOverlaid,
    readBeneath,
    writeTree,
    bindBeneath: async (base, subPath, target, signal) => {
      await bindBeneath(runCommand, base, subPath, target, signal)
    },
    signal: sendSignal,
    watch: watchPaths,
    connect: (address, port, signal) => connectTo({ host: address, port }, signal),
    connectSocket: (path, signal) => connectTo({ path }, signal),
    arrivedAt: async () => undefined,
    lock: lockFile,
  }
}
