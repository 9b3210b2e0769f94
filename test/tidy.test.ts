import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { functionsOf } from '../scripts/tidy/functions.ts'
import { importsOf } from '../scripts/tidy/imports.ts'
import { findingsOf, RULES } from '../scripts/tidy/rules.ts'
import { tokenize } from '../scripts/tidy/tokens.ts'
import { readTree, treeOf } from '../scripts/tidy/tree.ts'

const root = resolve(import.meta.dirname, '..')

test('the repository keeps the house rules', () => {
  expect(findingsOf(readTree(root))).toEqual([])
})

const DOC = '/** Owns a thing. */\n'
const lines = (count: number, line: string) => `${line}\n`.repeat(count)

interface Sample {
  /** Texts by path that break exactly this rule. */
  readonly bad: Record<string, string>
  /** What the finding says after its rule's name. */
  readonly says: RegExp
  /** A neighbour of the bad text that is fine. */
  readonly good: Record<string, string>
}

const manifest = (names: string[]) =>
  JSON.stringify({ dependencies: Object.fromEntries(names.map((name) => [name, '1.0.0'])) })

const SAMPLES: Record<string, Sample[]> = {
  'import-direction': [
    {
      bad: { 'engine/batch/a.ts': `${DOC}import { b } from '../expr/b.ts'\n` },
      says: /engine\/batch\/ must not import engine\/expr \(it may import base\)/,
      good: { 'engine/expr/a.ts': `${DOC}import { b } from '../batch/b.ts'\n` },
    },
    {
      bad: { 'engine/log/a.ts': `${DOC}import type { B } from '../state/b.ts'\n` },
      says: /engine\/log\/ must not import engine\/state/,
      good: { 'engine/graph/a.ts': `${DOC}import type { B } from '../log/b.ts'\n` },
    },
    {
      bad: { 'sql/a.ts': `${DOC}import { b } from '../connectors/b.ts'\n` },
      says: /sql\/ must not import connectors\/ \(it may import engine\)/,
      good: { 'server/a.ts': `${DOC}import { b } from '../connectors/b.ts'\n` },
    },
    {
      bad: { 'engine/plan/a.ts': `${DOC}import { b } from '../../sql/b.ts'\n` },
      says: /engine\/ must not import sql\/ \(it may import only itself\)/,
      good: { 'engine/index.ts': `${DOC}export { b } from './graph/b.ts'\n` },
    },
    {
      bad: { 'server/a.ts': `${DOC}import { b } from '../test/b.ts'\n` },
      says: /server\/ must not import test\//,
      good: { 'test/a.test.ts': `import { b } from '../server/b.ts'\n` },
    },
  ],
  'front-door': [
    {
      bad: { 'sql/parse/a.ts': `${DOC}import { b } from './index.ts'\n` },
      says: /import the file itself, not sql\/parse\/index\.ts/,
      good: { 'sql/bind/a.ts': `${DOC}import { b } from '../parse/index.ts'\n` },
    },
  ],
  'import-cycle': [
    {
      bad: {
        'sql/a.ts': `${DOC}import { b } from './b.ts'\n`,
        'sql/b.ts': `${DOC}import { c } from './c.ts'\n`,
        'sql/c.ts': `${DOC}export { a } from './a.ts'\n`,
      },
      says: /cycle sql\/a\.ts -> sql\/b\.ts -> sql\/c\.ts -> sql\/a\.ts/,
      good: {
        'sql/a.ts': `${DOC}import { b } from './b.ts'\n`,
        'sql/b.ts': `${DOC}import type { A } from './a.ts'\n`,
      },
    },
  ],
  'vendor-home': [
    {
      bad: { 'sql/bind/a.ts': `${DOC}import nsp from 'node-sql-parser/build/postgresql.js'\n` },
      says: /node-sql-parser is imported in sql\/parse\/ only/,
      good: { 'sql/parse/a.ts': `${DOC}import nsp from 'node-sql-parser/build/postgresql.js'\n` },
    },
    {
      bad: { 'server/a.ts': `${DOC}const peer = await import('@electric-sql/d2ts')\n` },
      says: /@electric-sql\/d2ts is imported in tests and bench only/,
      good: { 'bench/a.ts': `${DOC}const peer = await import('@electric-sql/d2ts')\n` },
    },
  ],
  dependency: [
    {
      bad: { 'package.json': manifest(['left-pad']) },
      says: /(?:list left-pad in|explain `left-pad` in|left-pad is not used)/,
      good: {},
    },
    {
      bad: { 'package.json': manifest([]), 'server/a.ts': `${DOC}import { x } from 'left-pad'\n` },
      says: /left-pad is not in package\.json/,
      good: {},
    },
  ],
  'dead-file': [
    {
      bad: {
        'package.json': '{"bin":{"m":"dist/server/main.js"}}',
        'server/main.ts': `${DOC}import './used.ts'\n`,
        'server/used.ts': DOC,
        'server/lost.ts': DOC,
        'test/lost.test.ts': `import '../server/lost.ts'\n`,
      },
      says: /^server\/lost\.ts:1 .*nothing imports it/,
      good: {
        'package.json': '{"bin":{"m":"dist/server/main.js"}}',
        'server/main.ts': `${DOC}new Worker(new URL('./worker.ts', import.meta.url))\n`,
        'server/worker.ts': DOC,
      },
    },
  ],
  'document-path': [
    {
      bad: { 'docs/a.md': 'See `engine/gone.ts` and [this](b.md).\n', 'engine/here.ts': DOC },
      says: /engine\/gone\.ts does not exist|docs\/b\.md does not exist/,
      good: {
        'docs/a.md': 'See `engine/here`, `engine/`, `engine/h*.ts`, [this](../docs/a.md#part).\n',
        'engine/here.ts': DOC,
      },
    },
  ],
  'banned-call': [
    {
      bad: { 'engine/graph/a.ts': `${DOC}const t = Date.now()\n` },
      says: /Date\.now is banned: use the Clock/,
      good: { 'engine/base/a.ts': `${DOC}const t = Date.now() // setTimeout(` },
    },
    {
      bad: { 'sql/a.ts': `${DOC}const x = Math.random()\n` },
      says: /Math\.random is banned: use engine\/base\/random\.ts/,
      good: { 'sql/a.ts': `${DOC}const x = 'Math.random()'\n` },
    },
    {
      bad: { 'server/a.ts': `${DOC}setTimeout(f, 5)\nsetInterval(f, 5)\n` },
      says: /setTimeout is banned: use Clock\.after|setInterval is banned/,
      good: { 'server/cli/a.ts': `${DOC}setTimeout(f, 5)\n` },
    },
    {
      bad: { 'connectors/a.ts': `${DOC}import { readFileSync } from 'node:fs'\n` },
      says: /node:fs is banned: use the Disk/,
      good: { 'scripts/a.ts': `${DOC}import { readFileSync } from 'node:fs'\n` },
    },
    {
      bad: { 'engine/operator/a.ts': `${DOC}const f = new Function('x', code)\n` },
      says: /newFunction is banned: use engine\/expr\/compile\.ts/,
      good: { 'engine/expr/compile.ts': `${DOC}const f = new Function('x', code)\n` },
    },
    {
      bad: { 'server/a.ts': `${DOC}console.log(1)\nprocess.exit(1)\n` },
      says: /console\. is banned|process\.exit\( is banned/,
      good: { 'bench/a.ts': `${DOC}console.log(1)\n` },
    },
  ],
  'explicit-any': [
    {
      bad: { 'sql/a.ts': `${DOC}const f = (x: any) => x\nconst g = y as any\n` },
      says: /`any` is banned/,
      good: { 'sql/a.ts': `${DOC}const any = [1].some(Boolean) // any\nconst s = "x: any"\n` },
    },
    {
      bad: { 'sql/a.ts': `${DOC}// @ts-${'ignore'}\nconst g = y\n` },
      says: /@ts-ignore is banned/,
      good: { 'sql/a.ts': `${DOC}// ignore\nconst g = y\n` },
    },
  ],
  'default-export': [
    {
      bad: { 'sql/a.ts': `${DOC}export default 1\n` },
      says: /no default export/,
      good: { 'vite.config.ts': 'export default 1\n' },
    },
  ],
  leftover: [
    {
      bad: { 'sql/a.ts': `${DOC}// TO${''}DO: later\n` },
      says: /:2 leftover: TO\wO: do it now/,
      good: { 'sql/a.ts': `${DOC}const TO${''}DO = 1\n` },
    },
  ],
  'focused-test': [
    {
      bad: { 'test/a.test.ts': `test.only('x', f)\ndescribe.skip('y', f)\n` },
      says: /\.only: let the whole suite run|\.skip without a reason/,
      good: { 'test/a.test.ts': `// No broker on this machine.\ntest.skipIf(gone)('x', f)\n` },
    },
  ],
  'machine-path': [
    {
      bad: { 'docs/a.md': `Look at /${'home'}/anna/millrace\n` },
      says: /names a folder of one machine/,
      good: { 'docs/a.md': 'Look at /home and ./home/anna, at https://example.org/work/it\n' },
    },
    {
      bad: { 'package-lock.json': `{"${'resolved'}": "https://npm.example.org/hono.tgz"}` },
      says: /names a private registry/,
      good: { 'package-lock.json': '{"resolved": "https://registry.npmjs.org/hono.tgz"}' },
    },
  ],
  'file-name': [
    {
      bad: { 'sql/splitName.ts': DOC, 'sql/string-utils.ts': DOC },
      says: /in-kebab-case|"string-utils" says nothing/,
      good: { 'sql/split-name.ts': DOC, 'sql/common-type.ts': DOC, 'test/helpers/a.ts': '' },
    },
  ],
  'opening-comment': [
    {
      bad: { 'sql/a.ts': `// a\nimport { b } from './b.ts'\n` },
      says: /open with a \/\*\* comment/,
      good: { 'scripts/a.ts': `#!/usr/bin/env node\n${DOC}` },
    },
  ],
  'file-length': [
    {
      bad: { 'sql/a.ts': DOC + lines(400, 'f()') },
      says: /401 lines, at most 400: split it/,
      good: { 'sql/a.ts': DOC + lines(399, 'f()'), 'test/a.test.ts': lines(500, 'f()') },
    },
    {
      bad: {
        'sql/a.ts': DOC + lines(449, 'f()'),
        'scripts/tidy/ratchet.json': '{"file-length":{"sql/a.ts":500,"sql/gone.ts":600}}',
      },
      says: /lower file-length "sql\/a\.ts" from 500 to 450|remove file-length "sql\/gone\.ts"/,
      good: {
        'sql/a.ts': DOC + lines(449, 'f()'),
        'scripts/tidy/ratchet.json': '{"file-length":{"sql/a.ts":450}}',
      },
    },
  ],
  'function-length': [
    {
      bad: { 'sql/a.ts': `${DOC}function f(): void {\n${lines(69, '  g()')}}\n` },
      says: /:2 function-length: 71 lines, at most 70/,
      good: { 'sql/a.ts': `${DOC}function f(): void {\n${lines(68, '  g()')}}\n` },
    },
  ],
  'line-length': [
    {
      bad: { 'sql/a.ts': `${DOC}// ${'x'.repeat(98)}\n` },
      says: /101 columns, at most 100/,
      good: { 'sql/a.ts': `${DOC}// https://example.org/${'x'.repeat(98)}\n` },
    },
  ],
}

describe('each rule', () => {
  test('has a sample', () => {
    expect(Object.keys(SAMPLES).sort()).toEqual(RULES.map((rule) => rule.name).sort())
  })

  for (const rule of RULES) {
    for (const [index, { bad, says, good }] of (SAMPLES[rule.name] ?? []).entries()) {
      const run = (texts: Record<string, string>) =>
        findingsOf(treeOf(new Map(Object.entries(texts))), [rule])

      test(`${rule.name} fires on bad sample ${index + 1} and not on its neighbour`, () => {
        const findings = run(bad)
        expect(findings).not.toEqual([])
        const own = rule.name === 'dependency' ? findings.filter(isNotTable) : findings
        for (const finding of own) expect(finding).toMatch(says)
        expect(run(good)).toEqual([])
      })
    }
  }
})

/** A tree with one dependency also misses all the listed ones: not what the sample is about. */
const isNotTable = (finding: string) => !finding.startsWith('scripts/tidy/vendors.ts')

describe('the scanner', () => {
  const kinds = (text: string) => tokenize(text).map(({ kind, text }) => `${kind} ${text}`)

  test('tells a regular expression from a division', () => {
    expect(kinds("a / b / c; x = /'[/]/g")).toEqual([
      ...['word a', 'symbol /', 'word b', 'symbol /', 'word c', 'symbol ;'],
      ...['word x', 'symbol =', "regex /'[/]/g"],
    ])
  })

  test('keeps braces of templates apart from braces of code', () => {
    const text = `const f = () => { return \`a\${ { b: \`}\${1}\` } }c\` }`
    expect(functionsOf(tokenize(text))).toEqual([{ name: 'f', line: 1, endLine: 1 }])
    expect(kinds(`\`a\${b}c\${\`d\`}\``)).toEqual([
      ...['template `a$'.concat('{'), 'word b', 'template }c$'.concat('{')],
      ...['template `d`', 'template }`'],
    ])
  })

  test('counts lines through comments, templates and strings', () => {
    const last = tokenize("/* a\nb */ `c\nd` 'e\\\nf'\ng").at(-1)
    expect(last).toEqual({ kind: 'word', text: 'g', line: 5, endLine: 5 })
  })

  test('finds every form of function and nothing else', () => {
    const text = `
      function a(): void {}
      const b = async <T>(x: T): Promise<Map<string, { y: T }>> => {}
      class C extends D {
        constructor(x: number) {}
        get e(): number {}
        async *f<T>(x: T): AsyncGenerator<T> {}
        #g = (): x is (A | B) => {}
        ['h'](): void {}
      }
      if (a) {} else if (f() ? g() : h(1)) {}
      for (const x of y(z)) {}
      switch (x) { case (1): {} }
      interface I {}
      const o = { i: (a), j: {}, k() {} }
      try {} catch (e) {} finally {}
    `
    const names = functionsOf(tokenize(text)).map(({ name }) => name)
    expect(names).toEqual(['a', 'b', 'constructor', 'e', 'f', '#g', '(computed)', 'k'])
  })

  test('finds every form of import', () => {
    const text = `
      import a, { type B } from './a.ts'
      import type { C } from './c.ts'
      import './d.ts'
      export * from './e.ts'
      export type { F } from './f.ts'
      export { g }
      export type H = { from: 'x' }
      const i = await import('./i.ts')
      const j = new URL('./j.ts', import.meta.url)
      new URL(
        import.meta.url.endsWith('.ts') ? './l.ts' : './l.js',
        import.meta.url,
      )
      const k = new URL('../k.ts', import.meta.resolve('k'))
    `
    const imports = importsOf(tokenize(text))
    expect(imports.map(({ specifier }) => specifier)).toEqual([
      ...['./a.ts', './c.ts', './d.ts', './e.ts', './f.ts', './i.ts', './j.ts', './l.ts'],
    ])
    expect(imports.filter((found) => found.typeOnly).map((found) => found.specifier)).toEqual([
      './c.ts',
      './f.ts',
    ])
    expect(imports.at(-1)?.byUrl).toBe(true)
  })
})
