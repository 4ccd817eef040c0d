import { aeObjective } from '../ps-vae/objectives.js';
import { familyTrainer } from '../ps-vae/trainer.js';
import { aeCard } from './card.js';
import { AeParams } from './params.js';

export const ae = familyTrainer({
  card: aeCard,
  params: (raw) => ({
    ...AeParams.parse(raw),
    sampling: 'none',
    alpha: 0,
    beta: 0,
    anneal_epochs: 0,
    frame_std: 1,
    use_label_mask: false,
  }),
  objective: () => aeObjective,
  latents: () => ({ labels: 0, background: 0 }),
});
