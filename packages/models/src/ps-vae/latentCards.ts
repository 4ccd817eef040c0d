import type { DatasetFacts, Fault, MetricCard, Params, Summary } from '@trawl/spec';

/** A latent is active when the variance of its posterior mean over frames is above this. */
export const ACTIVE_VARIANCE = 0.01;

interface ActiveOptions {
  minActive?: number | undefined;
}

/**
 * Collapse guard: a model must not win by having nothing to correlate. `minActive` asks for fewer active latents than all;
 * below 2 the guard is off, for trials too short for any latent to come alive.
 */
function collapsed(summary: Summary, _params: Params, { minActive }: ActiveOptions): string | null {
  const units = summary['train.unsupervised_units'] ?? 0;
  const active = summary['train.active_units'] ?? 0;
  const needed = minActive ?? Math.max(2, units);
  if (active >= needed) return null;
  return `${active} of ${units} unsupervised latents are active (variance of the mean above ${ACTIVE_VARIANCE}); ${needed} must be`;
}

/** With `minActive` over active pairs, where there is one. */
function correlationOf(summary: Summary, { minActive }: ActiveOptions): number {
  const pairs = minActive !== undefined && (summary['train.active_units'] ?? 0) >= 2 ? '_active' : '';
  return summary[`train.latent_correlation${pairs}`] ?? Number.NaN;
}

/** How many unsupervised latents there are, and how many others; `why` is the sum in words. */
export type Units = (params: Params, facts: DatasetFacts) => { units: number; taken: number; why: string };

function tooFewLatents(unitsOf: Units) {
  return (params: Params, facts: DatasetFacts | null): Fault[] => {
    if (facts === null) return [];
    const { units, taken, why } = unitsOf(params, facts);
    // Fewer than none is the model's own fault, told by its check().
    if (units < 0 || units >= 2) return [];
    return [
      {
        path: 'n_ae_latents',
        message: `latent correlation needs 2 unsupervised latents; ${why} leaves ${units}`,
        given: params['n_ae_latents'],
        allowed: `${taken + 2} to 64`,
      },
    ];
  };
}

/** What is said of unsupervised latents without knowing what they should be: of posterior means. */
export function latentCards(unitsOf: Units): readonly MetricCard[] {
  const common = { contains: [], ineligible: collapsed, check: tooFewLatents(unitsOf) } as const;
  const correlation = { ...common, unit: '|r|, 0..1', direction: 'min' } as const;
  const train = { splits: ['train'], perEpoch: false, summary: true } as const;
  return [
    {
      ...correlation,
      name: 'latent_correlation',
      description:
        'Mean |Pearson r| over all pairs of unsupervised latents, posterior means of the training split; with minActive over pairs of active latents',
      splits: ['train'],
      perEpoch: true,
      summary: true,
      value: correlationOf,
    },
    {
      ...correlation,
      ...train,
      name: 'latent_correlation_active',
      description: 'latent_correlation over pairs of active latents alone',
    },
    {
      ...correlation,
      name: 'latent_correlation_first_pair',
      description: "|Pearson r| of the first two unsupervised latents: BehaveNet's code (it takes the test split)",
      splits: ['train', 'val', 'test'],
      perEpoch: false,
      summary: true,
    },
    {
      ...common,
      ...train,
      name: 'gaussian_total_correlation',
      description:
        'Total correlation of unsupervised latents as if they were Gaussian, of posterior means: -1/2 ln det of the correlation matrix',
      unit: 'nats',
      direction: 'min',
      contains: ['n_ae_latents'],
    },
    {
      ...common,
      ...train,
      name: 'mutual_info_score',
      description:
        'Mean mutual information over all pairs of unsupervised latents, posterior means cut to 20 bins; sees more than linear dependence',
      unit: 'nats',
      direction: 'min',
    },
    {
      name: 'active_units',
      description: `Unsupervised latents whose posterior mean has a variance above ${ACTIVE_VARIANCE} over frames`,
      unit: 'latents',
      direction: 'max',
      contains: ['n_ae_latents'],
      splits: ['train'],
      perEpoch: true,
      summary: true,
    },
    {
      ...train,
      name: 'unsupervised_units',
      description: 'Unsupervised latents of the model',
      unit: 'latents',
      direction: null,
      contains: ['n_ae_latents'],
    },
  ];
}
