/** Generated code for function calls: inline where the entry knows how, else a call of the bound
 *  function that the interpreter uses too. */

import type { DataType } from '../batch/types.ts'
import type { LoopCode } from './codegen.ts'
import { placeOf } from './column-place.ts'
import {
  anyNull,
  type Emitted,
  harmless,
  isByteLike,
  isNested,
  type Piece,
  scalar,
  text,
} from './emitted.ts'
import type { PlainFunction } from './function.ts'
import { functionOf } from './functions/index.ts'
import type { CallExpr, Expr } from './ir.ts'

export function emitCall(call: CallExpr, code: LoopCode): Emitted {
  const entry = functionOf(call.name)
  if (entry.nulls === 'lazy') return entry.emitLazy(call, code)
  const whole = entry.emitWhole?.(call, code)
  if (whole !== undefined) return whole
  const args = call.args.map((arg) => emitArgument(call, arg, code))
  return entry.nulls === 'strict'
    ? emitStrict(entry, call, args, code)
    : emitCustom(entry, call, args, code)
}

/** A test for NULL needs no value, which of a nested type would be made for it. */
function emitArgument(call: CallExpr, arg: Expr, code: LoopCode): Emitted {
  const testsNull = call.name === 'IS NULL' || call.name === 'IS NOT NULL'
  const place = testsNull && isNested(arg.type) ? placeOf(arg, code) : undefined
  if (place === undefined) return code.emit(arg)
  return { form: 'scalar', value: '0', isNull: place.isNull }
}

function emitStrict(
  entry: PlainFunction,
  call: CallExpr,
  args: readonly Emitted[],
  code: LoopCode,
): Emitted {
  const test = anyNull(args)
  const isNull = test === 'true' || test === 'false' ? test : code.constant('n', test)
  if (entry.emit?.total && isNull !== 'true') {
    const piece = entry.emit.piece(args, code, call)
    if (piece !== undefined) return { ...named(piece, code), isNull }
  }
  const live = args.map((arg): Emitted => ({ ...arg, isNull: 'false' }))
  return code.unlessNull(call.type, isNull, () => {
    const piece = entry.emit?.total ? undefined : entry.emit?.piece(live, code, call)
    return piece === undefined ? callBound(entry, call, live, code) : named(piece, code)
  })
}

function emitCustom(
  entry: PlainFunction,
  call: CallExpr,
  args: readonly Emitted[],
  code: LoopCode,
): Emitted {
  const piece = entry.emit?.piece(args, code, call)
  if (piece === undefined) return callBound(entry, call, args, code)
  return 'isNull' in piece ? piece : { ...named(piece, code), isNull: 'false' }
}

/** The value in a variable, so that using it twice computes it once. */
function named<P extends Piece>(piece: P, code: LoopCode): P {
  return piece.form === 'slice' ? piece : { ...piece, value: code.constant('v', piece.value) }
}

function callBound(
  entry: PlainFunction,
  call: CallExpr,
  args: readonly Emitted[],
  code: LoopCode,
): Emitted {
  const values = args.map((arg, i) => argument(arg, call.args[i].type, code))
  if (entry.clock) values.unshift(code.clock)
  const result = `${code.bind(entry.evaluate(call), hintOf(entry.name))}(${values.join(', ')})`
  const mayBeNull =
    entry.nullable === 'always' || (entry.nulls === 'custom' && entry.nullable !== 'never')
  if (!mayBeNull) return { ...resultPiece(code.constant('v', result), call.type), isNull: 'false' }
  const raw = code.constant('r', result)
  const isNull = code.constant('n', `${raw} === null`)
  const value = code.constant('v', `${isNull} ? ${harmlessValue(call.type, code)} : ${raw}`)
  return { ...resultPiece(value, call.type), isNull }
}

function argument(arg: Emitted, type: DataType, code: LoopCode): string {
  if (arg.isNull === 'true') return 'null'
  const value = code.asValue(arg, type)
  return arg.isNull === 'false' ? value : `(${arg.isNull} ? null : ${value})`
}

const NO_BYTES = new Uint8Array(0)

const harmlessValue = (type: DataType, code: LoopCode): string =>
  type.kind === 'bytes' ? code.bind(NO_BYTES, 'noBytes') : harmless(type)

const resultPiece = (value: string, type: DataType): Piece =>
  isByteLike(type) ? text(value) : scalar(value)

const hintOf = (name: string): string => (/^[A-Z]\w*$/.test(name) ? name.toLowerCase() : 'call')
