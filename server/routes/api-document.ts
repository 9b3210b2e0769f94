/** The OpenAPI document: every call, as the routes declare them. */

import type { App } from '../app-context.ts'

export function apiDocument(app: App): void {
  app.doc31('/openapi.json', {
    openapi: '3.1.0',
    info: { title: 'Millrace', version: '1', description: 'A SQL streaming database over queues.' },
  })
}
