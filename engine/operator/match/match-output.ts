/** From matches to output rows. What the measures read of a match is noted when it is found, as
 *  rows of the store; the columns are made from that for many matches at once. */

import type { EpochClock } from '../../base/clock.ts'
import { Batch } from '../../batch/batch.ts'
import { columnOf } from '../../batch/builder.ts'
import { type Column, gather } from '../../batch/column.ts'
import { type Schema, schemaOf } from '../../batch/schema.ts'
import { BIGINT, VARCHAR } from '../../batch/types.ts'
import { compileProject, type Project } from '../../expr/compile-project.ts'
import { columnsOf } from '../../expr/ir.ts'
import type { MatchNode, MatchPlace, MatchReference } from '../nodes.ts'
import { MatchAggregate } from './match-aggregate.ts'
import { gatherOptional, withNulls } from './match-columns.ts'
import type { ConditionRows } from './match-conditions.ts'
import type { MatchPath, MatchRows } from './match-path.ts'

/** What the rows of a match are, for one output: see `membersOf`. */
type Members = readonly number[]

/** Notes and makes the column of one reference. */
interface Reader {
  /** One call per match: `shown` are the depths of the rows that are given; -1 for none. */
  note(match: Match, shown: readonly number[]): void
  column(view: Batch): Column
  clear(): void
}

interface Match {
  readonly path: MatchPath
  readonly rows: MatchRows
}

export class MatchOutput {
  readonly #node: MatchNode
  readonly #schema: Schema
  readonly #rows: ConditionRows
  readonly #clock: EpochClock
  readonly #readers: readonly (Reader | undefined)[]
  readonly #readSchema: Schema
  readonly #measures: Project
  /** The row that each output row stands for, and which of them are in no match. */
  readonly #slots: number[] = []
  readonly #unmatched: number[] = []

