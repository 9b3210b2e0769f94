/** GROUP BY with a window.
 *
 *  State: per open window, one row of slots per group. A window is dropped when the watermark
 *  passes its end, so the state is bounded by the open windows' groups.
 *  Output: with `close`, each group once, when its window is over (append-only over append-only
 *  input); with `changes` and `every`, what changed since it was last said.
 *  A row is late if its window is closed, or was over for the row's own split when the row came.
 *  O(rows), and O(groups) per closed window. */

import type { EpochClock } from '../base/clock.ts'
import { fail } from '../base/errors.ts'
import { Batch } from '../batch/batch.ts'
import type { Column } from '../batch/column.ts'
import { type Schema, schemaOf } from '../batch/schema.ts'
import { isTimestamp, typeName } from '../batch/types.ts'
import { printExpr } from '../expr/ir.ts'
import { type GroupLayout, GroupTable } from '../state/group-table.ts'
import { ChangedGroups } from './changed-groups.ts'
import { checkAggregates, printCall } from './check-aggregates.ts'
import { GroupProgram } from './group-program.ts'
import { allRows } from './group-rows.ts'
import type { WindowAggregateNode } from './nodes.ts'
import { defineOperator, type Operator, type OperatorContext, type Output, type Section } from './operator.ts'
import { constantTime, WINDOW_TIME_LAG_US, windowValue } from './window-columns.ts'
import { type Pane, WindowPanes } from './window-panes.ts'
import { compileWindowStarts } from './window-start.ts'

export const windowAggregate = defineOperator<'window-aggregate', WindowAggregateNode>({
  kind: 'window-aggregate',
  inputs: 1,
  check(node, [input]) {
    const { name, type } = input.schema.fields[node.timeColumn]
    if (!isTimestamp(type)) {
      fail('TYPE_MISMATCH', `A window needs a TIMESTAMP; ${name} is ${typeName(type)}`)
    }
    checkAggregates(node, input)
  },
  schema: ({ fields }) => schemaOf(fields),
  appendOnly: ({ emit }) => emit.kind === 'close',
  explain({ window, keys, aggregates, emit }) {
    const by = keys.length === 0 ? '' : ` by ${keys.map(printExpr).join(', ')}`
    const calls = aggregates.map(printCall).join(', ') || 'distinct'
    const when = emit.kind === 'every' ? `every ${emit.intervalUs / 1e6} s` : `on ${emit.kind}`
    return `WindowAggregate: ${calls}${by} in ${window.kind.toUpperCase()} ${window.sizeUs / 1e6} s, emit ${when}`
  },
  create: (node, context) => new WindowAggregate(node, context),
})

/** What a window's pane can do, however it emits. */
interface AggregatePane extends Pane {
  /** Says what has changed since the last time. */
  emit(out: Output): void
  /** Says the last of it; the pane is not used after. */
  close(out: Output): void
  readonly dirty: boolean
  snapshot(): Section[]
  restore(sections: readonly Section[]): void
  readonly stateRows: number
  readonly stateBytes: number
}

/** Tables of closed windows, with the room they grew to, for the next ones. */
class SpareTables {
  readonly #layout: GroupLayout
  readonly #spare: GroupTable[] = []

  constructor(layout: GroupLayout) {
    this.#layout = layout
  }

  take(): GroupTable {
    return this.#spare.pop() ?? new GroupTable(this.#layout)
  }

  give(table: GroupTable): void {
    if (this.#spare.length >= SPARE_TABLES_MAX || table.bytes > SPARE_BYTES_MAX) return
    table.clear()
    this.#spare.push(table)
  }
}

const SPARE_TABLES_MAX = 64
const SPARE_BYTES_MAX = 1 << 20

interface PaneParts {
  readonly node: WindowAggregateNode
  readonly program: GroupProgram
  readonly schema: Schema
  /** Scratch: the groups of a batch's rows. */
  readonly groups: Int32Array
  readonly appendOnlyInput: boolean
  readonly tables: SpareTables
}

class WindowAggregate implements Operator {
  readonly #node: WindowAggregateNode
  readonly #context: OperatorContext
  readonly #panes: WindowPanes<AggregatePane>
  #lastEmitUs = -Infinity

  constructor(node: WindowAggregateNode, context: OperatorContext) {
    this.#node = node
    this.#context = context
    const [input] = context.inputs
    const { keys, aggregates, window, timeColumn, emit } = node
    const program = new GroupProgram({ keys, aggregates, input: input.schema })
    const parts: PaneParts = {
      node,
      program,
      tables: new SpareTables(program.layout),
      schema: context.schema,
      groups: new Int32Array(context.batchRowsMax),
      appendOnlyInput: input.appendOnly,
    }
    const final = emit.kind === 'close' && input.appendOnly
    this.#panes = new WindowPanes<AggregatePane>(
      window,
      compileWindowStarts(window, timeColumn, input.schema),
      context.batchRowsMax,
      (startUs, endUs) =>
        final ? new FinalPane(parts, startUs, endUs) : new ChangingPane(parts, startUs, endUs),
    )
  }

  batch(_input: number, batch: Batch): void {
    const late = this.#panes.add(batch, this.#context.clock)
    if (late.length > 0) this.#context.late(batch.keep(late, late.length))
  }

