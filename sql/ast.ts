/** Our own syntax tree: what the parser gives and the binder takes. Every node knows where it
 *  stands in the statement text (`at`). Names are as written, without quotes; unquoted names keep
 *  their case (Flink's rule), and are resolved exactly first, then ignoring case. */

import type { Span } from '../engine/base/errors.ts'
import type { DataType } from '../engine/batch/types.ts'
import type { Value } from '../engine/expr/ir.ts'
import type { UserFunction } from '../engine/expr/udf.ts'
import type { JsonClauses } from './json-ast.ts'
import type { MatchClause } from './match-ast.ts'
import type {
  AlterAction,
  ColumnDefinition,
  CreateTableAs,
  LikeClause,
  ShowFilter,
  WatermarkDefinition,
} from './table-ast.ts'

export type * from './table-ast.ts'

export interface Name {
  readonly text: string
  /** Written "so" or `so`: a hint for "did you mean a 'text'?". */
  readonly quoted?: boolean | undefined
  readonly at: Span
}

// Expressions

interface Node {
  readonly at: Span
}

export type Expression =
  | ({ readonly kind: 'name'; readonly path: readonly Name[] } & Node)
  | ({ readonly kind: 'literal'; readonly type: DataType; readonly value: Value } & Node)
  /** Function calls, and everything that can be written as one. The names the parser makes, always
   *  in upper case (a function's own name stays as written):
   *  - two arguments: `+ - * / % || = <> < > <= >= AND OR`, `-> ->> #> #>> @> <@`,
   *    `IS DISTINCT FROM`, `IS NOT DISTINCT FROM`, `AT TIME ZONE`; one: `-`, `+`, `NOT`;
   *  - `IS NULL`, `IS NOT NULL`, and likewise TRUE, FALSE, UNKNOWN;
   *  - `BETWEEN`, `BETWEEN SYMMETRIC` (value, low, high); `LIKE`, `ILIKE`, `SIMILAR TO` (value,
   *    pattern[, escape]); `RLIKE` (also REGEXP). NOT BETWEEN and NOT LIKE are `NOT` over these;
   *  - `= ANY`, `< ALL`, … (value, subquery or array); `= ANY` over a subquery is `in-query`;
   *  - `[]` (value, index or key), `.` (value, the field's name as a VARCHAR literal),
   *    `ROW`, `ARRAY`, `MAP` (key, value, key, value, …);
   *  - special forms become plain calls: EXTRACT('YEAR', x), FLOOR(x, 'DAY'), CEIL(x, 'DAY'),
   *    TIMESTAMPADD('DAY', n, x), POSITION(part, text), SUBSTRING(text, from, count),
   *    OVERLAY(text, part, from, count), TRIM / LTRIM / RTRIM(text[, characters]), and
   *    CURRENT_TIMESTAMP and its kin, which are calls without arguments. */
  | ({
      readonly kind: 'call'
      readonly name: Name
      readonly args: readonly Expression[]
      readonly distinct: boolean
      readonly filter?: Expression | undefined
      readonly orderBy: readonly OrderItem[]
      readonly over?: Over | undefined
      /** Clauses behind the arguments of a JSON function. */
      readonly json?: JsonClauses | undefined
      /** The user function that it calls; found before the tree is bound. */
      readonly user?: UserFunction | undefined
    } & Node)
  /** COUNT(*) and the like: a call whose only argument is `star`. */
  | ({ readonly kind: 'star' } & Node)
  | ({
      readonly kind: 'cast'
      readonly arg: Expression
      readonly type: DataType
      readonly safe: boolean
    } & Node)
  | ({
      readonly kind: 'case'
      readonly operand?: Expression | undefined
      readonly branches: readonly { readonly when: Expression; readonly then: Expression }[]
      readonly otherwise?: Expression | undefined
    } & Node)
  /** `x IN (a, b)`; `x IN (SELECT …)` is `in-query`. */
  | ({
      readonly kind: 'in'
      readonly arg: Expression
      readonly list: readonly Expression[]
      readonly negated: boolean
    } & Node)
  | ({
      readonly kind: 'in-query'
      readonly arg: Expression
      readonly query: Query
      readonly negated: boolean
    } & Node)
  | ({ readonly kind: 'exists'; readonly query: Query; readonly negated: boolean } & Node)
  | ({ readonly kind: 'subquery'; readonly query: Query } & Node)

export interface OrderItem {
  readonly value: Expression
  readonly descending: boolean
  /** Flink's default: NULLs first ascending, last descending. */
  readonly nullsFirst: boolean
}

export interface Over {
  readonly partitionBy: readonly Expression[]
  readonly orderBy: readonly OrderItem[]
  readonly frame?: Frame | undefined
  readonly at: Span
}

