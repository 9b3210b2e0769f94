/** Random histories for operators of one input: rows come and go over several epochs, in random
 *  batches, with restarts; after every epoch the output so far is compared with DuckDB's answer. */

import type { DuckDBConnection } from '@duckdb/node-api'
import { DuckDBInstance } from '@duckdb/node-api'
import { expect } from 'vitest'
import { type Random, random } from '../../../engine/base/random.ts'
import type { Batch } from '../../../engine/batch/batch.ts'
import { BatchBuilder } from '../../../engine/batch/builder.ts'
import { jsonValue } from '../../../engine/batch/json-value.ts'
import { parseBatch } from '../../../engine/batch/pretty.ts'
import { rowsOf } from '../../../engine/batch/rows.ts'
import { type Field, schemaOf } from '../../../engine/batch/schema.ts'
import { typeName } from '../../../engine/batch/types.ts'
import type { Value } from '../../../engine/expr/ir.ts'
import { type OperatorKind, type OperatorNode, operatorOf } from '../../../engine/operator/index.ts'
import type { Section } from '../../../engine/operator/operator.ts'

type Row = readonly Value[]

export interface HistoryCase<K extends OperatorKind> {
  readonly kind: K
  readonly node: OperatorNode<K>
  readonly input: readonly Field[]
  readonly appendOnly: boolean
  /** Some values per column to draw from. */
  readonly values: readonly (readonly Value[])[]
  /** Over the table t with the input's columns and `seq`, the order of arrival. */
  readonly sql: string
}

const EPOCHS = 8
const BATCH_ROWS_MAX = 16

interface Held {
  readonly row: Row
  readonly seq: number
}

/** Runs one case; raises with the seed in the message. */
export async function runHistory<K extends OperatorKind>(
  connection: DuckDBConnection,
  test: HistoryCase<K>,
  seed: number,
): Promise<void> {
  const r = random(seed)
  const run = new Running(test, r)
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    run.epoch()
    if (r.below(3) === 0) run.restart()
    await compare(connection, test, run, `seed ${seed} epoch ${epoch}\n${test.sql}`)
  }
}

class Running<K extends OperatorKind> {
  readonly #test: HistoryCase<K>
  readonly #random: Random
  readonly #schema
  #operator
  #seq = 0
  held: Held[] = []
  /** The output so far: rows with weights. */
  readonly said = new Map<string, { row: Row; weight: number }>()

  constructor(test: HistoryCase<K>, r: Random) {
    this.#test = test
    this.#random = r
    this.#schema = schemaOf(test.input)
    this.#operator = this.#create()
  }

  #create(sections?: readonly Section[]) {
    const { kind, node, appendOnly } = this.#test
    const definition = operatorOf(kind)
    const info = { schema: this.#schema, appendOnly }
    definition.check(node, [info])
    const operator = definition.create(node, {
      inputs: [info],
      schema: definition.schema(node, [info.schema]),
      batchRowsMax: BATCH_ROWS_MAX,
      clock: { epoch: 0, nowUs: 0, seed: 1 },
      late: () => {
        throw new Error('no row is late here')
      },
    })
    if (sections !== undefined) operator.restore(sections)
    return operator
  }

  restart(): void {
    const sections = this.#operator.snapshot().map((s) => ({ ...s, bytes: s.bytes.slice() }))
    this.#operator = this.#create(sections)
  }

