/** A picture made of a name: the same name always has the same. Percentages are of the picture's width and height. */
export interface CoverArt {
  /** Degrees on the colour circle; little of it is used, so that real thumbnails beside are not outshone. */
  hue: number;
  /** Two rings that interlock, as in the product's sign. */
  rings: readonly { x: number; y: number; radius: number }[];
  /** What stands in the middle: the name's first letter. */
  initial: string;
}

/** @param seed what the picture depends on: the stream's name in addresses, which does not change. */
export function coverArt(seed: string, name: string): CoverArt {
  const draw = numbers(seed);
  const hue = Math.floor(draw() * 360);
  const x = 18 + draw() * 64;
  const y = 15 + draw() * 70;
  const turn = draw() * 2 * Math.PI;
  const radius = 30 + draw() * 18;
  return {
    hue,
    rings: [
      { x, y, radius },
      { x: x + Math.cos(turn) * radius, y: y + Math.sin(turn) * radius, radius: radius * (0.8 + draw() * 0.4) },
    ],
    initial: initialOf(name),
  };
}

/** The first letter or character as a person sees it, in upper case where there is one. */
export function initialOf(name: string): string {
  const [first] = new Intl.Segmenter().segment(name.trim());
  return first?.segment.toLocaleUpperCase() ?? '';
}

/** Numbers from 0 to 1 that follow from the text: FNV-1a, then a xorshift. */
function numbers(text: string): () => number {
  let state = 0x811c9dc5;
  for (const character of text) state = Math.imul(state ^ character.codePointAt(0)!, 0x01000193);
  state |= 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
  // The first ones of similar names are similar.
  for (let i = 0; i < 8; i++) next();
  return next;
}
