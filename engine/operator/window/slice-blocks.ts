/** Slices of a window merged in blocks, which the windows behind it use again: with blocks of
 *  about the square root of n slices a window of n takes about three times that many merges
 *  instead of n. The blocks together take at most what the slices do. They are no state: any can
 *  be made again. */

import type { GroupTable } from '../../state/group-table.ts'
import type { SpareTables } from '../../state/spare-tables.ts'
import type { GroupProgram } from '../group/group-program.ts'
import type { WindowLayout } from './window-layout.ts'

export interface MergedSlice {
  readonly startUs: number
  readonly table: GroupTable
  /** Changes with what is in it. */
  readonly version: number
}

interface Block {
  readonly table: GroupTable
  /** The versions of its slices, and how many they are: both only grow. */
  readonly version: number
  readonly count: number
}

/** Windows of fewer slices are merged one slice at a time. */
const SLICES_MIN = 12

export class SliceBlocks {
  readonly #program: GroupProgram
  readonly #spare: SpareTables
  readonly #offsetUs: number
  /** 0: there are no blocks. */
  readonly #lengthUs: number
  /** By start. */
  readonly #blocks = new Map<number, Block>()

  constructor(
    program: GroupProgram,
    spare: SpareTables,
    { sizeUs, sliceUs, offsetUs }: WindowLayout,
  ) {
    const slices = Math.ceil(sizeUs / sliceUs)
    this.#program = program
    this.#spare = spare
    this.#offsetUs = offsetUs
    this.#lengthUs = slices < SLICES_MIN ? 0 : Math.floor(Math.sqrt(slices)) * sliceUs
  }

  /** Adds the slices, which are all those of a window [startUs, endUs), to an empty table. Windows
   *  come in the order of their ends. */
  merge(whole: GroupTable, slices: readonly MergedSlice[], startUs: number, endUs: number): void {
    const { mergeTables } = this.#program
    for (const [blockUs, own] of this.#byBlock(slices)) {
      const isWhole = blockUs >= startUs && blockUs + this.#lengthUs <= endUs
      if (isWhole && own.length > 1) mergeTables(whole, this.#blockOf(blockUs, own))
      else for (const { table } of own) mergeTables(whole, table)
    }
    for (const blockUs of this.#blocks.keys()) if (blockUs < startUs) this.#drop(blockUs)
  }

  #byBlock(slices: readonly MergedSlice[]): Map<number, MergedSlice[]> {
    const blocks = new Map<number, MergedSlice[]>()
    for (const slice of slices) {
      const places = Math.floor((slice.startUs - this.#offsetUs) / this.#lengthUs)
      const blockUs = this.#lengthUs === 0 ? -Infinity : places * this.#lengthUs + this.#offsetUs
      const own = blocks.get(blockUs)
      if (own === undefined) blocks.set(blockUs, [slice])
      else own.push(slice)
    }
    return blocks
  }

  #blockOf(startUs: number, slices: readonly MergedSlice[]): GroupTable {
    const version = slices.reduce((sum, slice) => sum + slice.version, 0)
    const known = this.#blocks.get(startUs)
    if (known?.version === version && known.count === slices.length) return known.table
    this.#drop(startUs)
    const table = this.#spare.take()
    for (const slice of slices) this.#program.mergeTables(table, slice.table)
    this.#blocks.set(startUs, { table, version, count: slices.length })
    return table
  }

  #drop(startUs: number): void {
    const block = this.#blocks.get(startUs)
    if (block !== undefined) this.#spare.give(block.table)
    this.#blocks.delete(startUs)
  }

  get bytes(): number {
    let sum = 0
    for (const { table } of this.#blocks.values()) sum += table.bytes
    return sum
  }
}
