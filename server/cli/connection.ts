/** How a command finds its server: `--url` and `--token`, or MILLRACE_URL and MILLRACE_TOKEN. */

import { type Command, Option } from 'commander'
import { MillraceClient } from '../../client/index.ts'

export const DEFAULT_URL = 'http://127.0.0.1:7070'

export interface ConnectionOptions {
  readonly url: string
  readonly token?: string
}

/** Adds the connection options to a command. */
export function withConnection(command: Command): Command {
  return command
    .addOption(
      new Option('--url <url>', 'address of the server').env('MILLRACE_URL').default(DEFAULT_URL),
    )
    .addOption(new Option('--token <token>', 'access token').env('MILLRACE_TOKEN'))
}

/** A host without a scheme is taken for http. */
export function connect({ url, token }: ConnectionOptions): MillraceClient {
  const full = /^https?:\/\//.test(url) ? url : `http://${url}`
  return new MillraceClient({ url: full, token })
}
