/** How tightly operators bind: PostgreSQL's table, from loose to tight. */

export const LEVEL = {
  OR: 1,
  AND: 2,
  NOT: 3,
  IS: 4,
  COMPARISON: 5,
  /** BETWEEN, IN, LIKE and its kin. */
  MATCH: 6,
  /** `||`, `->` and every operator without a level of its own. */
  OTHER: 7,
  SUM: 8,
  PRODUCT: 9,
  ZONE: 10,
  SIGN: 11,
  /** `x[1]`, `x.y`, `x::type`. */
  POSTFIX: 12,
} as const
