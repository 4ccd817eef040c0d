import type { Trainer } from '../contract.js';
import { trainLoop } from '../dlp/loop/train.js';
import { ddlpCard } from './card.js';
import { ddlpModel } from './videoModel.js';

export const ddlp: Trainer = {
  card: ddlpCard,
  train: (ctx) => trainLoop(ctx, ddlpModel(ctx)),
};
