/** How much text the parser takes on. Every limit is checked before the work it bounds (law 7). */

export interface ParseLimits {
  /** UTF-16 code units of the whole text. */
  readonly lengthMax: number
  /** Tokens of the whole text. */
  readonly tokensMax: number
  readonly statementsMax: number
  /** Pieces of one statement that the grammar has to look at, about two for each operand, and
   *  some more for each query in it. Rows of literals in VALUES and lists of literals in IN do not
   *  count. */
  readonly grammarPiecesMax: number
  /** Brackets, CASE and prefix operators inside one another. */
  readonly nestingMax: number
  /** Operators, joins or set operations in one chain that cannot be balanced. */
  readonly chainMax: number
}

export const DEFAULT_LIMITS: ParseLimits = {
  lengthMax: 1 << 20,
  tokensMax: 250_000,
  statementsMax: 1_000,
  grammarPiecesMax: 20_000,
  nestingMax: 100,
  chainMax: 500,
}
