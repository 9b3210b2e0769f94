/** The type of one kind of statement, as its parser returns it. */

import type { Statement } from '../../ast.ts'

type Bare<Full> = Full extends unknown ? Omit<Full, 'at' | 'text'> : never
type WithText<Full> = Full extends { query: unknown } ? Bare<Full> & { readonly text: string } : Bare<Full>
type Distributed<Full> = Full extends unknown ? WithText<Full> : never

/** A statement without its place. Statements with a query keep the query's own text. */
export type StatementBody = Distributed<Statement>
export type BodyOf<Kind extends Statement['kind']> = Extract<StatementBody, { kind: Kind }>

/** What stands between CREATE and the name. */
export interface CreateHead {
  readonly orReplace: boolean
  readonly temporary: boolean
  readonly ifNotExists: boolean
}