export interface Frame {
  readonly unit: 'rows' | 'range'
  readonly from: FrameBound
  readonly to: FrameBound
}

export type FrameBound =
  | { readonly kind: 'unbounded-preceding' }
  | { readonly kind: 'preceding'; readonly by: Expression }
  | { readonly kind: 'current-row' }
  | { readonly kind: 'following'; readonly by: Expression }
  | { readonly kind: 'unbounded-following' }

// Queries

export interface Query {
  readonly with: readonly {
    readonly name: Name
    readonly columns: readonly Name[]
    readonly query: Query
  }[]
  readonly body: QueryBody
  readonly orderBy: readonly OrderItem[]
  readonly limit?: number | undefined
  readonly offset?: number | undefined
  readonly at: Span
}

export type QueryBody =
  | Select
  | {
      readonly kind: 'set'
      readonly operator: 'union' | 'intersect' | 'except'
      readonly all: boolean
      readonly left: QueryBody
      readonly right: QueryBody
      readonly at: Span
    }
  | {
      readonly kind: 'values'
      readonly rows: readonly (readonly Expression[])[]
      readonly at: Span
    }
  /** A parenthesised query with its own ORDER BY or LIMIT. */
  | { readonly kind: 'nested'; readonly query: Query; readonly at: Span }

export interface Select {
  readonly kind: 'select'
  readonly distinct: boolean
  readonly items: readonly SelectItem[]
  /** Empty: SELECT without FROM. Several: a comma list, which is a cross join. */
  readonly from: readonly TableRef[]
  readonly where?: Expression | undefined
  readonly groupBy: readonly GroupItem[]
  readonly having?: Expression | undefined
  readonly qualify?: Expression | undefined
  readonly at: Span
}

export type SelectItem =
  | { readonly kind: 'value'; readonly value: Expression; readonly alias?: Name | undefined }
  /** `*`, `t.*`, `* EXCEPT (a, b)`. */
  | {
      readonly kind: 'all'
      readonly table?: Name | undefined
      readonly except: readonly Name[]
      readonly at: Span
    }

export type GroupItem =
  | { readonly kind: 'value'; readonly value: Expression }
  | {
      readonly kind: 'grouping-sets'
      readonly sets: readonly (readonly Expression[])[]
      readonly at: Span
    }

export type TableRef =
  | {
      readonly kind: 'table'
      readonly name: Name
      readonly alias?: TableAlias | undefined
      /** FOR SYSTEM_TIME AS OF. */
      readonly asOf?: Expression | undefined
      readonly at: Span
    }
  | {
      readonly kind: 'query'
      readonly query: Query
      readonly alias?: TableAlias | undefined
      readonly lateral: boolean
      readonly at: Span
    }
  | {
      readonly kind: 'window'
      readonly window: WindowCall
      readonly alias?: TableAlias | undefined
      readonly at: Span
    }
  | {
      readonly kind: 'function'
      readonly name: Name
      readonly args: readonly Expression[]
      readonly withOrdinality: boolean
      readonly alias?: TableAlias | undefined
      readonly at: Span
    }
  | {
      readonly kind: 'match'
      readonly input: TableRef
      readonly match: MatchClause
      readonly alias?: TableAlias | undefined
      readonly at: Span
    }
  | {
      readonly kind: 'join'
      readonly join: 'inner' | 'left' | 'right' | 'full' | 'cross'
      readonly left: TableRef
      readonly right: TableRef
      readonly on?: Expression | undefined
      /** ASOF JOIN, with its MATCH_CONDITION if it has one. */
      readonly asof?: { readonly match?: Expression | undefined } | undefined
      readonly using: readonly Name[]
      /** NATURAL: on all columns that both sides have. */
      readonly natural?: boolean | undefined
      readonly at: Span
    }

export interface TableAlias {
  readonly name: Name
  readonly columns: readonly Name[]
}

/** A windowing table function: TUMBLE, HOP, CUMULATE, SESSION over a table or a subquery. */
export interface WindowCall {
  readonly function: Name
  readonly input: TableRef
  readonly timeColumn: Name
  readonly partitionBy: readonly Name[]
  /** In the function's own order: TUMBLE size[, offset]; HOP slide, size[, offset]; CUMULATE step,
   *  size[, offset]; SESSION gap. */
  readonly args: readonly Expression[]
  readonly at: Span
}

// Statements

export type Emit =
  | { readonly kind: 'changes'; readonly at: Span }
  | { readonly kind: 'final'; readonly at: Span }
  | { readonly kind: 'every'; readonly intervalUs: number; readonly at: Span }

export interface OptionPair {
  readonly key: Name
  readonly value: string
  readonly at: Span
}

