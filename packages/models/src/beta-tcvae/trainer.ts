import { betaTcVaeObjective } from '../ps-vae/objectives.js';
import { familyTrainer } from '../ps-vae/trainer.js';
import { betaTcVaeCard } from './card.js';
import { BetaTcVaeParams } from './params.js';

export const betaTcVae = familyTrainer({
  card: betaTcVaeCard,
  params(raw) {
    const { beta_anneal_epochs, ...params } = BetaTcVaeParams.parse(raw);
    return { ...params, anneal_epochs: beta_anneal_epochs, alpha: 0, use_label_mask: false };
  },
  objective: () => betaTcVaeObjective,
  latents: () => ({ labels: 0, background: 0 }),
});
