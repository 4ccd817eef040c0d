import { defineConfig } from 'vitest/config';

const shared = {
  resolve: { conditions: ['@trawl/source'] },
  ssr: { resolve: { conditions: ['@trawl/source'] } },
};

export default defineConfig({
  test: {
    projects: [
      {
        ...shared,
        test: {
          name: 'unit',
          include: ['packages/*/src/**/*.test.ts', 'apps/*/src/**/*.test.ts', 'test/unit/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
      {
        // Built packages, real Postgres, real processes.
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          pool: 'forks',
          globalSetup: ['test/support/globalSetup.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'training',
          include: ['test/training/**/*.test.ts'],
          pool: 'forks',
          testTimeout: 600_000,
          hookTimeout: 120_000,
        },
      },
      {
        // Every spec in sweeps/: valid as it stands, and its smoke form run to a ranking.
        test: {
          name: 'examples',
          include: ['test/examples/**/*.test.ts'],
          pool: 'forks',
          globalSetup: ['test/support/globalSetup.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'chaos',
          // Each starts a service of its own.
          maxConcurrency: 3,
          include: ['test/chaos/**/*.test.ts'],
          pool: 'forks',
          globalSetup: ['test/support/globalSetup.ts'],
          testTimeout: 300_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
