import type { Path, Problem } from './diagnostics.ts'

/** What the checks of one object are given: where to report, and which parts have the form that their types promise. */
export interface CheckContext {
  error(path: Path, message: string, suggestion?: string): void
  warn(path: Path, message: string, suggestion?: string): void
  /** The value at `path` has its type and its required fields; deeper ones may not. */
  intact(path: Path): boolean
  /** So is everything below it. */
  sound(path: Path): boolean
  /** The items that have the form that their type promises all the way down. */
  items<T>(path: Path, list: readonly T[] | undefined): readonly Item<T>[]
}

export interface Item<T> {
  readonly value: T
  readonly path: Path
}

/** `broken`: the places, from the object's root, that the schema found to be of another form. */
export function createContext(problems: Problem[], broken: readonly Path[]): CheckContext {
  const report = (severity: Problem['severity']) => (path: Path, message: string, suggestion?: string) => {
    problems.push({ path, severity, message, ...(suggestion !== undefined && { suggestion }) })
  }
  const intact = (path: Path): boolean => !broken.some((place) => startsWith(path, place))
  const sound = (path: Path): boolean => intact(path) && !broken.some((place) => startsWith(place, path))
  return {
    error: report('error'),
    warn: report('warning'),
    intact,
    sound,
    items(path, list) {
      if (list === undefined || !intact(path) || !Array.isArray(list)) return []
      const items = list.map((value, index) => ({ value, path: [...path, index] }))
      return broken.length === 0 ? items : items.filter((item) => sound(item.path))
    },
  }
}

function startsWith(path: Path, start: Path): boolean {
  return start.length <= path.length && start.every((segment, index) => path[index] === segment)
}
