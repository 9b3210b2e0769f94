/** Functions that take a JSON document and a way into it: a path, a key or a position. */

import { BIGINT, type DataType, JSON_TYPE, VARCHAR } from '../../batch/types.ts'
import { coerce, literalInteger, literalText } from '../coerce.ts'
import type { Emitted } from '../emitted.ts'
import { type Apply, type Emit, guarded, type Signature } from '../function.ts'
import type { Int64 } from '../int64.ts'
import type { CallExpr, Expr } from '../ir.ts'
import { JsonExtractor, type Wanted } from '../json/extract.ts'
import { indexStep, type JsonPath, keyStep, parseJsonPath, pathOf } from '../json/path.ts'
import { lastOf } from './last.ts'

/** What the second argument means: always a path, or a key unless it begins with $. */
export type Way = 'path' | 'key'

/** The type that a document is taken as; text may hold JSON as well. */
export function documentType(arg: Expr): DataType | undefined {
  if (arg.type.kind === 'json') return JSON_TYPE
  return coerce(arg, VARCHAR) === undefined ? undefined : VARCHAR
}

/** (document, path or key or position) -> type. */
export function resolveWay(args: readonly Expr[], way: Way, type: DataType): Signature | undefined {
  const document = args.length === 2 ? documentType(args[0]) : undefined
  if (document === undefined) return undefined
  const isPosition = way === 'key' && args[1].type.kind !== 'varchar'
  if (coerce(args[1], isPosition ? BIGINT : VARCHAR) === undefined) return undefined
  return { args: [document, isPosition ? BIGINT : VARCHAR], type }
}

function pathFor(value: string | Int64, way: Way, at: CallExpr['at']): JsonPath {
  if (typeof value !== 'string') return pathOf([indexStep(Number(value))])
  if (way === 'path' || value.startsWith('$')) return parseJsonPath(value, at)
  return pathOf([keyStep(value)])
}

/** The path if it is a constant. */
export function fixedPath([, arg]: readonly Expr[], way: Way, at: CallExpr['at']) {
  const fixed = literalText(arg) ?? literalInteger(arg)
  if (fixed === undefined) return undefined
  return pathFor(typeof fixed === 'bigint' ? Number(fixed) : fixed, way, arg.at ?? at)
}

/** The function (document, way) -> the value taken out, or NULL. */
export function extraction({ args, at }: CallExpr, way: Way, wanted: Wanted): Apply {
  const path = fixedPath(args, way, at)
  if (path !== undefined) {
    const extractor = new JsonExtractor(path, wanted)
    return (document: string) => extractor.text(document)
  }
  const extractorOf = lastOf(
    (value: string | Int64) => new JsonExtractor(pathFor(value, way, at), wanted),
  )
  return (document: string, value: string | Int64) => extractorOf(value).text(document)
}

/** The same on bytes, where the way is a constant: what is found is mostly a part of them. */
export const extractionEmit = (way: Way, wanted: Wanted): Emit =>
  guarded(([document], code, { args, at }): Emitted | undefined => {
    const path = fixedPath(args, way, at)
    const slice = code.asSlice(document)
    if (path === undefined || slice === undefined) return undefined
    const extractor = code.bind(new JsonExtractor(path, wanted), 'json')
    const { heap, start, end } = slice
    const isNull = code.constant('n', `!${extractor}.find(${heap}, ${start}, ${end})`)
    return {
      form: 'slice',
      heap: code.constant('b', `${isNull} ? ${heap} : ${extractor}.heap`),
      start: code.constant('s', `${isNull} ? 0 : ${extractor}.start`),
      end: code.constant('e', `${isNull} ? 0 : ${extractor}.end`),
      isNull,
    }
  })

/** `json[key or position]`. */
export const jsonMember = (call: CallExpr): Apply => extraction(call, 'key', 'value')
