/** The type of one kind of statement, as its parser returns it. */

import type { Statement } from '../../ast.ts'

type Bare<Full> = Full extends unknown ? Omit<Full, 'at' | 'text'> : never

/** A statement without its place and text, which are added for all of them in one spot. */
export type StatementBody = Bare<Statement>
export type BodyOf<Kind extends Statement['kind']> = Extract<StatementBody, { kind: Kind }>

/** What stands between CREATE and the name. */
export interface CreateHead {
  readonly orReplace: boolean
  readonly temporary: boolean
  readonly ifNotExists: boolean
}
