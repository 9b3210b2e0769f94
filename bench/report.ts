/** Writes bench/RESULTS.md: a section per topic, so that one topic can be measured alone. */

import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Report, Topic } from './topic.ts'

const FILE = join(import.meta.dirname, 'RESULTS.md')
const HEAD = `# Benchmark results

Written by \`npm run bench\` (one topic: \`npm run bench -- --only NAME\`). Medians of several runs after warm-up. Each
section says where it was measured. Numbers of different machines can't be compared; ratios can, roughly.
`

/** Replaces the topic's section; the others stay as they are. `order`: all topics' names. */
export function saveReport(
  { name, title }: Topic,
  report: Report,
  machine: string,
  order: readonly string[],
): void {
  const sections = readSections()
  sections.set(name, section(name, title, report, machine))
  const known = order.flatMap((topic) => sections.get(topic) ?? [])
  writeFileSync(FILE, [HEAD, ...known].join('\n'))
}

/** The report's table with columns aligned. */
export function table({ header, rows }: Report): string {
  const widths = header.map((_, i) => Math.max(...[header, ...rows].map((row) => row[i].length)))
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`
  const rule = `|${widths.map((width, i) => `${'-'.repeat(width + (i === 0 ? 2 : 1))}${i === 0 ? '' : ':'}`).join('|')}|`
  return [line(header), rule, ...rows.map(line)].join('\n')
}

function section(name: string, title: string, report: Report, machine: string): string {
  const notes = report.notes.map((note) => `- ${note}`).join('\n')
  return `<!-- ${name} -->\n## ${title}\n\n${table(report)}\n\n${notes}\n- ${machine}\n`
}

function readSections(): Map<string, string> {
  let text = ''
  try {
    text = readFileSync(FILE, 'utf8')
  } catch {
    // The first run on this machine: there is nothing to keep.
  }
  const sections = new Map<string, string>()
  for (const part of text.split(/^(?=<!-- )/m)) {
    const name = /^<!-- ([\w-]+) -->/.exec(part)?.[1]
    if (name !== undefined) sections.set(name, `${part.trimEnd()}\n`)
  }
  return sections
}
