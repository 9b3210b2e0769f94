/** A join whose left rows meet what is there when they come, and whose left side can take rows
 *  back: a row goes with the answer that it was given.
 *
 *  State: the left rows that are there, each with its answer, beside the state of the join
 *  itself. The join gets the left rows that come, as rows that stay, with a number each; what it
 *  gives is kept by that number. An answer for a row that is gone by then comes to nothing.
 *  O(rows + matches), each kept once. */

import { Batch } from '../../batch/batch.ts'
import { Column } from '../../batch/column.ts'
import { hashRows } from '../../batch/row-hash.ts'
import { type Field, type Schema, schemaOf } from '../../batch/schema.ts'
import { BIGINT } from '../../batch/types.ts'
import { type Expr, mapExpr } from '../../expr/ir.ts'
import { ToldRows } from '../../state/told-rows.ts'
import type { Asking } from '../lookup/asking.ts'
import type { Operator, OperatorContext, Output, Section, StateSize } from '../operator.ts'

const LEFT = 0
const NUMBER: Field = { name: '$number', type: BIGINT, nullable: false }
/** Before the names of the join's own sections. */
const INNER = 'join/'

/** What both joins have that this works for. */
interface Node {
  readonly condition?: Expr | undefined
  readonly fields: readonly Field[]
}

/** The join that `make` makes, for a left side that takes rows back. */
export function keptJoin<N extends Node>(
  node: N,
  context: OperatorContext,
  make: (node: N, context: OperatorContext) => Operator,
): Operator {
  const [left, ...others] = context.inputs
  if (left.appendOnly) return make(node, context)
  const width = left.schema.fields.length
  const numbered = schemaOf([...left.schema.fields, NUMBER])
  const fields = [...node.fields.slice(0, width), NUMBER, ...node.fields.slice(width)]
  const shifted = (condition: Expr): Expr =>
    mapExpr(condition, (part) =>
      part.kind === 'column' && part.index >= width ? { ...part, index: part.index + 1 } : part,
    )
  const inner = make(
    { ...node, condition: node.condition && shifted(node.condition), fields },
    {
      ...context,
      inputs: [{ schema: numbered, appendOnly: true }, ...others],
      schema: schemaOf(fields),
    },
  )
  return new KeptJoin(inner, context, numbered)
}

class KeptJoin implements Operator {
  readonly #inner: Operator
  readonly #context: OperatorContext
  readonly #numbered: Schema
  readonly #kept: ToldRows
  /** The told rows that this epoch takes back. */
  #gone: number[] = []
  #nextNumber = 0

  constructor(inner: Operator, context: OperatorContext, numbered: Schema) {
    this.#inner = inner
    this.#context = context
    this.#numbered = numbered
    this.#kept = new ToldRows(numbered, schemaOf([...context.schema.fields, NUMBER]))
  }

  get asking(): Asking | undefined {
    return this.#inner.asking
  }

  batch(input: number, batch: Batch, out: Output): void {
    if (input !== LEFT) {
      this.#inner.batch(input, batch, out)
      return
    }
    const { rows, signs } = oneByOne(batch)
    const hashes = hashRows(rows.columns, rows.rowCount)
    const numbered = this.#number(rows)
    const news: number[] = []
    for (let row = 0; row < rows.rowCount; row++) {
      if (signs[row] < 0) this.#kept.go(rows, numbered, row, hashes[row], this.#takeBack)
      else if (this.#kept.come(rows, numbered, row, hashes[row])) news.push(row)
    }
    const { batchRowsMax } = this.#context
    for (let from = 0; from < news.length; from += batchRowsMax) {
      const some = Int32Array.from(news.slice(from, from + batchRowsMax))
      this.#inner.batch(LEFT, numbered.keep(some, some.length), out)
    }
  }

  readonly #takeBack = (told: number): void => {
    this.#gone.push(told)
  }

  /** The rows with a number each. */
  #number(rows: Batch): Batch {
    const { rowCount: length, columns, watermarks, origin } = rows
    const first = this.#nextNumber
    this.#nextNumber += length
    const values = BigInt64Array.from({ length }, (_, row) => BigInt(first + row))
    const all = [...columns, new Column({ type: BIGINT, length, values })]
    return new Batch(this.#numbered, all, length, null, watermarks, origin)
  }

  watermark(input: number, watermarkUs: number, out: Output): void {
    this.#inner.watermark(input, watermarkUs, out)
  }

  epoch(out: Output): void {
    this.#tellGone(out)
    this.#inner.epoch({
      emit: (batch) => this.#tell(batch, out),
      watermark: (watermarkUs) => out.watermark(watermarkUs),
    })
    this.#kept.settle()
  }

  #tellGone(out: Output): void {
    const { batchRowsMax, schema } = this.#context
    const { told } = this.#kept
    for (let from = 0; from < this.#gone.length; from += batchRowsMax) {
      const slots = Int32Array.from(this.#gone.slice(from, from + batchRowsMax))
      const { columns, rowCount } = told.keep(slots, slots.length)
      const weights = new Int32Array(rowCount).fill(-1)
      out.emit(new Batch(schema, columns.slice(0, -1), rowCount, weights))
    }
    this.#gone = []
  }

  /** What the join gives: of rows that are still there it is kept, and told. */
  #tell({ columns, rowCount }: Batch, out: Output): void {
    const { schema } = this.#context
    const width = this.#numbered.fields.length - 1
    const own = columns.filter((_, c) => c !== width)
    const wide = new Batch(schemaOf([...schema.fields, NUMBER]), [...own, columns[width]], rowCount)
    const kept = this.#kept.tell(wide)
    if (kept.length > 0) out.emit(new Batch(schema, own, rowCount).keep(kept, kept.length))
  }

  fanOut(input: number): number {
    return this.#inner.fanOut?.(input) ?? 1
  }

  snapshot(): Section[] {
    const next = Float64Array.of(this.#nextNumber)
    const bytes = new Uint8Array(next.buffer)
    const inner = this.#inner.snapshot()
    return [
      { name: 'next-number', version: this.#nextNumber, bytes },
      ...this.#kept.snapshot(),
      ...inner.map((section) => prefixed(section)),
    ]
  }

  restore(sections: readonly Section[]): void {
    const next = sections.find(({ name }) => name === 'next-number')
    if (next === undefined) return
    this.#nextNumber = new Float64Array(next.bytes.slice().buffer)[0]
    this.#kept.restore(sections)
    const inner = sections.filter(({ name }) => name.startsWith(INNER))
    this.#inner.restore(
      inner.map((section) => ({ ...section, name: section.name.slice(INNER.length) })),
    )
  }

  stateSize(): StateSize {
    const { rows, bytes } = this.#inner.stateSize()
    return { rows: rows + this.#kept.live, bytes: bytes + this.#kept.bytes }
  }
}

/** The section under another name; its bytes are made when they are read. */
const prefixed = (section: Section): Section => ({
  name: `${INNER}${section.name}`,
  version: section.version,
  get bytes() {
    return section.bytes
  },
})

/** A row of weight n as n rows, and whether each comes (1) or goes (-1). */
function oneByOne(batch: Batch): { rows: Batch; signs: Int32Array } {
  const { rowCount, weights } = batch
  if (weights === null) return { rows: batch, signs: new Int32Array(rowCount).fill(1) }
  const picks: number[] = []
  for (let row = 0; row < rowCount; row++) {
    for (let n = Math.abs(weights[row]); n > 0; n--) picks.push(row)
  }
  const rows = batch.keep(Int32Array.from(picks), picks.length)
  return { rows, signs: Int32Array.from(rows.weights!, Math.sign) }
}
