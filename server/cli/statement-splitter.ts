/** Finds where statements end in SQL text: at a `;` that is not inside a string, a quoted name, a
 *  comment or a $$ body. Knows nothing else of SQL; the server parses. */

export interface Statement {
  /** Without the `;` and the white space around. */
  readonly text: string
  /** Where `text` begins in the whole text: lines before it, characters before it in its line. */
  readonly lineOffset: number
  readonly columnOffset: number
}

export interface SplitText {
  readonly statements: readonly Statement[]
  /** What follows the last `;`; '' if it is only white space and comments. */
  readonly rest: string
}

/** One piece: plain text, string, quoted name, comment, $tag$ body, or one character. An opened
 *  piece that does not close takes everything up to the end. \x60 is the back quote. */
const PIECE = new RegExp(
  [
    String.raw`[^\s;'"\x60\-/$]+`,
    "'[^']*(?:''[^']*)*(?:'|$)",
    '"[^"]*(?:""[^"]*)*(?:"|$)',
    String.raw`\x60[^\x60]*(?:\x60|$)`,
    String.raw`--[^\n]*`,
    String.raw`/\*[\s\S]*?(?:\*/|$)`,
    String.raw`\$(\w*)\$[\s\S]*?(?:\$\1\$|$)`,
    String.raw`[\s\S]`,
  ].join('|'),
  'g',
)

/** Statements in order; empty ones (`;;`) are left out. */
export function splitStatements(text: string): SplitText {
  const statements: Statement[] = []
  let start = -1
  for (const match of text.matchAll(PIECE)) {
    const [piece] = match
    if (piece === ';') {
      if (start >= 0) statements.push(statementAt(text, start, match.index))
      start = -1
    } else if (start < 0 && !isGap(piece)) start = match.index
  }
  return { statements, rest: start < 0 ? '' : text.slice(start).trimEnd() }
}

/** The statements, taking what follows the last `;` as one more. */
export function allStatements(text: string): readonly Statement[] {
  const { statements, rest } = splitStatements(text)
  if (rest === '') return statements
  const start = text.trimEnd().length - rest.length
  return [...statements, statementAt(text, start, start + rest.length)]
}

const isGap = (piece: string): boolean =>
  /^\s/.test(piece) || piece.startsWith('--') || piece.startsWith('/*')

function statementAt(text: string, start: number, end: number): Statement {
  const before = text.slice(0, start).split(/\r\n|\r|\n/)
  return {
    text: text.slice(start, end).trimEnd(),
    lineOffset: before.length - 1,
    columnOffset: before.at(-1)!.length,
  }
}
