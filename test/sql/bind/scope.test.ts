import { describe, expect, it } from 'vitest'
import type { SqlError } from '../../../engine/base/errors.ts'
import type { Name } from '../../../sql/ast.ts'
import { Scope } from '../../../sql/bind/scope.ts'

const scope = new Scope([
  { table: 'f', name: 'origin', index: 0 },
  { table: 'f', name: 'delay', index: 1 },
  { table: 'g', name: 'origin', index: 2 },
  { table: 'g', name: 'Delay', index: 3 },
  { name: 'total', index: 4 },
])

/** `f.origin`, each part with its place. */
function path(text: string): Name[] {
  let offset = 0
  return text.split('.').map((part) => {
    const name = { text: part, at: { offset, length: part.length } }
    offset += part.length + 1
    return name
  })
}

function refusal(text: string): SqlError {
  try {
    scope.resolve(path(text))
  } catch (error) {
    return error as SqlError
  }
  throw new Error('expected a refusal')
}

describe('resolve', () => {
  it.each([
    ['f.origin', 0],
    ['g.origin', 2],
    ['G.ORIGIN', 2],
    ['delay', 1],
    ['Delay', 3],
    ['total', 4],
    ['TOTAL', 4],
  ])('%s is column %i', (text, index) => {
    expect(scope.resolve(path(text)).index).toBe(index)
  })

  it.each([
    ['origin', 'AMBIGUOUS_NAME', 0, 'It could be f.origin or g.origin.'],
    ['DELAY', 'AMBIGUOUS_NAME', 0, 'It could be f.delay or g.Delay.'],
    ['f.orign', 'UNKNOWN_COLUMN', 2, 'Did you mean origin?'],
    ['totale', 'UNKNOWN_COLUMN', 0, 'Did you mean total?'],
    ['h.origin', 'UNKNOWN_TABLE', 0, 'Did you mean f?'],
    ['total.x', 'UNSUPPORTED', 6, 'A name is a column, or a table and a column.'],
    ['f.origin.x', 'UNSUPPORTED', 9, 'A name is a column, or a table and a column.'],
  ])('%s is refused as %s', (text, code, offset, hint) => {
    expect(refusal(text)).toMatchObject({ code, at: { offset }, hint })
  })
})
