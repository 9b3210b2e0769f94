/** Reading nested values: fields of rows, elements of arrays, values of maps and of JSON. Columns
 *  are read where they lie, without making the whole value. */

import { fail } from '../../base/errors.ts'
import { nearestName } from '../../base/nearest-name.ts'
import { BIGINT, type DataType, INT, JSON_TYPE, typeName, VARCHAR } from '../../batch/types.ts'
import type { LoopCode } from '../codegen.ts'
import { coerce, literalText } from '../coerce.ts'
import { placeOf } from '../column-place.ts'
import { emitLoad, nullTest } from '../emit-column.ts'
import { anyNull, type Emitted } from '../emitted.ts'
import { fieldIndex } from '../field.ts'
import type { PlainFunction, ScalarFunction, Signature } from '../function.ts'
import type { Int64 } from '../int64.ts'
import type { CallExpr, Expr, Value } from '../ir.ts'
import { int, literal, text } from '../literal.ts'
import { identityOf } from '../value-identity.ts'
import { ints, textMap } from './constructor.ts'
import { jsonMember } from './json-path-call.ts'

const plain = { family: 'collection', nulls: 'strict', nullable: 'always' } as const

/** The type of a row's field. UNKNOWN_COLUMN with the nearest name if there is none. */
function resolveField([row, name]: readonly Expr[]): Signature | undefined {
  const wanted = name === undefined ? undefined : literalText(name)
  if (row.type.kind !== 'row' || wanted === undefined) return undefined
  const { fields } = row.type
  const index = fieldIndex(fields, wanted)
  if (index >= 0) return { args: [row.type, VARCHAR], type: fields[index].type }
  const names = fields.map((field) => field.name)
  const near = nearestName(wanted, names)
  return fail('UNKNOWN_COLUMN', `The row has no field ${wanted}`, {
    at: name.at,
    hint: near === undefined ? `It has ${names.join(', ')}.` : `Did you mean ${near}?`,
  })
}

const field: PlainFunction = {
  ...plain,
  name: '.',
  doc: 'A field of a row; NULL if the row is NULL.',
  syntax: ['row.field'],
  examples: [
    {
      args: [
        literal(
          {
            kind: 'row',
            fields: [
              { name: 'x', type: INT },
              { name: 'y', type: INT },
            ],
          },
          [1, 2],
        ),
        text('y'),
      ],
      result: '2',
    },
  ],
  resolve(args) {
    if (args.length !== 2) return undefined
    const [{ type }, name] = args
    if (type.kind === 'row' || type.kind === 'null') return resolveField(args)
    return fail('TYPE_MISMATCH', `A value of type ${typeName(type)} has no fields`, {
      at: name.at,
      hint: "Only a ROW has fields; a member of JSON is read by json -> 'key'.",
    })
  },
  evaluate({ args: [row, name] }) {
    const fields = row.type.kind === 'row' ? row.type.fields : []
    const index = fieldIndex(fields, literalText(name) ?? '')
    return (values: readonly Value[]) => values[index]
  },
  emitWhole(call, code) {
    const place = placeOf(call, code)
    if (place === undefined) return undefined
    const { path, type, isNull } = place
    return code.unlessNull(type, isNull, () => emitLoad(path, type, code.row, code))
  },
}

function resolveElement([whole, key]: readonly Expr[]): Signature | undefined {
  const { type } = whole
  if (type.kind === 'array') {
    if (key.kind === 'literal' && typeof key.value === 'number' && key.value < 1) {
      fail('INVALID_ARGUMENT', 'The elements of an array count from 1', { at: key.at })
    }
    return { args: [type, BIGINT], type: type.element }
  }
  if (type.kind === 'map') return { args: [type, type.key], type: type.value }
  if (type.kind !== 'json') return undefined
  return { args: [type, coerce(key, BIGINT) === undefined ? VARCHAR : BIGINT], type: JSON_TYPE }
}