  watermark(_input: number, watermarkUs: number, out: Output): void {
    for (const pane of this.#panes.close(watermarkUs)) pane.close(out)
    // A window still open ends after the watermark, and its window_time is a moment before.
    const lag = this.#node.windowColumns.includes('window_time') ? WINDOW_TIME_LAG_US : 0
    out.watermark(watermarkUs - lag)
  }

  epoch(out: Output): void {
    const { emit } = this.#node
    if (emit.kind === 'close') return
    if (emit.kind === 'every' && this.dueUs() > this.#context.clock.nowUs) return
    const dirty = this.#panes.open.filter((pane) => pane.dirty)
    if (dirty.length === 0) return
    this.#lastEmitUs = this.#context.clock.nowUs
    for (const pane of dirty) pane.emit(out)
  }

  dueUs(): number {
    const { emit } = this.#node
    if (emit.kind !== 'every' || !this.#panes.open.some((pane) => pane.dirty)) return Infinity
    return this.#lastEmitUs + emit.intervalUs
  }

  snapshot(): Section[] {
    const meta = Float64Array.of(this.#panes.closedUs, this.#lastEmitUs)
    const sections: Section[] = [
      { name: 'meta', version: this.#context.clock.epoch, bytes: new Uint8Array(meta.buffer) },
    ]
    for (const pane of this.#panes.open) {
      for (const section of pane.snapshot()) {
        sections.push({ ...section, name: `${pane.startUs}/${section.name}` })
      }
    }
    return sections
  }

  restore(sections: readonly Section[]): void {
    const panes = new Map<number, Section[]>()
    for (const section of sections) {
      if (section.name === 'meta') {
        const [closedUs, lastEmitUs] = new Float64Array(section.bytes.slice().buffer)
        this.#panes.closedUs = closedUs
        this.#lastEmitUs = lastEmitUs
      } else {
        const [start, name] = section.name.split('/')
        const list = panes.get(Number(start)) ?? []
        panes.set(Number(start), [...list, { ...section, name }])
      }
    }
    for (const [startUs, list] of panes) this.#panes.restore(startUs).restore(list)
  }

  stateSize() {
    const open = this.#panes.open
    return {
      rows: open.reduce((sum, pane) => sum + pane.stateRows, 0),
      bytes: open.reduce((sum, pane) => sum + pane.stateBytes, 0),
    }
  }
}

/** The window columns of `length` rows. */
function boundColumns({ node, schema }: PaneParts, pane: Pane, length: number): Column[] {
  const first = schema.fields.length - node.windowColumns.length
  return node.windowColumns.map((column, i) =>
    constantTime(schema.fields[first + i].type, windowValue(column, pane.startUs, pane.endUs), length),
  )
}

/** A window over append-only input that speaks once: no bookkeeping per group. */
class FinalPane implements AggregatePane {
  readonly startUs: number
  readonly endUs: number
  readonly dirty = false
  readonly #parts: PaneParts
  readonly #table: GroupTable
  #version = 0

  constructor(parts: PaneParts, startUs: number, endUs: number) {
    this.#parts = parts
    this.startUs = startUs
    this.endUs = endUs
    this.#table = parts.tables.take()
  }

  add(batch: Batch, rows: Int32Array, n: number, clock: EpochClock): void {
    const { program, groups } = this.#parts
    this.#version++
    program.find(batch, this.#table, rows, n, groups, clock)
    program.add(batch)(batch, this.#table, rows, n, groups, clock)
  }

  /** It speaks only once. */
  emit(): void {}

  close(out: Output): void {
    const { program, schema, tables } = this.#parts
    const { count } = this.#table
    const columns = program.read(this.#table, allRows(count), count)
    const bounds = boundColumns(this.#parts, this, count)
    out.emit(new Batch(schema, [...columns, ...bounds], count))
    tables.give(this.#table)
  }

  snapshot(): Section[] {
    return [{ name: 'groups', version: this.#version, bytes: this.#table.snapshot() }]
  }

  restore([section]: readonly Section[]): void {
    this.#version = section.version
    this.#table.restore(section.bytes)
  }

  get stateRows(): number {
    return this.#table.count
  }

  get stateBytes(): number {
    return this.#table.bytes
  }
}

/** A window that speaks more than once, or whose groups can lose rows. */
class ChangingPane implements AggregatePane {
  readonly startUs: number
  readonly endUs: number
  readonly #parts: PaneParts
  readonly #groups: ChangedGroups

  constructor(parts: PaneParts, startUs: number, endUs: number) {
    this.#parts = parts
    this.startUs = startUs
    this.endUs = endUs
    const { program, schema, appendOnlyInput } = parts
    this.#groups = new ChangedGroups(program, {
      schema,
      // A window without rows says nothing, also when there is no key.
      global: false,
      appendOnly: appendOnlyInput,
      more: (length) => boundColumns(parts, this, length),
    })
  }

  add(batch: Batch, rows: Int32Array, n: number, clock: EpochClock): void {
    const { program, groups } = this.#parts
    program.find(batch, this.#groups.table, rows, n, groups, clock)
    this.#groups.touch(groups, rows, n, batch.weights)
    program.add(batch)(batch, this.#groups.table, rows, n, groups, clock)
  }

  emit(out: Output): void {
    this.#groups.emit(out)
  }

  close(out: Output): void {
    this.#groups.emit(out)
  }

  get dirty(): boolean {
    return this.#groups.dirty
  }

  snapshot(): Section[] {
    return this.#groups.snapshot()
  }

  restore(sections: readonly Section[]): void {
    this.#groups.restore(sections)
  }

  get stateRows(): number {
    return this.#groups.stateSize().rows
  }

  get stateBytes(): number {
    return this.#groups.stateSize().bytes
  }
}
