import { defineConfig } from 'vitest/config'

/** Set by .ci/run: the file that gets the results as JSON. */
const resultFile = process.env.MILLRACE_TEST_RESULTS

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Processes and not threads: tests start engines in workers and kill servers.
    pool: 'forks',
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: resultFile ? ['default', ['json', { outputFile: resultFile }]] : ['default'],
  },
})