const element: PlainFunction = {
  ...plain,
  name: '[]',
  doc: 'An element of an array, counted from 1; the value of a key of a map; a member of a JSON object, or an element of a JSON array, counted from 0. NULL if there is none.',
  syntax: ['array[n]', 'map[key]', "json['key']"],
  examples: [
    { args: [ints(10, 20, 30), int(2)], result: '20' },
    { args: [ints(10), int(5)], result: 'NULL' },
    { args: [textMap({ a: 1, b: 2 }), text('b')], result: '2' },
    { args: [literal(JSON_TYPE, '{"a": [1, 2]}'), text('a')], result: '[1, 2]' },
  ],
  resolve: (args) => (args.length === 2 ? resolveElement(args) : undefined),
  evaluate(call) {
    const { type } = call.args[0]
    if (type.kind === 'map') return (map: readonly Value[], key: Value) => lookUp(type, map, key)
    if (type.kind === 'json') return jsonMember(call)
    return (values: readonly Value[], at: Int64) => values[Number(at) - 1] ?? null
  },
  emitWhole: (call, code) =>
    call.args[0].type.kind === 'array' ? emitElement(call, code) : undefined,
}

function lookUp(
  type: Extract<DataType, { kind: 'map' }>,
  map: readonly Value[],
  key: Value,
): Value {
  const identity = identityOf(type.key)
  const wanted = identity(key)
  for (const entry of map as readonly (readonly Value[])[]) {
    if (identity(entry[0]) === wanted) return entry[1]
  }
  return null
}

function emitElement({ args, type }: CallExpr, code: LoopCode): Emitted | undefined {
  const place = placeOf(args[0], code)
  if (place === undefined) return undefined
  const index = code.emit(args[1])
  if (index.form !== 'scalar') return undefined
  return code.unlessNull(type, anyNull([{ ...index, isNull: place.isNull }, index]), () => {
    const { path } = place
    const start = code.constant('s', `${code.column(path, 'starts')}[${code.row}]`)
    const count = `${code.column(path, 'ends')}[${code.row}] - ${start}`
    const outside = code.constant('n', `!(${index.value} >= 1 && ${index.value} <= ${count})`)
    return code.unlessNull(type, outside, () => {
      const row = code.constant('r', `${start} + Number(${index.value}) - 1`)
      const isNull = code.constant('n', nullTest([...path, 0], row, code))
      return code.unlessNull(type, isNull, () => emitLoad([...path, 0], type, row, code))
    })
  })
}

const cardinality: PlainFunction = {
  family: 'collection',
  nulls: 'strict',
  name: 'CARDINALITY',
  aliases: ['ARRAY_LENGTH', 'ARRAY_SIZE', 'MAP_SIZE'],
  doc: 'The number of elements of an array or entries of a map.',
  syntax: ['CARDINALITY(array)', 'CARDINALITY(map)'],
  examples: [
    { args: [ints(1, 2, null)], result: '3' },
    { args: [textMap({ a: 1 })], result: '1' },
  ],
  resolve(args) {
    const [first] = args
    if (args.length !== 1 || (first.type.kind !== 'array' && first.type.kind !== 'map')) {
      return undefined
    }
    return { args: [first.type], type: INT }
  },
  evaluate: () => (values: readonly Value[]) => values.length,
  emitWhole({ args }, code) {
    const place = placeOf(args[0], code)
    if (place === undefined) return undefined
    const { path, isNull } = place
    const ends = `${code.column(path, 'ends')}[${code.row}]`
    const count = `${ends} - ${code.column(path, 'starts')}[${code.row}]`
    return { form: 'scalar', value: code.constant('v', count), isNull }
  },
}

const only: PlainFunction = {
  ...plain,
  name: 'ELEMENT',
  doc: 'The only element of an array; NULL if it has none. More than one is an error.',
  syntax: ['ELEMENT(array)'],
  examples: [{ args: [ints(7)], result: '7' }],
  resolve([first, ...more]) {
    if (first?.type.kind !== 'array' || more.length > 0) return undefined
    return { args: [first.type], type: first.type.element }
  },
  evaluate:
    ({ at }) =>
    (values: readonly Value[]) => {
      if (values.length <= 1) return values[0] ?? null
      return fail('INVALID_VALUE', `ELEMENT of an array of ${values.length} elements`, { at })
    },
}

export const elements: readonly ScalarFunction[] = [field, element, cardinality, only]
