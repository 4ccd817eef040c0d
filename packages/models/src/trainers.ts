import type { Trainer } from './contract.js';

/** Loaded by name, so that a trainer process reads only the model that it trains. */
const heavyHalves: Readonly<Record<string, () => Promise<Trainer>>> = {
  dlp: async () => (await import('./dlp/trainer.js')).dlp,
  ddlp: async () => (await import('./ddlp/trainer.js')).ddlp,
  'ps-vae': async () => (await import('./ps-vae/trainer.js')).psVae,
  'msps-vae': async () => (await import('./msps-vae/trainer.js')).mspsVae,
  vae: async () => (await import('./vae/trainer.js')).vae,
  'beta-tcvae': async () => (await import('./beta-tcvae/trainer.js')).betaTcVae,
  ae: async () => (await import('./ae/trainer.js')).ae,
};

export const trainerNames: readonly string[] = Object.keys(heavyHalves);

/** @throws Error for a name that no trainer has; the catalog's names all have one (a test keeps it). */
export async function trainerFor(name: string): Promise<Trainer> {
  const load = Object.hasOwn(heavyHalves, name) ? heavyHalves[name] : undefined;
  if (!load) throw new Error(`model ${name} has no trainer; there are ${trainerNames.join(', ')}`);
  return load();
}
