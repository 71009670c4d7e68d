import { join } from 'node:path'

/**
 * The history of Events, on the head node: a file of one Event in JSON a line. Each change is appended; of the lines of one Event the last
 * one counts. Once it has grown to far more lines than there are Events it is written anew.
 */
export const EVENT_FILE = 'event-history'

export function eventFilePath(root: string): string {
  return join(root, EVENT_FILE)
}
