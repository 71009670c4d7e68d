import { mkdirSync, readFileSync, watch } from 'node:fs'
import { join } from 'node:path'
import { RESOURCES } from '../repository.ts'

const WAIT_MS_MAX = 60_000

/** A folder in which containers leave a mark as the first thing that they do: one line in a file of their pod's name each time they start. */
export class Marks implements Disposable {
  readonly folder: string
  readonly #watcher
  #changed = Promise.withResolvers<void>()

  constructor(folder: string) {
    this.folder = folder
    mkdirSync(folder, { recursive: true })
    this.#watcher = watch(folder, () => {
      this.#changed.resolve()
      this.#changed = Promise.withResolvers()
    })
  }

  /** What a container runs to leave its mark, and then `command`. */
  script(name: string, command: string): string {
    return `echo x >>/marks/${name}; exec ${command}`
  }

  count(name: string): number {
    try {
      return readFileSync(join(this.folder, name), 'utf8').length / 2
    } catch {
      return 0
    }
  }

  /** Resolves when the container has started so many times. */
  async until(name: string, starts: number): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new Error(`container ${name} did not start in time`)), WAIT_MS_MAX)
    try {
      for (;;) {
        const changed = this.#changed.promise
        if (this.count(name) >= starts) return
        await Promise.race([changed, late])
      }
    } finally {
      clearTimeout(timer)
    }
  }

  [Symbol.dispose](): void {
    this.#watcher.close()
  }
}

/** A pod that leaves its mark and then runs `command`; `probe` is a readinessProbe in YAML's flow style. */
export function markedPod(name: string, marks: Marks, command = 'sleep 3600', probe?: string): string {
  return `apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  terminationGracePeriodSeconds: 0
  volumes: [{name: marks, hostPath: {path: ${marks.folder}}}]
  containers:
    - name: main
      image: busybox:1.36
      command: ["sh", "-c", "${marks.script(name, command)}"]
      volumeMounts: [{name: marks, mountPath: /marks}]
      resources: ${RESOURCES}
${probe === undefined ? '' : `      readinessProbe: ${probe}\n`}`
}