  constructor(node: MatchNode, input: Schema, rows: ConditionRows, clock: EpochClock) {
    this.#node = node
    this.#schema = schemaOf(node.fields)
    this.#rows = rows
    this.#clock = clock
    const used = new Set(node.measures.flatMap((expr) => [...columnsOf(expr)]))
    this.#readers = node.references.map((reference, i) =>
      used.has(i) ? readerOf(reference, node, input, clock) : undefined,
    )
    this.#readSchema = schemaOf(
      node.references.map((reference, i) => ({
        name: `$${i}`,
        type: typeOf(reference, input),
        nullable: true,
      })),
    )
    this.#measures = compileProject(node.measures, this.#readSchema)
  }

  get rowCount(): number {
    return this.#slots.length
  }

  /** Takes note of a match. */
  match(path: MatchPath, rows: MatchRows): void {
    const { depth, start } = path
    const { slots } = rows
    if (depth === 0 && !this.#node.empty) return
    const all = this.#node.rows === 'all' && depth > 0
    const shown = all ? Array.from({ length: depth }, (_, i) => i) : [depth - 1]
    for (const i of shown) this.#slots.push(slots[all ? start + i : start])
    for (const reader of this.#readers) reader?.note({ path, rows }, shown)
  }

  /** Takes note of a row that is in no match. */
  unmatched(path: MatchPath, rows: MatchRows): void {
    this.#unmatched.push(this.#slots.length)
    this.#slots.push(rows.slots[path.start])
    path.depth = 0
    for (const reader of this.#readers) reader?.note({ path, rows }, [-1])
  }

  /** The rows of all that was noted; then nothing is noted. */
  take(): Batch {
    const { view } = this.#rows
    const slots = Int32Array.from(this.#slots)
    const n = slots.length
    const nothing = columnOf(BIGINT, new Array<number>(n).fill(0))
    const read = this.#readers.map((reader) => reader?.column(view) ?? nothing)
    const measured = this.#measures(new Batch(this.#readSchema, read, n), this.#clock)
    const columns = this.#node.output.map((from) =>
      from.kind === 'column'
        ? gather(view.columns[from.column], slots, n)
        : withNulls(measured[from.measure], this.#unmatched),
    )
    this.#slots.length = 0
    this.#unmatched.length = 0
    for (const reader of this.#readers) reader?.clear()
    return new Batch(this.#schema, columns, n)
  }
}

function typeOf(reference: MatchReference, input: Schema) {
  switch (reference.kind) {
    case 'column':
      return input.fields[reference.column].type
    case 'classifier':
      return VARCHAR
    case 'aggregate':
      return reference.call.type
    case 'number':
      return BIGINT
  }
}

function readerOf(
  reference: MatchReference,
  node: MatchNode,
  input: Schema,
  clock: EpochClock,
): Reader {
  switch (reference.kind) {
    case 'number':
      return numberReader()
    case 'aggregate':
      return aggregateReader(reference, input, clock)
    case 'classifier':
      return classifierReader(reference.place, node)
    case 'column':
      return columnReader(reference.column, reference.place)
  }
}

/** The depths of the rows of a match that are mapped to the variables, ascending. */
function membersOf({ variables: mapped, depth }: MatchPath, of?: readonly number[]): Members {
  const depths: number[] = []
  for (let i = 0; i < depth; i++) if (of === undefined || of.includes(mapped[i])) depths.push(i)
  return depths
}

/** How many of the members are no deeper than each of the rows; all of them if `final`. */
function counted(members: Members, shown: readonly number[], final: boolean): number[] {
  let count = 0
  return shown.map((depth) => {
    while (count < members.length && (final || members[count] <= depth)) count++
    return count
  })
}

/** The depth of the row of a place, at each of the rows; -1 if there is none. */
function depthsOf(place: MatchPlace, path: MatchPath, shown: readonly number[]): number[] {
  const members = membersOf(path, place.variables)
  return counted(members, shown, place.final).map((count) => {
    const at = place.end === 'last' ? count - 1 - place.offset : place.offset
    return at < 0 || at >= count ? -1 : members[at]
  })
}

function columnReader(column: number, place: MatchPlace): Reader {
  const found: number[] = []
  return {
    note({ path, rows }, shown) {
      for (const depth of depthsOf(place, path, shown)) {
        const slot = depth < 0 ? undefined : rows.slots[path.start + depth + place.shift]
        found.push(slot ?? -1)
      }
    },
    column: (view) => gatherOptional(view.columns[column], Int32Array.from(found)),
    clear() {
      found.length = 0
    },
  }
}

function classifierReader(place: MatchPlace, { variables }: MatchNode): Reader {
  const found: (string | null)[] = []
  return {
    note({ path }, shown) {
      for (const depth of depthsOf(place, path, shown)) {
        found.push(depth < 0 ? null : variables[path.variables[depth]].name)
      }
    },
    column: () => columnOf(VARCHAR, found),
    clear() {
      found.length = 0
    },
  }
}

function numberReader(): Reader {
  const found: number[] = []
  return {
    note({ path }, shown) {
      for (const _ of shown) found.push(path.number)
    },
    column: () => columnOf(BIGINT, found),
    clear() {
      found.length = 0
    },
  }
}

function aggregateReader(
  { call, variables, final }: Extract<MatchReference, { kind: 'aggregate' }>,
  input: Schema,
  clock: EpochClock,
): Reader {
  const aggregate = new MatchAggregate(call, input)
  const slots: number[] = []
  const begins: number[] = []
  const ends: number[] = []
  return {
    note({ path, rows }, shown) {
      const members = membersOf(path, variables)
      const first = slots.length
      for (const depth of members) slots.push(rows.slots[path.start + depth])
      counted(members, shown, final).forEach((count, j) => {
        begins.push(j === 0 ? first : -1)
        ends.push(first + count)
      })
    },
    column: (view) => aggregate.evaluate(view, { slots, begins, ends }, clock),
    clear() {
      for (const list of [slots, begins, ends]) list.length = 0
    },
  }
}
