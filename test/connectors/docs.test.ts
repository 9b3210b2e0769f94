import { expect, it } from 'vitest'
import { CONNECTORS } from '../../connectors/index.ts'
import { connectorPages, writtenPages } from '../../scripts/connector-docs.ts'
import { canonical } from '../../sql/catalog/options.ts'

it('the pages of docs/connectors are what the option tables and the examples say', () => {
  const pages = connectorPages()
  const written = writtenPages()
  expect([...written.keys()].sort()).toEqual([...pages.keys()].sort())
  for (const [path, text] of pages) {
    expect(written.get(path) === text, `${path}: run node scripts/connector-docs.ts`).toBe(true)
  }
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

it('every value by which a connector is read or written in its own way is one of its option', () => {
  for (const { name, options, source, sink } of CONNECTORS.values()) {
    for (const way of [source, sink]) {
      if (way === undefined || !('of' in way)) continue
      const { values } = options[way.option]
      for (const value of Object.keys(way.of)) expect(values, name).toContain(value)
    }
  }
})
