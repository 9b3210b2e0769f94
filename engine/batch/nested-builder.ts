/** Builders of columns that hold columns: ARRAY, MAP and ROW. */

import { fail } from '../base/errors.ts'
import { type ColumnBuilder, invalid, Ranges, Validity } from './building.ts'
import { Column } from './column.ts'
import type { DataType } from './types.ts'
import type { Value } from './value.ts'

/** ARRAY and MAP. */
export class ListBuilder implements ColumnBuilder {
  readonly type: DataType
  length = 0
  readonly #children: readonly ColumnBuilder[]
  readonly #ranges = new Ranges()
  readonly #validity = new Validity()

  /** `children`: the elements, or the keys and the values. */
  constructor(type: DataType, children: readonly ColumnBuilder[]) {
    this.type = type
    this.#children = children
  }

  append(value: Value): void {
    if (value === null) {
      this.appendNull()
      return
    }
    if (!Array.isArray(value)) invalid(this.type, value)
    const [elements, values] = this.#children
    const start = elements.length
    for (const item of value as readonly Value[]) {
      if (values === undefined) {
        elements.append(item)
      } else {
        const [key, mapped] = item as readonly Value[]
        if (key === null) fail('INVALID_VALUE', 'A key of a MAP is NULL')
        elements.append(key)
        values.append(mapped)
      }
    }
    this.#ranges.set(this.length++, start, elements.length)
  }

  /** The elements from `start` on, which the caller has put into the children. */
  appendFilled(start: number): void {
    this.#ranges.set(this.length++, start, this.#children[0].length)
  }

  appendNull(): void {
    this.#validity.setNull(this.length)
    this.#ranges.set(this.length++, 0, 0)
  }

  finish(): Column {
    const { type, length } = this
    const children = this.#children.map((child) => child.finish())
    const validity = this.#validity.finish(length)
    this.length = 0
    return new Column({ type, length, validity, children, ...this.#ranges.finish(length) })
  }
}

/** ROW. */
export class StructBuilder implements ColumnBuilder {
  readonly type: DataType
  length = 0
  readonly #children: readonly ColumnBuilder[]
  readonly #validity = new Validity()

  /** `children`: one per field. */
  constructor(type: DataType, children: readonly ColumnBuilder[]) {
    this.type = type
    this.#children = children
  }

  append(value: Value): void {
    if (value === null) {
      this.appendNull()
      return
    }
    if (!Array.isArray(value) || value.length !== this.#children.length) invalid(this.type, value)
    const parts = value as readonly Value[]
    this.#children.forEach((child, i) => {
      child.append(parts[i])
    })
    this.length++
  }

  /** A row of which the caller has put each part into its child. */
  appendFilled(): void {
    this.length++
  }

  appendNull(): void {
    this.#validity.setNull(this.length++)
    for (const child of this.#children) child.appendNull()
  }

  finish(): Column {
    const { type, length } = this
    const children = this.#children.map((child) => child.finish())
    const validity = this.#validity.finish(length)
    this.length = 0
    return new Column({ type, length, validity, children })
  }
}
