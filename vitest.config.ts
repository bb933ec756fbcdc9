import { defineConfig } from 'vitest/config'

const atLeast = { lines: 90 }

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: './test/support/fetch-once.ts',
    // Modules hold no state, so the files that a worker runs share what they import.
    isolate: false,
    // One core fewer by default; but who waits for a model's process leaves its core to others.
    maxWorkers: '100%',
    // Nothing is timed: this ends what hangs, and a long prompt takes most of a minute on a machine that has a bad day.
    testTimeout: 180_000,
    hookTimeout: 300_000,
    reporters: ['default', './test/support/summary-reporter.ts'],
    coverage: {
      include: ['src/**/*.ts'],
      exclude: ['src/**/*.test.ts'],
      thresholds: { 'src/core/**': atLeast, 'src/protocols/**': atLeast, 'src/routing/**': atLeast },
    },
  },
})