export type ObjectKind = 'table' | 'view' | 'materialized-view' | 'query' | 'function'

/** A query with the text it came from. */
export interface QueryStatement {
  /** Where it stands. */
  readonly at?: Span | undefined
  readonly query: Query
  readonly emit?: Emit | undefined
  /** The whole statement, CREATE … AS included: what the catalog stores and parses again. */
  readonly text: string
  /** The query alone, with its EMIT. */
  readonly queryText: string
}

export interface SettingValue {
  readonly text: string
  readonly at: Span
}

export type Statement = StatementBody & { readonly at: Span; readonly text: string }

type StatementBody =
  | ({ readonly kind: 'select' } & QueryStatement)
  | {
      readonly kind: 'create-table'
      readonly name: Name
      readonly ifNotExists: boolean
      readonly columns: readonly ColumnDefinition[]
      readonly primaryKey?: readonly Name[] | undefined
      readonly partitionedBy?: readonly Name[] | undefined
      readonly watermark?: WatermarkDefinition | undefined
      readonly options: readonly OptionPair[]
      readonly comment?: string | undefined
      readonly orReplace: boolean
      readonly temporary: boolean
      readonly like?: LikeClause | undefined
      /** AS query: its columns are the table's, and its rows are written to it for ever. */
      readonly as?: CreateTableAs | undefined
    }
  | ({
      readonly kind: 'create-view'
      readonly name: Name
      readonly materialized: boolean
      readonly temporary: boolean
      readonly orReplace: boolean
      readonly ifNotExists: boolean
      readonly columns: readonly Name[]
      readonly comment?: string | undefined
      /** WITH: settings of this view alone. */
      readonly options: readonly OptionPair[]
    } & QueryStatement)
  /** A named continuous query. */
  | ({
      readonly kind: 'create-query'
      readonly name: Name
      readonly orReplace: boolean
      readonly ifNotExists: boolean
    } & QueryStatement)
  | {
      readonly kind: 'insert-values'
      readonly table: Name
      readonly columns: readonly Name[]
      readonly rows: readonly (readonly Expression[])[]
    }
  | ({
      readonly kind: 'insert-select'
      readonly table: Name
      readonly columns: readonly Name[]
    } & QueryStatement)
  /** Makes two kinds of function: a sandboxed JavaScript body, or an SQL expression over the
   *  parameters (`expression`, its text is `body`). */
  | {
      readonly kind: 'create-function'
      readonly name: Name
      readonly orReplace: boolean
      readonly ifNotExists: boolean
      readonly temporary: boolean
      readonly parameters: readonly { readonly name: Name; readonly type: DataType }[]
      readonly returns: DataType
      readonly language: 'javascript' | 'sql'
      /** RETURNS NULL ON NULL INPUT. */
      readonly strict: boolean
      readonly body: string
      /** Of the text inside the quotes; of the whole literal if it is written with escapes. */
      readonly bodyAt: Span
      readonly expression?: Expression | undefined
    }
  | { readonly kind: 'delete'; readonly table: Name; readonly where?: Expression | undefined }
  | {
      readonly kind: 'update'
      readonly table: Name
      readonly set: readonly { readonly column: Name; readonly value: Expression }[]
      readonly where?: Expression | undefined
    }
  /** Several continuous jobs that start together. */
  | { readonly kind: 'statement-set'; readonly statements: readonly Statement[] }
  | {
      readonly kind: 'alter'
      readonly object: ObjectKind
      readonly name: Name
      readonly ifExists: boolean
      readonly action: AlterAction
    }
  | {
      readonly kind: 'drop'
      readonly object: ObjectKind
      readonly name: Name
      readonly ifExists: boolean
    }
  | {
      readonly kind: 'show'
      readonly what:
        | 'tables'
        | 'views'
        | 'materialized-views'
        | 'queries'
        | 'functions'
        | 'user-functions'
      readonly filter?: ShowFilter | undefined
    }
  | { readonly kind: 'show-columns'; readonly name: Name; readonly filter?: ShowFilter }
  | { readonly kind: 'show-create'; readonly name: Name; readonly object?: ObjectKind | undefined }
  | { readonly kind: 'describe'; readonly name: Name }
  | { readonly kind: 'describe-function'; readonly name: Name }
  | {
      readonly kind: 'explain'
      readonly mode: 'plan' | 'logical' | 'physical' | 'code' | 'analyze'
      readonly statement: Statement
    }
  /** EXPLAIN ANALYZE of a query or materialized view that runs. */
  | { readonly kind: 'analyze'; readonly name: Name }
  | { readonly kind: 'set'; readonly key?: Name | undefined; readonly value?: SettingValue }
  | { readonly kind: 'reset'; readonly key?: Name | undefined }
