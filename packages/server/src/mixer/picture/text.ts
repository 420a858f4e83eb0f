import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FFmpegError, FilterGraph, Frame } from 'node-av/lib';

/** How much (0 to 255) of each pixel is text. */
export interface TextMask {
  width: number;
  height: number;
  alpha: Uint8Array;
}

/** First choice; what it lacks comes from any other installed font that has it. */
const FONT = 'Noto Sans CJK SC';
const LINE_HEIGHT = 1.2;
/** Of the line's height: space for glyphs that reach beyond it. */
const MARGIN = 0.5;
const LEAST_ALPHA = 8;
const WORD_JOINER = '\u2060';

/**
 * One line of text in any language, by libass: it shapes, orders right-to-left scripts and finds fonts for each
 * character. Off the event loop's thread, for the first time in a process takes about a second (fonts are looked for).
 *
 * @param size of the letters, px
 * @param maxWidth px; a longer text ends in an ellipsis
 * @returns the text's width by a line's height; null: no font that has any of it is installed
 */
export async function drawText(text: string, size: number, maxWidth: number): Promise<TextMask | null> {
  const characters = [...new Intl.Segmenter().segment(text.replaceAll(/\s+/g, ' ').trim())].map(
    ({ segment }) => segment,
  );
  let count = characters.length;
  for (;;) {
    const shown = characters.slice(0, count).join('').trimEnd();
    const drawn = await drawLine(count < characters.length ? `${shown}…` : shown, size, characters.length);
    if (!drawn || drawn.width <= maxWidth || count <= 1) return drawn;
    count = Math.max(1, Math.min(count - 1, Math.floor((count * maxWidth) / drawn.width)));
  }
}

/**
 * Has fonts looked for, so that the first name of a mix is there as soon as any other. Off the event loop; it is not waited for.
 */
export function warmText(): void {
  // Without any font there is nothing to be early with.
  void drawText('Aa 你好', 16, 200).catch(() => {});
}

async function drawLine(text: string, size: number, characters: number): Promise<TextMask | null> {
  if (text === '') return null;
  const line = Math.ceil(size * LINE_HEIGHT);
  const margin = Math.ceil(line * MARGIN);
  // No letter is wider than two lines are high.
  const canvas = { width: Math.min(4096, 2 * margin + line * 2 * (characters + 1)), height: line + 2 * margin };
  const directory = await mkdtemp(join(tmpdir(), 'lianmai-text-'));
  try {
    const script = join(directory, 'line.ass');
    await writeFile(script, assScript(text, line, margin, canvas));
    using frame = await render(script, canvas);
    return cutOut(frame, line, margin);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function render(script: string, { width, height }: { width: number; height: number }): Promise<Frame> {
  using graph = new FilterGraph();
  graph.alloc();
  const path = script.replaceAll(/[\\':,;[\]]/g, '\\\\\\$&');
  const source = `color=c=black@0:s=${width}x${height}:d=1:r=1,format=rgba`;
  FFmpegError.throwIfError(graph.parsePtr(`${source},ass=${path}:alpha=1,format=rgba,buffersink@out`), 'text');
  FFmpegError.throwIfError(await graph.config(), 'text');
  const sink = graph.getFilter('buffersink@out');
  const frame = new Frame();
  frame.alloc();
  FFmpegError.throwIfError((await sink?.buffersinkGetFrame(frame)) ?? -1, 'text');
  return frame;
}

function assScript(text: string, line: number, margin: number, canvas: { width: number; height: number }): string {
  // Braces would begin a style, a backslash a line break.
  const plain = text.replaceAll('\\', `\\${WORD_JOINER}`).replaceAll(/[{}]/g, '\\$&');
  return `[Script Info]
ScriptType: v4.00+
PlayResX: ${canvas.width}
PlayResY: ${canvas.height}
WrapStyle: 2
[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, OutlineColour, BackColour, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Default,${FONT},${line},&H00FFFFFF,&H00000000,&H00000000,1,0,0,7,${margin},${margin},${margin},-1
[Events]
Format: Layer, Start, End, Style, Text
Dialogue: 0,0:00:00.00,9:00:00.00,Default,${plain}
`;
}

/** The columns that have text, a line high. */
function cutOut(frame: Frame, line: number, margin: number): TextMask | null {
  const plane = frame.data?.[0];
  const stride = frame.linesize[0] ?? 0;
  if (!plane) return null;
  const rows = { from: margin, to: margin + line };
  const at = (x: number, y: number) => plane[y * stride + x * 4 + 3] as number;
  const hasText = (x: number) => {
    for (let y = rows.from; y < rows.to; y++) if (at(x, y) >= LEAST_ALPHA) return true;
    return false;
  };
  let left = 0;
  while (left < frame.width && !hasText(left)) left++;
  if (left === frame.width) return null;
  let right = frame.width - 1;
  while (!hasText(right)) right--;
  const width = right - left + 1;
  const alpha = new Uint8Array(width * line);
  for (let y = 0; y < line; y++) for (let x = 0; x < width; x++) alpha[y * width + x] = at(left + x, rows.from + y);
  return { width, height: line, alpha };
}
