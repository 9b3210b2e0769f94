import { describe, expect, it } from 'vitest'
import { DEFAULT_CONFIG, readConfig } from '../../server/config.ts'

describe('readConfig', () => {
  it('takes options before variables before defaults', () => {
    expect(readConfig()).toEqual(DEFAULT_CONFIG)
    const environment = {
      MILLRACE_PORT: '8080',
      MILLRACE_DATA: '/tmp/x',
      MILLRACE_BODY_BYTES_MAX: '1000',
      MILLRACE_TOKEN: '',
    }
    const config = readConfig({ port: 9090, host: undefined }, environment)
    expect(config).toMatchObject({ port: 9090, host: '127.0.0.1', dataFolder: '/tmp/x' })
    expect(config.limits.bodyBytesMax).toBe(1000)
    expect(config.limits.rowBytesMax).toBe(DEFAULT_CONFIG.limits.rowBytesMax)
    expect(config.token).toBeUndefined()
  })

  it('refuses to be open to the network without a token, and says the way out', () => {
    expect(() => readConfig({ host: '0.0.0.0' })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', hint: expect.stringMatching(/token/) }),
    )
    expect(() => readConfig({ host: '192.168.1.1' })).toThrow(/Without a token/)
    expect(readConfig({ host: '0.0.0.0', token: 'x' }).host).toBe('0.0.0.0')
    for (const host of ['localhost', '127.0.0.53', '::1'])
      expect(readConfig({ host }).host).toBe(host)
  })

  it('refuses values that make no sense', () => {
    expect(() => readConfig({}, { MILLRACE_PORT: 'http' })).toThrow(/MILLRACE_PORT/)
    expect(() => readConfig({ port: 70_000 })).toThrow(/no port 70000/)
    expect(() => readConfig({ heartbeatMs: 0 })).toThrow(/heartbeatMs/)
    expect(() => readConfig({ limits: { bodyBytesMax: -1 } })).toThrow(/bodyBytesMax/)
    expect(() => readConfig({}, { MILLRACE_LOG_LEVEL: 'loud' })).toThrow(/log level/)
  })
})
