import type { Catalog, ModelCard } from '@trawl/spec';
import { psVaeCard } from './ps-vae/card.js';

const cards: readonly ModelCard[] = [psVaeCard];

/** The light half of every model: what api, scheduler and cli know, without TensorFlow.js. */
export const catalog: Catalog = new Map(cards.map((card) => [card.name, card]));
