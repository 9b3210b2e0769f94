/** The client library, loaded when a table first needs it: the start of a server does not wait for
 *  it. */

export type KafkaLibrary = typeof import('@platformatic/kafka')

let loading: Promise<KafkaLibrary> | undefined

export function loadKafka(): Promise<KafkaLibrary> {
  loading ??= import('@platformatic/kafka')
  return loading
}
