/** A secret that was planted, by the name it is reported under. */
export type Canaries = Readonly<Record<string, string>>;

/** Shorter pieces appear by chance; a leak of a part is a leak. */
const PIECE = 8;

/** Every way in which a text may be written down: as it is, encoded for URLs, forms, JSON, HTML, base64 (at each offset), hex. */
function listShapes(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const base64 = [0, 1, 2].flatMap((offset) => {
    const text = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    // The first and last characters depend on the neighbours.
    const inner = text.slice(offset === 0 ? 0 : 4, -1);
    return [inner, inner.replaceAll('+', '-').replaceAll('/', '_')];
  });
  return [
    ...[secret, encodeURIComponent(secret), new URLSearchParams({ '': secret }).toString().slice(1)],
    ...[JSON.stringify(secret).slice(1, -1), secret.replaceAll('&', '&amp;'), bytes.toString('hex')],
    ...base64,
  ];
}

/** Every piece of every shape, in lower case, by which canary it tells of. */
function listPieces(canaries: Canaries): Map<string, string> {
  const pieces = new Map<string, string>();
  for (const [canary, secret] of Object.entries(canaries))
    for (const shape of listShapes(secret).map((one) => one.toLowerCase()))
      for (let at = 0; at + PIECE <= shape.length; at++) pieces.set(shape.slice(at, at + PIECE), canary);
  return pieces;
}

/**
 * Where a canary, or eight characters of it in any shape and case, can be read.
 * @param places texts by the name of where they were found
 * @returns `canary in place: the text around it`, at most one for each canary and place.
 */
export function findLeaks(canaries: Canaries, places: Readonly<Record<string, string>>): string[] {
  const pieces = listPieces(canaries);
  return Object.entries(places).flatMap(([place, text]) => {
    const lower = text.toLowerCase();
    const found = new Map<string, string>();
    for (let at = 0; at + PIECE <= lower.length; at++) {
      const canary = pieces.get(lower.slice(at, at + PIECE));
      if (canary !== undefined && !found.has(canary))
        found.set(canary, `${canary} in ${place}: ${text.slice(Math.max(0, at - 80), at + 40)}`);
    }
    return [...found.values()];
  });
}
