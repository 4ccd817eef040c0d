import type { Catalog, ModelCard } from '@trawl/spec';
import { aeCard } from './ae/card.js';
import { betaTcVaeCard } from './beta-tcvae/card.js';
import { ddlpCard } from './ddlp/card.js';
import { dlpCard } from './dlp/card.js';
import { mspsVaeCard } from './msps-vae/card.js';
import { psVaeCard } from './ps-vae/card.js';
import { vaeCard } from './vae/card.js';

const cards: readonly ModelCard[] = [psVaeCard, mspsVaeCard, vaeCard, betaTcVaeCard, aeCard, dlpCard, ddlpCard];

/** The light half of every model: what api, scheduler and cli know, without TensorFlow.js. */
export const catalog: Catalog = new Map(cards.map((card) => [card.name, card]));
