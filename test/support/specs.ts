/** A legal spec of two axes and two seeds on generated data: 8 runs. */
export const smallSpec = () => ({
  name: 'small',
  model: 'ps-vae',
  dataset: { kind: 'behaviour', trials: 20, frames: 8, height: 32, width: 32, labels: 2 },
  params: { n_ae_latents: 4, architecture: 'small', frame_std: 0.1, max_n_epochs: 4, anneal_epochs: 1 },
  seeds: [1, 2],
  grid: { alpha: [50, 500], beta: [1, 5] },
  select: { rule: 'min', metric: 'train.latent_correlation' },
});

/** Two searches and a refit. */
export const stagedSpec = () => {
  const { grid: _grid, select: _select, ...common } = smallSpec();
  return {
    ...common,
    name: 'staged',
    stages: [
      {
        name: 'alpha',
        params: { beta: 1 },
        grid: { alpha: [50, 100, 500] },
        select: {
          rule: 'smallest-within',
          parameter: 'alpha',
          metric: 'val.label_mse',
          direction: 'min',
          tolerance: { factor: 1.1 },
        },
      },
      { name: 'beta', grid: { beta: [1, 5, 10] }, select: { rule: 'min', metric: 'train.latent_correlation' } },
      { name: 'refit', refit: { top: 2, seeds: 3 } },
    ],
  };
};
