/** Where the brokers are. */

import { fail } from '../../engine/base/errors.ts'

export interface Address {
  readonly host: string
  readonly port: number
}

const PORT = 9092

/** Of a list `host:port,host:port`; an IPv6 address stands in brackets. INVALID_OPTION. */
export function addressesOf(list: string): Address[] {
  return list.split(',').map((text) => {
    const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/]+))(?::(\d{1,5}))?$/.exec(text.trim())
    const port = Number(match?.[3] ?? PORT)
    if (match === null || port > 65_535) {
      return fail('INVALID_OPTION', `'${text}' is no address of a broker`, {
        hint: "'properties.bootstrap.servers' is a list such as 'host1:9092,host2:9092'.",
      })
    }
    return { host: match[1] ?? match[2], port }
  })
}

/** For messages. */
export const kafkaAt = (options: Readonly<Record<string, string>>): string =>
  `Kafka at ${options['properties.bootstrap.servers']}`
