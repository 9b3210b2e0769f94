/** The progress bar of a transfer: on stderr, and only if that is a terminal. */

import { SingleBar } from 'cli-progress'

export interface TransferBar {
  /** `part` is how much of the input is done, 0..1; undefined if that is not known. */
  update(rows: number, part: number | undefined): void
  close(): void
}

const SCALE = 1000

/** A bar with rows and rows/s; without a terminal it does nothing. */
export function openTransferBar(title: string): TransferBar {
  if (!process.stderr.isTTY) return { update() {}, close() {} }
  const startMs = performance.now()
  const bar = new SingleBar({
    format: ` ${title} {bar} {percentage}% │ {rows} rows │ {rate} rows/s`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: true,
    stream: process.stderr,
  })
  bar.start(SCALE, 0, { rows: '0', rate: '…' })
  return {
    update(rows, part) {
      const seconds = (performance.now() - startMs) / 1000
      const rate = Math.round(rows / Math.max(seconds, 0.001)).toLocaleString('en')
      bar.update(Math.round((part ?? 0) * SCALE), { rows: rows.toLocaleString('en'), rate })
    },
    close: () => bar.stop(),
  }
}