  #row(): Row {
    return this.#test.values.map((column) => column[this.#random.below(column.length)])
  }

  /** Some changes, no row both inserted and retracted except pairs that say nothing. */
  #changes(): { row: Row; weight: number }[] {
    const r = this.#random
    const changes: { row: Row; weight: number }[] = []
    const gone = new Set<string>()
    if (!this.#test.appendOnly) {
      for (let n = r.below(1 + Math.min(this.held.length, 12)); n > 0; n--) {
        const key = keyOf(this.held[r.below(this.held.length)].row)
        // The latest of equal rows goes.
        const last = this.held.findLastIndex(({ row }) => keyOf(row) === key)
        changes.push({ row: this.held[last].row, weight: -1 })
        this.held.splice(last, 1)
        gone.add(key)
      }
    }
    for (let n = r.below(14); n > 0; n--) {
      const row = this.#row()
      // Of an updating input, equal rows of an epoch arrive together, which `seq` cannot say.
      if (gone.has(keyOf(row))) continue
      if (!this.#test.appendOnly) gone.add(keyOf(row))
      changes.push({ row, weight: 1 })
      this.held.push({ row, seq: this.#seq++ })
    }
    return changes
  }

  epoch(): void {
    const r = this.#random
    const changes = this.#changes()
    if (!this.#test.appendOnly && r.below(2) === 0) {
      const row = this.#row()
      const isNew = changes.every((change) => keyOf(change.row) !== keyOf(row))
      if (isNew)
        changes.splice(r.below(changes.length + 1), 0, { row, weight: 1 }, { row, weight: -1 })
    }
    for (let from = 0; from < changes.length; ) {
      const to = from + 1 + r.below(BATCH_ROWS_MAX)
      const builder = new BatchBuilder(this.#schema)
      for (const { row, weight } of changes.slice(from, to)) builder.append(row, weight)
      this.#operator.batch(0, builder.finish(), this.output)
      from = to
    }
    this.#operator.epoch(this.output)
  }

  readonly output = {
    emit: (batch: Batch) => {
      rowsOf(batch).forEach((row, i) => {
        const key = keyOf(row)
        const known = this.said.get(key) ?? { row, weight: 0 }
        known.weight += batch.weights?.[i] ?? 1
        this.said.set(key, known)
      })
    },
    watermark: () => {},
  }
}

/** Equal rows have equal keys: -0 is 0, NaN is one value and not NULL. */
const keyOf = (row: Row): string =>
  JSON.stringify(row, (_key, value) => {
    if (typeof value === 'bigint') return `bigint ${value}`
    return typeof value === 'number' && !Number.isFinite(value) ? `number ${value}` : value
  })

async function compare<K extends OperatorKind>(
  connection: DuckDBConnection,
  { input, sql, node }: HistoryCase<K>,
  run: Running<K>,
  message: string,
): Promise<void> {
  const want = await answers(connection, input, run.held, sql)
  const { fields } = node as unknown as { fields: readonly Field[] }
  const got = [...run.said.values()].flatMap(({ row, weight }) => {
    expect(weight, message).toBeGreaterThanOrEqual(0)
    const line = printed(row.map((value, c) => canonical(jsonValue(value, fields[c].type))))
    return Array.from({ length: weight }, () => line)
  })
  expect(got.sort(), message).toEqual(want.sort())
}

/** DuckDB's rows, in the form of `printedRow`. */
export async function answers(
  connection: DuckDBConnection,
  input: readonly Field[],
  held: readonly Held[],
  sql: string,
): Promise<string[]> {
  await load(connection, input, held)
  const result = await connection.runAndReadAll(sql)
  return result.getRowsJson().map((row) => printed(row.map(canonical)))
}

/** A printed row of an operator's output in the form of `answers`. */
export function printedRow(line: string, fields: readonly Field[]): string {
  const [row] = rowsOf(parseBatch(line, schemaOf(fields)))
  return printed(row.map((value, c) => canonical(jsonValue(value, fields[c].type))))
}

const printed = (row: readonly unknown[]): string => JSON.stringify(row)

/** One form for both sides: integers and texts as they are, other numbers to 9 digits. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical)
  if (typeof value === 'boolean' || value === null) return value
  const text = String(value)
  if (/^\d{4}-\d\d-\d\d[ T]/.test(text)) return `at ${Date.parse(`${text.replace(' ', 'T')}Z`)}`
  if (!/^[-+]?[\d.]+(e[-+]?\d+)?$/i.test(text)) return text
  if (/^-?\d{9,}$/.test(text)) return BigInt(text).toString()
  // Times pi, so that no value of the tests stands where rounding turns.
  const rounded = (Number(text) * Math.PI).toPrecision(9)
  return `pi * ${Number(rounded) === 0 ? 0 : Number(rounded)}`
}

const SQL_TYPES: Readonly<Record<string, string>> = { STRING: 'VARCHAR', BYTES: 'BLOB' }

async function load(
  connection: DuckDBConnection,
  input: readonly Field[],
  held: readonly Held[],
): Promise<void> {
  const columns = input.map(({ name, type }) => {
    const text = typeName(type)
    return `${name} ${SQL_TYPES[text] ?? text.replace(/TIMESTAMP\(\d\)/, 'TIMESTAMP')}`
  })
  const rows = held.map(({ row, seq }) => {
    const values = row.map((value, c) => {
      if (value === null) return 'NULL'
      return `'${String(jsonValue(value, input[c].type)).replaceAll("'", "''")}'`
    })
    return `(${[...values, seq].join(', ')})`
  })
  await connection.run(`CREATE OR REPLACE TABLE t (${columns.join(', ')}, seq BIGINT)`)
  if (rows.length > 0) await connection.run(`INSERT INTO t VALUES ${rows.join(', ')}`)
}

export const connect = async (): Promise<DuckDBConnection> =>
  (await DuckDBInstance.create(':memory:')).connect()
