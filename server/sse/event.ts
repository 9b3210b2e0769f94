/** Server-sent events as bytes (HTML standard, "Server-sent events"). */

export type EventType = 'schema' | 'snapshot' | 'changes' | 'progress' | 'error' | 'end'

/** One event. `data` is JSON and has no line break; `id` is what a client resumes after. */
export function eventBytes(type: EventType, data: string, id?: string): Buffer {
  const idLine = id === undefined ? '' : `id: ${id}\n`
  return Buffer.from(`event: ${type}\n${idLine}data: ${data}\n\n`)
}

/** A comment: shows that the connection lives. */
export const HEARTBEAT = Buffer.from(': heartbeat\n\n')

/** Microseconds as ISO-8601 UTC. null before the first watermark; 'infinity' when the input has
 *  ended, so that no row can follow. */
export function watermarkText(watermarkUs: number): string | null {
  if (watermarkUs === -Infinity) return null
  if (watermarkUs === Infinity) return 'infinity'
  return new Date(Math.floor(watermarkUs / 1000)).toISOString()
}
