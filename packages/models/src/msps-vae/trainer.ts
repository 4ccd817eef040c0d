import { familyTrainer } from '../ps-vae/trainer.js';
import { mspsVaeCard } from './card.js';
import { KERNELS } from './kernels.js';
import { mspsVaeObjective } from './loss.js';
import { MspsVaeParams } from './params.js';
import { sessionMetrics } from './sessionMetrics.js';

export const mspsVae = familyTrainer({
  card: mspsVaeCard,
  kernels: KERNELS,
  params(raw) {
    const {
      n_background: _background,
      n_sessions_per_batch: _sessions,
      delta: _delta,
      ...params
    } = MspsVaeParams.parse(raw);
    return params;
  },
  objective(raw) {
    const { delta, n_background } = MspsVaeParams.parse(raw);
    return mspsVaeObjective(delta, n_background);
  },
  batchTrials: (raw) => MspsVaeParams.parse(raw).n_sessions_per_batch,
  summary: sessionMetrics,
  latents: (raw, { labels }) => ({ labels, background: MspsVaeParams.parse(raw).n_background }),
});
