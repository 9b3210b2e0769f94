/** FIRST_VALUE of frames that begin with the partition, when the partition's first rows are not
 *  kept: one value per partition. */

import type { EpochClock } from '../../base/clock.ts'
import { columnOf } from '../../batch/builder.ts'
import type { Column } from '../../batch/column.ts'
import { valueAt } from '../../batch/rows.ts'
import type { Schema } from '../../batch/schema.ts'
import type { Value } from '../../batch/value.ts'
import { compileProject, type Project } from '../../expr/compile-project.ts'
import { GroupTable } from '../../state/group-table.ts'
import type { OverCall } from '../nodes.ts'
import type { Section } from '../operator.ts'
import type { Evaluation } from './over-stretch.ts'

export class OverFirst {
  readonly #call: OverCall
  readonly #project: Project
  readonly #table = new GroupTable({ arrays: [{ kind: 'js', initial: 0 }] })

  constructor(call: OverCall, input: Schema) {
    this.#call = call
    this.#project = compileProject(call.args.slice(0, 1), input)
  }

  readonly evaluate = (evaluation: Evaluation, clock: EpochClock): Column => {
    const [value] = this.#project(evaluation.batch, clock)
    const { starts, ends } = evaluation.framesOf(this.#call.frame)
    const values: Value[] = []
    for (const { partition, before, first, from, to } of evaluation.stretches) {
      if (before === 0 && from < to) this.#keep(partition, valueAt(value, first))
      for (let i = from; i < to; i++) {
        const n = values.length
        values.push(starts[n] === ends[n] ? null : this.#firsts[partition])
      }
    }
    return columnOf(this.#call.type, values)
  }

  get #firsts(): Value[] {
    return this.#table.arrays[0] as Value[]
  }

  #keep(partition: number, value: Value): void {
    while (this.#table.count <= partition) this.#table.insert(this.#table.count)
    this.#firsts[partition] = value instanceof Uint8Array ? value.slice() : value
  }

  /** All rows that are known have been seen. */
  addedOf(): number {
    return Infinity
  }

  /** The partition begins anew: its next first row is kept instead. */
  reset(): void {}

  /** Keeps these partitions, under the numbers of their positions. */
  retain(keeps: (partition: number) => boolean): void {
    this.#table.retain(keeps)
  }

  snapshot(name: string, version: number): Section {
    return { name, version, bytes: this.#table.snapshot() }
  }

  restore({ bytes }: Section): void {
    this.#table.restore(bytes)
  }

  get bytes(): number {
    return this.#table.bytes
  }
}
