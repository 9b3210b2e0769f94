import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { CONNECTORS } from '../../connectors/index.ts'
import { connectorPage } from '../../scripts/connector-docs.ts'
import { canonical } from '../../sql/catalog/options.ts'

it('docs/connectors.md is what the option tables say', () => {
  const path = join(import.meta.dirname, '../../docs/connectors.md')
  expect(readFileSync(path, 'utf8'), 'run: node scripts/connector-docs.ts').toBe(connectorPage())
})

it('every default is a value of its option, and every option has a sentence', () => {
  for (const { name, options } of CONNECTORS.values()) {
    for (const [key, spec] of Object.entries(options)) {
      expect(spec.doc, `${name} ${key}`).toMatch(/\.$/)
      if (spec.default !== undefined)
        expect(() => canonical(spec, key, spec.default!)).not.toThrow()
    }
  }
})
