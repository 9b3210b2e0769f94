/** What the contract suites need of a broker, whichever it is. */

/** A real broker, started by the suite. */
export interface Broker {
  /** As a power cut of its machine would be to us: SIGKILL. Messages that it has acknowledged must
   *  be there after `restart`: configure it to write through, and let `send` wait for that. */
  kill(): Promise<void>
  /** Starts it again on its data; resolves when it takes messages. */
  restart(): Promise<void>
  /** Ends it and removes its data. */
  close(): Promise<void>
}

/** Options of a table's WITH clause (undefined: left out). The suites add 'format' = 'json' where
 *  there is no `format`. */
export type TableOptions = Readonly<Record<string, string | undefined>>

/** Options that CREATE TABLE must refuse: what to change in the good ones (undefined: left out),
 *  and the error's code. */
export interface BadOptions {
  readonly change: Readonly<Record<string, string | undefined>>
  readonly code: string
}

/** For titles: `without 'url'`, `'mode' = 'x'`. */
export const changeText = ({ change }: BadOptions): string =>
  Object.entries(change)
    .map(([key, value]) => (value === undefined ? `no '${key}'` : `'${key}' = '${value}'`))
    .join(', ')

/** Whether a suite goes on for longer than continuous integration lets it. */
export const isLong = process.env.MILLRACE_LONG !== undefined

/** The text of a CREATE TABLE statement. `columns`: what stands between the brackets. */
export function createTable(name: string, columns: string, options: TableOptions): string {
  const list = Object.entries({ format: 'json', ...options }).flatMap(([key, value]) =>
    value === undefined ? [] : [`'${key}' = '${value.replaceAll("'", "''")}'`],
  )
  return `CREATE TABLE ${name} (${columns}) WITH (${list.join(', ')})`
}
