import type { Trainer } from '../contract.js';
import { dlpCard } from './card.js';
import { dlpModel } from './imageModel.js';
import { trainLoop } from './loop/train.js';

export const dlp: Trainer = {
  card: dlpCard,
  train: (ctx) => trainLoop(ctx, dlpModel(ctx)),
};
