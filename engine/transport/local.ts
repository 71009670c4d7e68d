import { bindBeneath, readBeneath } from './localBind.ts'
import { runCommand, runInteractive, streamCommand } from './localCommands.ts'
import {
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
import { readOverlaid } from './localOverlay.ts'
import { connectTo, processStarts, sendSignal, watchPaths } from './localSystem.ts'
import { readFiles, readTree, writeTree } from './localTrees.ts'
import type { Transport } from './transport.ts'

/** The machine that the engine runs on. */
export function localTransport(): Transport {
  return {
    run: runCommand,
    runInteractive,
    stream: streamCommand,
    readFile,
    writeFile,
    makeDirectory,
    listDirectory,
    remove,
    removeEmpty,
    rename,
    realPath,
    stat: fileStatus,
    readFiles,
    readTree,
    readOverlaid,
    readBeneath,
    writeTree,
    bindBeneath: async (base, subPath, target, signal) => {
      await bindBeneath(runCommand, base, subPath, target, signal)
    },
    signal: sendSignal,
    processStarts,
    watch: watchPaths,
    connect: connectTo,
    lock: lockFile,
  }
}
