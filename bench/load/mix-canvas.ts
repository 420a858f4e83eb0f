/** What all mixers of the benchmark make. */
export const MIX_CANVAS = { width: 1280, height: 720, fps: 25, gopS: 2, videoKbps: 1500, audioKbps: 128 };

/** Where an input is on the canvas, px; even, and as wide to high as the inputs, so that nobody cuts or adds bars. */
export interface Tile {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** As many inputs as there are layouts for. */
export const MIX_SIZES = [1, 2, 4, 9, 16] as const;

/** @throws Error for a number of inputs that has no layout. */
export function tilesOf(inputs: number): Tile[] {
  switch (inputs) {
    case 1:
      return grid([0], [0], 1280, 720);
    case 2:
      return grid([0, 640], [180], 640, 360);
    case 4:
      return grid([0, 640], [0, 360], 640, 360);
    case 9:
      return grid([0, 432, 864], [0, 242, 486], 416, 234);
    case 16:
      return grid([0, 320, 640, 960], [0, 180, 360, 540], 320, 180);
    default:
      throw new Error(`A mix has ${MIX_SIZES.join(', ')} inputs here, not ${inputs}`);
  }
}

function grid(columns: readonly number[], rows: readonly number[], width: number, height: number): Tile[] {
  return rows.flatMap((y) => columns.map((x) => ({ x, y, width, height })));
}

/** ffmpeg's filters that put inputs 0 to N - 1 on the canvas. @param scaling flags of its scaler. */
export function composingFilters(tiles: readonly Tile[], scaling: string, into: string): string {
  const { width, height } = MIX_CANVAS;
  const scaled = tiles.map((tile, i) => `[${i}:v]scale=${tile.width}:${tile.height}:flags=${scaling}[t${i}]`);
  const labels = tiles.map((_, i) => `[t${i}]`).join('');
  const layout = tiles.map(({ x }, i) => `${x}_${(tiles[i]?.y ?? 0) - (tiles[0]?.y ?? 0)}`).join('|');
  const top = tiles[0]?.y ?? 0;
  const stack =
    tiles.length === 1 ? `${labels}null` : `${labels}xstack=inputs=${tiles.length}:layout=${layout}:fill=black`;
  const pad = top > 0 ? `,pad=${width}:${height}:0:${top}` : '';
  return `${scaled.join(';')};${stack}${pad}[${into}]`;
}
