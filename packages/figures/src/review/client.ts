/// <reference lib="dom" />
import type { ReviewData } from './sheet.js';

/**
 * Plays the traversals of a review sheet in step. It runs in the page, as text: everything it needs is inside it.
 */
export function reviewClient(): void {
  // oxlint-disable-next-line unicorn/consistent-function-scoping -- the page gets this function and nothing else
  const element = <T extends HTMLElement>(id: string, kind: new () => T): T => {
    const found = document.querySelector(`#${id}`);
    if (!(found instanceof kind)) throw new Error(`the page has no ${id}`);
    return found;
  };
  const data: ReviewData = JSON.parse(element('data', HTMLScriptElement).textContent);
  const play = element('play', HTMLButtonElement);
  const slider = element('step', HTMLInputElement);
  const where = element('where', HTMLOutputElement);
  const bases = element('base', HTMLSelectElement);
  const labels = element('labels', HTMLInputElement);
  const FRAME_MS = 120;
  const state = { playing: true, at: 0, base: 0 };
  const sprites = new Map<string, HTMLImageElement>();

  interface Panel {
    canvas: HTMLCanvasElement;
    candidate: number;
    latent: number;
  }
  const panels: Panel[] = [];
  const chosen = data.candidates.map(() => 0);

  /** Up and down again. */
  const stepNow = (): number => (state.at < data.steps ? state.at : 2 * data.steps - 1 - state.at);

  const spriteOf = (candidate: number): HTMLImageElement | undefined => {
    const url = data.candidates[candidate]?.seeds[chosen[candidate] ?? 0]?.sprites[state.base];
    if (url === undefined) return undefined;
    let image = sprites.get(url);
    if (image === undefined) {
      image = new Image();
      image.addEventListener('load', draw);
      image.src = url;
      sprites.set(url, image);
    }
    return image;
  };

  function draw(): void {
    const step = stepNow();
    slider.value = String(step);
    where.textContent = `${step + 1} of ${data.steps}`;
    for (const { canvas, candidate, latent } of panels) {
      const image = spriteOf(candidate);
      if (image === undefined || !image.complete || canvas.offsetParent === null) continue;
      const { width, height } = data;
      canvas.getContext('2d')?.drawImage(image, step * width, latent * height, width, height, 0, 0, width, height);
    }
  }

  const setPlaying = (playing: boolean): void => {
    state.playing = playing;
    play.textContent = playing ? 'Pause' : 'Play';
  };
  const setBase = (base: number): void => {
    state.base = base;
    bases.value = String(base);
    draw();
  };
  const setLabels = (shown: boolean): void => {
    labels.checked = shown;
    for (const figure of document.querySelectorAll('[data-label]')) figure.toggleAttribute('hidden', !shown);
    draw();
  };
  const stepBy = (by: number): void => {
    setPlaying(false);
    state.at = Math.max(0, Math.min(data.steps - 1, stepNow() + by));
    draw();
  };

  for (const [i, name] of data.bases.entries()) bases.add(new Option(name, String(i)));
  for (const [i, candidate] of data.candidates.entries()) {
    const stage = document.querySelector(`[data-stage="${i}"]`);
    if (stage === null || candidate.seeds.length === 0) continue;
    const seeds = document.createElement('select');
    seeds.setAttribute('aria-label', `seed of ${candidate.name}`);
    for (const [k, seed] of candidate.seeds.entries()) seeds.add(new Option(seed.name, String(k)));
    seeds.addEventListener('change', () => {
      chosen[i] = Number(seeds.value);
      draw();
    });
    stage.append(seeds);
    for (const [latent, name] of candidate.latents.entries()) {
      const figure = document.createElement('figure');
      const caption = document.createElement('figcaption');
      const canvas = document.createElement('canvas');
      canvas.width = data.width;
      canvas.height = data.height;
      caption.textContent = name;
      figure.append(caption, canvas);
      if (latent >= candidate.unsupervised) figure.dataset['label'] = '';
      stage.append(figure);
      panels.push({ canvas, candidate: i, latent });
    }
  }

  play.addEventListener('click', () => setPlaying(!state.playing));
  slider.addEventListener('input', () => {
    setPlaying(false);
    state.at = Number(slider.value);
    draw();
  });
  bases.addEventListener('change', () => setBase(Number(bases.value)));
  labels.addEventListener('change', () => setLabels(labels.checked));
  document.addEventListener('keydown', (event) => {
    if (event.target instanceof HTMLSelectElement || event.ctrlKey || event.metaKey || event.altKey) return;
    const actions: Record<string, () => void> = {
      ' ': () => setPlaying(!state.playing),
      ArrowLeft: () => stepBy(-1),
      ArrowRight: () => stepBy(1),
      b: () => setBase((state.base + 1) % Math.max(1, data.bases.length)),
      l: () => setLabels(!labels.checked),
    };
    const action = actions[event.key];
    if (action === undefined) return;
    event.preventDefault();
    action();
  });
  if (data.steps === 0) element('controls', HTMLDivElement).hidden = true;
  setLabels(false);
  setInterval(() => {
    if (!state.playing || data.steps === 0) return;
    state.at = (state.at + 1) % (2 * data.steps);
    draw();
  }, FRAME_MS);
}
