/** The contract of every operator. An operator file exports one `defineOperator({...})`, is listed
 *  once in `index.ts`, and has one test at the mirrored path. Member order is the same everywhere:
 *  kind, inputs, check, schema, appendOnly, explain, create -> batch, watermark, epoch, snapshot,
 *  restore. */

import type { EpochClock } from '../base/clock.ts'
import type { Batch } from '../batch/batch.ts'
import type { Schema } from '../batch/schema.ts'
import type { Asking } from './lookup/asking.ts'

/** What an operator knows of an input at build time. */
export interface InputInfo {
  readonly schema: Schema
  /** No retraction will ever come: every weight is +1. */
  readonly appendOnly: boolean
}

export interface OperatorDefinition<Kind extends string, Node> {
  readonly kind: Kind
  readonly inputs: number
  /** Refuses a node that cannot run on these inputs; raises SqlError. Called once, at plan time. */
  check(node: Node, inputs: readonly InputInfo[]): void
  schema(node: Node, inputs: readonly Schema[]): Schema
  /** Whether the output is append-only. */
  appendOnly(node: Node, inputs: readonly InputInfo[]): boolean
  /** One line for EXPLAIN. */
  explain(node: Node): string
  /** The generated sources, for EXPLAIN CODE. */
  create(node: Node, context: OperatorContext): Operator
}

export interface OperatorContext {
  readonly inputs: readonly InputInfo[]
  readonly schema: Schema
  /** No input batch has more rows than this. */
  readonly batchRowsMax: number
  /** The current epoch's clock and seed; the same object all the time, changed between epochs. */
  readonly clock: EpochClock
  /** Rows that came too late for their window; counted, and readable as "s$late". */
  late(batch: Batch): void
}

/** Where an operator sends its output. */
export interface Output {
  /** Hands over `batch`; the operator must not change its arrays afterwards. */
  emit(batch: Batch): void
  /** Promises that no later row has an event time below `watermarkUs`. Never goes back. */
  watermark(watermarkUs: number): void
}

export interface Operator {
  /** Takes rows. `batch` is shared with other operators: read only. */
  batch(input: number, batch: Batch, out: Output): void
  /** The input's watermark rose to `watermarkUs` (Infinity: the input has ended). */
  watermark(input: number, watermarkUs: number, out: Output): void
  /** The epoch's rows and watermarks are all in; emit what is emitted once per epoch. */
  epoch(out: Output): void
  /** The epoch clock at which the operator wants an epoch even without rows; Infinity: none. */
  dueUs?(): number
  /** The watermark at which the operator has something to say even without rows; Infinity: none. */
  actsAtUs?(): number
  /** How many rows one row of the input can become, as the state is now: the engine takes fewer
   *  rows at a time where they become many. Absent: about one. */
  fanOut?(input: number): number
  /** Set by an operator that asks outside; see lookup/asking.ts. */
  readonly asking?: Asking | undefined
  /** Whether the state holds all that the output adds up to, so that `tellAll` can say it. Absent:
   *  it never does. */
  holdsAll?(): boolean
  /** Says all that its output adds up to as new rows; changes nothing. Between epochs. */
  tellAll?(out: Pick<Output, 'emit'>): void
  /** The state as named sections. A section whose `version` is unchanged since the last checkpoint
   *  is not written again. The bytes are copied out before this returns control to the graph. */
  snapshot(): readonly Section[]
  /** Takes back what `snapshot` gave, on a fresh operator. */
  restore(sections: readonly Section[]): void
  stateSize(): StateSize
}

export interface Section {
  readonly name: string
  /** Changes whenever the content does. */
  readonly version: number
  /** Raw bytes; the operator owns their meaning. */
  readonly bytes: Uint8Array
  /** The same version of the same owner has the same bytes: they need not be made to know. */
  readonly owner?: object | undefined
  /** The bytes are made of what the next epoch changes: they must be asked for before. */
  readonly live?: boolean | undefined
}

/** The same section under another name; its bytes are not made. */
export const renamed = (section: Section, name: string): Section => ({
  name,
  version: section.version,
  owner: section.owner,
  live: section.live,
  get bytes() {
    return section.bytes
  },
})

export interface StateSize {
  readonly rows: number
  readonly bytes: number
}

/** The members of an operator that keeps nothing and lets watermarks through. */
export const stateless = {
  watermark: (_input: number, watermarkUs: number, out: Output) => out.watermark(watermarkUs),
  epoch: () => {},
  snapshot: (): readonly Section[] => [],
  restore: () => {},
  stateSize: (): StateSize => ({ rows: 0, bytes: 0 }),
}

export const defineOperator = <const Kind extends string, Node>(
  definition: OperatorDefinition<Kind, Node>,
): OperatorDefinition<Kind, Node> => definition
