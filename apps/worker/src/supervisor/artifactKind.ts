import type { ArtifactView } from '@trawl/spec';

/** What a trainer's file is, by its name and media type. */
export function artifactKind(name: string, mediaType: string): ArtifactView['kind'] {
  if (/^weights\b/.test(name)) return 'weights';
  if (/^latents\b/.test(name)) return 'latents';
  if (mediaType === 'image/gif' || mediaType.startsWith('video/')) return 'movie';
  if (mediaType.startsWith('image/')) return 'figure';
  if (mediaType.startsWith('text/csv') || mediaType.startsWith('text/tab-separated-values')) return 'table';
  return 'other';
}
