import { vaeObjective } from '../ps-vae/objectives.js';
import { familyTrainer } from '../ps-vae/trainer.js';
import { vaeCard } from './card.js';
import { VaeParams } from './params.js';

export const vae = familyTrainer({
  card: vaeCard,
  params(raw) {
    const { beta_anneal_epochs, ...params } = VaeParams.parse(raw);
    return { ...params, anneal_epochs: beta_anneal_epochs, alpha: 0, use_label_mask: false };
  },
  objective: () => vaeObjective,
  latents: () => ({ labels: 0, background: 0 }),
});
