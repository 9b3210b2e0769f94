/** Shows the demo while it runs: a live screen on a terminal, plain lines elsewhere. */

import { Painter } from '../painter.ts'
import { styleOf } from '../style.ts'
import { grouped, minuteText } from './format.ts'
import type { DemoModel } from './model.ts'
import { drawFrame } from './screen.ts'

export interface DisplayOptions {
  readonly model: DemoModel
  readonly url: string
  readonly cities: ReadonlyMap<string, string>
  readonly speed: number
  readonly rowsPerSecond: () => number
}

export interface Display {
  /** What is going on now, e.g. `replaying`. */
  phase(text: string): void
  /** Lines of text that stay. */
  print(lines: readonly string[]): void
  /** Stops drawing and gives the cursor back. */
  close(): void
}

const REDRAW_MS = 130
const LINE_MS = 2000

export const openDisplay = (options: DisplayOptions): Display =>
  process.stdout.isTTY ? liveScreen(options) : plainLines(options)

function liveScreen(options: DisplayOptions): Display {
  const painter = new Painter(process.stdout)
  const style = styleOf(process.stdout)
  let phase = 'starting'
  const draw = () => {
    const rowsPerSecond = options.rowsPerSecond()
    painter.paint(drawFrame({ ...options, ...painter.size, rowsPerSecond, phase, style }))
  }
  const timer = setInterval(draw, REDRAW_MS)
  draw()
  return {
    phase(text) {
      phase = text
      draw()
    },
    print(lines) {
      clearInterval(timer)
      draw()
      painter.end()
      process.stdout.write(lines.map((line) => `${line}\n`).join(''))
    },
    close() {
      clearInterval(timer)
      painter.end()
    },
  }
}

function plainLines({ model, rowsPerSecond, url }: DisplayOptions): Display {
  let firstShown = false
  const startMs = performance.now()
  const line = () => {
    const part = model.rowsTotal === 0 ? 0 : model.rowsAppended / model.rowsTotal
    const [worst] = model.worstAirports().airports
    const facts = [
      `${minuteText(model.eventTimeUs)} ${Math.floor(part * 100)} %`,
      `${grouped(model.rowsAppended)} rows`,
      `${grouped(rowsPerSecond())} rows/s`,
      `watermark ${minuteText(model.watermark)}`,
      `lag ${model.lagRows === undefined ? '–' : grouped(model.lagRows)}`,
      `${grouped(model.hourCount)} hours`,
      `${grouped(model.alertCount)} alerts`,
      ...(worst ? [`worst ${worst.origin} ${worst.avgDelay.toFixed(1)} min`] : []),
    ]
    process.stdout.write(`${facts.join(', ')}\n`)
  }
  const firstResult = () => {
    if (firstShown || !model.hasResults) return
    firstShown = true
    const seconds = ((performance.now() - startMs) / 1000).toFixed(1)
    process.stdout.write(`first results after ${seconds} s\n`)
  }
  process.stdout.write(
    `Millrace demo at ${url}\nsubscribe: curl -N ${url}/v1/queries/hourly/events\n`,
  )
  const timer = setInterval(line, LINE_MS)
  const watch = setInterval(firstResult, 100)
  return {
    phase(text) {
      process.stdout.write(`${text}\n`)
    },
    print(lines) {
      firstResult()
      line()
      this.close()
      process.stdout.write(lines.map((text) => `${text}\n`).join(''))
    },
    close() {
      clearInterval(timer)
      clearInterval(watch)
    },
  }
}
