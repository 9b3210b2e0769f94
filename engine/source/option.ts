/** The form of an option: what a connector or a format can be told in a table's WITH clause, as
 *  data. The SQL side checks statements against it, the documentation is made from it. */

export interface OptionSpec {
  /** Canonical texts: duration -> milliseconds, size -> bytes, integer and boolean as themselves,
   *  enum -> the value as listed. */
  readonly kind: 'string' | 'integer' | 'boolean' | 'duration' | 'size' | 'enum'
  /** As a user would write it. Absent: the option is absent unless given. */
  readonly default?: string | undefined
  readonly required?: boolean | undefined
  readonly doc: string
  /** Another name of that option, whose form it has. */
  readonly aliasOf?: string | undefined
  /** Never shown again. */
  readonly secret?: boolean | undefined
  /** Of an enum. */
  readonly values?: readonly string[] | undefined
  /** Least and greatest canonical number. */
  readonly min?: number | undefined
  readonly max?: number | undefined
}

/** Options by name. A name may hold one `#`, which stands for a column's name: `fields.#.kind`. */
export type OptionTable = Readonly<Record<string, OptionSpec>>
