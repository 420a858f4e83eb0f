import {
  AV_FRAME_DATA_DISPLAYMATRIX,
  AV_PIX_FMT_YUV420P,
  AV_PIX_FMT_YUVJ420P,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_BT470BG,
  AVCOL_SPC_BT709,
  AVCOL_SPC_FCC,
  AVCOL_SPC_SMPTE170M,
  AVCOL_SPC_SMPTE240M,
  AVCOL_SPC_UNSPECIFIED,
} from 'node-av/constants';
import { FFmpegError, Filter, type FilterContext, FilterGraph, Frame } from 'node-av/lib';

/** The matrices of standard definition, as FFmpeg's colorspace filter calls them. */
const CONVERTIBLE = new Map<number, string>([
  [AVCOL_SPC_SMPTE170M, 'smpte170m'],
  [AVCOL_SPC_BT470BG, 'bt470bg'],
  [AVCOL_SPC_SMPTE240M, 'smpte240m'],
  [AVCOL_SPC_FCC, 'bt470m'],
]);

const TURNS = {
  0: [],
  90: [['transpose', 'clock']],
  180: [
    ['hflip', ''],
    ['vflip', ''],
  ],
  270: [['transpose', 'cclock']],
} as const satisfies Record<number, readonly (readonly [string, string])[]>;
/** Clockwise, degrees. */
type Turn = keyof typeof TURNS;

/**
 * Makes any decoded picture what the canvas is: 4:2:0, limited range, BT.709, upright. Pictures that do not tell their
 * matrix are taken as they are, as other mixers do: what they were made with is anybody's guess.
 */
export class Normaliser {
  #graph: { key: string; graph: FilterGraph; source: FilterContext; sink: FilterContext } | null = null;
  readonly #out = new Frame();

  constructor() {
    this.#out.alloc();
  }

  /** Turns the picture in place; one that is fine already costs nothing. @throws FFmpegError */
  normalise(frame: Frame): void {
    const turn = turnOf(frame);
    if (frame.format === AV_PIX_FMT_YUVJ420P) {
      frame.format = AV_PIX_FMT_YUV420P;
      frame.colorRange = AVCOL_RANGE_JPEG;
    }
    const { format, colorSpace } = frame;
    const isFull = frame.colorRange === AVCOL_RANGE_JPEG;
    const isSameMatrix = colorSpace === AVCOL_SPC_BT709 || colorSpace === AVCOL_SPC_UNSPECIFIED;
    if (format === AV_PIX_FMT_YUV420P && !isFull && isSameMatrix && turn === 0) return;
    const { source, sink } = this.#open(frame, turn, isFull, isSameMatrix);
    const { pts } = frame;
    FFmpegError.throwIfError(source.buffersrcAddFrameSync(frame), 'converting');
    FFmpegError.throwIfError(sink.buffersinkGetFrameSync(this.#out), 'converting');
    frame.unref();
    FFmpegError.throwIfError(frame.ref(this.#out), 'converting');
    frame.pts = pts;
    this.#out.unref();
  }

  close(): void {
    this.#graph?.graph.free();
    this.#graph = null;
    this.#out.free();
  }

  #open(frame: Frame, turn: Turn, isFull: boolean, isSameMatrix: boolean) {
    const { width, height, format, colorSpace, colorRange, sampleAspectRatio: sar } = frame;
    const key = [width, height, format, colorSpace, colorRange, sar.num, sar.den, turn].join();
    if (this.#graph?.key === key) return this.#graph;
    this.#graph?.graph.free();
    this.#graph = null;
    const graph = new FilterGraph();
    graph.alloc();
    try {
      graph.nbThreads = 1;
      const matrix = isSameMatrix ? 'bt709' : CONVERTIBLE.get(colorSpace);
      const convert = needsOnlyMatrix(format, matrix)
        ? ['colorspace', `all=bt709:iall=${matrix}:irange=${isFull ? 'pc' : 'tv'}:range=tv:format=yuv420p:fast=1`]
        : ['scale', 'out_color_matrix=bt709:out_range=tv:flags=bilinear'];
      const aspect = sar.num > 0 && sar.den > 0 ? `:pixel_aspect=${sar.num}/${sar.den}` : '';
      const input = `video_size=${width}x${height}:pix_fmt=${format}:time_base=1/1000000:colorspace=${colorSpace}:range=${colorRange}${aspect}`;
      const chain = [['buffer', input], convert, ['format', 'yuv420p'], ...TURNS[turn], ['buffersink', '']] as const;
      const filters = chain.map(([name = '', options = ''], i) => create(graph, name, `${name}${i}`, options));
      for (const [i, filter] of filters.slice(1).entries())
        FFmpegError.throwIfError((filters[i] as FilterContext).link(0, filter, 0), 'linking');
      FFmpegError.throwIfError(graph.configSync(), 'configuring a conversion');
      this.#graph = { key, graph, source: filters[0] as FilterContext, sink: filters.at(-1) as FilterContext };
      return this.#graph;
    } catch (error) {
      graph.free();
      throw error;
    }
  }
}

const needsOnlyMatrix = (format: number, matrix: string | undefined) =>
  format === AV_PIX_FMT_YUV420P && matrix !== undefined;

function create(graph: FilterGraph, filter: string, name: string, options: string): FilterContext {
  const kind = Filter.getByName(filter);
  const created = kind && graph.createFilter(kind, name, options || null);
  if (!created) throw new Error(`FFmpeg's filter ${filter} is not to be had with ${options}`);
  return created;
}

/** How far a picture is to be turned to stand upright (a phone held sideways), from its display matrix. */
function turnOf(frame: Frame): Turn {
  const matrix = frame.getSideData(AV_FRAME_DATA_DISPLAYMATRIX);
  if (!matrix || matrix.length < 20) return 0;
  const [a, b] = [matrix.readInt32LE(0), matrix.readInt32LE(4)];
  if (Math.abs(a) >= Math.abs(b)) return a >= 0 ? 0 : 180;
  return b > 0 ? 90 : 270;
}
