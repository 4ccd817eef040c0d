export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

/** An SVG as an image: its ids and styles stay its own. */
export function figureImage(svg: string, alt: string): string {
  const data = Buffer.from(svg).toString('base64');
  return `<img class="figure" alt="${escapeHtml(alt)}" src="data:image/svg+xml;base64,${data}">`;
}

const cells = (kind: 'th' | 'td', texts: readonly string[]): string =>
  texts.map((text) => `<${kind}>${escapeHtml(text)}</${kind}>`).join('');

export function table(head: readonly string[], rows: readonly (readonly string[])[], kind: string): string {
  return `<table class="${kind}"><thead><tr>${cells('th', head)}</tr></thead><tbody>${rows.map((row) => `<tr>${cells('td', row)}</tr>`).join('')}</tbody></table>`;
}
