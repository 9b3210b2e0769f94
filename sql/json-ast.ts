/** Syntax tree of the clauses that the SQL:2016 JSON functions take behind their arguments. */

import type { Span } from '../engine/base/errors.ts'
import type { DataType } from '../engine/batch/types.ts'
import type { JsonAnswer } from '../engine/expr/json/clauses.ts'

export interface JsonClauses {
  readonly returning?: { readonly type: DataType; readonly at: Span } | undefined
  /** WITH … WRAPPER; absent: WITHOUT. */
  readonly wrapper?: 'conditional' | 'unconditional' | undefined
  /** A DEFAULT is a further argument of the call: that of ON EMPTY, then that of ON ERROR. */
  readonly onEmpty?: JsonAnswer | undefined
  readonly onError?: JsonAnswer | undefined
  readonly onNull?: 'null' | 'absent' | undefined
}
