import { defineConfig } from 'vitest/config'

/** Set by .ci/run: the file that gets the results as JSON. */
const resultFile = process.env.MILLRACE_TEST_RESULTS

export default defineConfig({
  test: {
    // They kill brokers and wait for them: minutes, so in the long form only.
    exclude: [
      '**/node_modules/**',
      '**/dist/**',
      ...(process.env.MILLRACE_LONG === '1' ? [] : ['test/connectors/*/contract.test.ts']),
    ],
    include: ['test/**/*.test.ts'],
    // Processes and not threads: tests start engines in workers and kill servers.
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: resultFile ? ['default', ['json', { outputFile: resultFile }]] : ['default'],
  },
})
