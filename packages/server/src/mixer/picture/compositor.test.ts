import assert from 'node:assert/strict';
import { describe, it, type TestContext } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { MixCanvas, MixInput, MixLayout, MixTile } from '@lianmai/contract';
import type { VideoFrame } from '@lianmai/media';
import { AVCOL_RANGE_JPEG, AVCOL_SPC_SMPTE170M } from 'node-av/constants';
import { Compositor } from './compositor.ts';
import { fillRect } from './planes.ts';
import { assertColour, canvasOf, encodePictures, inputOf, pixel, pixelsOf, png } from './testing/sources.ts';

const RED = '#d02020';
const GREEN = '#20b040';
const BLUE = '#2040d0';
const WHITE = '#f0f0f0';
const CARD_LUMA = 100;

const NOW = { playheadMs: (nowMs: number) => nowMs };

const tileOf = (input: string, more: Partial<MixTile> = {}): MixTile => ({
  input,
  unit: 'px',
  x: 0,
  y: 0,
  width: 320,
  height: 180,
  layer: 1,
  fit: 'cover',
  crop: null,
  radius: 0,
  border: null,
  label: false,
  ...more,
});

interface Setup {
  inputs?: MixInput[];
  layout?: MixLayout;
  canvas?: Partial<MixCanvas>;
  pictures?: Record<string, Buffer>;
}

function compositor(t: TestContext, { inputs = [inputOf('a')], layout, canvas, pictures = {} }: Setup = {}) {
  const warnings: unknown[] = [];
  const whole = canvasOf(canvas);
  const made = new Compositor({
    canvas: whole,
    fps: 25,
    pictures: async (id) => pictures[id] ?? null,
    log: { warn: (...about: unknown[]) => warnings.push(about) },
  });
  t.after(() => made.close());
  const wish = (to: MixLayout, nowMs = 0, of = inputs, on = whole) => made.arrange(of, to, on, nowMs);
  wish(layout ?? { template: 'grid' });
  const write = (input: string, frames: readonly VideoFrame[], nowMs = 0) => {
    for (const frame of frames) made.write(input, frame, NOW, nowMs);
  };
  return { made, wish, write, warnings, whole };
}

/** Left half one colour, right half another. */
const halves = (left: string, right: string) =>
  encodePictures({
    paint: (planes) => {
      for (const [x, colour] of [left, right].entries())
        fillRect(planes, { x: x * 160, y: 0, width: 160, height: 180 }, yuv(colour));
    },
  });

describe('tiles', () => {
  it('show what each input sends, whatever its codec', (t) => {
    const codecs = ['h264', 'h265', 'vp8', 'vp9', 'av1'] as const;
    const colours = [RED, GREEN, BLUE, WHITE, RED];
    const { made, write } = compositor(t, {
      inputs: codecs.map((codec) => inputOf(codec)),
      layout: { tiles: codecs.map((codec, i) => tileOf(codec, { x: i * 128, width: 128, height: 72 })) },
    });
    for (const [i, codec] of codecs.entries())
      write(codec, encodePictures({ codec, paint: colours[i] as string, width: 128, height: 72, frames: 2 }));
    const canvas = made.compose(40);
    for (const [i, colour] of colours.entries()) assertColour(canvas, i * 128 + 64, 36, colour);
    assert.equal(made.state('av1').state, 'live');
  });

  it('show the picture whose time has come, the latest of several, B-frames in order', (t) => {
    const { made, write } = compositor(t);
    const luma = (index: number) => 30 + index * 12;
    for (const bFrames of [0, 2]) {
      made.reset('a');
      const frames = encodePictures({
        frames: 16,
        bFrames,
        paint: (planes, i) => fillRect(planes, { x: 0, y: 0, width: 320, height: 180 }, { y: luma(i), u: 128, v: 128 }),
      });
      write('a', frames);
      for (const [ms, shown] of [
        [0, 0],
        [78, 1],
        [80, 2],
        [300, 7],
        [440, 11],
      ] as const) {
        const is = pixel(made.compose(ms), 320, 180).y;
        assert.ok(Math.abs(is - luma(shown)) <= 3, `${bFrames} B-frames, at ${ms} ms: ${is}, not ${luma(shown)}`);
      }
    }
  });

  it('cut, crop and contain pictures as asked', (t) => {
    const tiles = [
      tileOf('a', { width: 160, height: 180 }),
      tileOf('a', { x: 320, fit: 'contain', height: 360 }),
      tileOf('a', { y: 180, crop: { x: 0.5, y: 0, width: 0.5, height: 1 } }),
    ];
    const { made, write } = compositor(t, { layout: { tiles }, canvas: { background: BLUE } });
    write('a', halves(RED, GREEN));
    const canvas = made.compose(0);
    assertColour(canvas, 20, 90, RED);
    assertColour(canvas, 140, 90, GREEN);
    assertColour(canvas, 400, 40, BLUE);
    assertColour(canvas, 400, 180, RED);
    assertColour(canvas, 560, 180, GREEN);
    assertColour(canvas, 400, 320, BLUE);
    assertColour(canvas, 20, 270, GREEN);
    assertColour(canvas, 300, 270, GREEN);
  });

  it('never write onto their neighbours, whatever their width', (t) => {
    for (const width of [100, 158, 214, 250, 318]) {
      const tiles = [tileOf('a', { x: width, width, height: 120 }), tileOf('b', { width, height: 120 })];
      const { made, write } = compositor(t, { inputs: [inputOf('a'), inputOf('b')], layout: { tiles } });
      write('a', encodePictures({ paint: RED }));
      write('b', encodePictures({ paint: GREEN }));
      made.compose(0);
      write('b', encodePictures({ paint: BLUE, fromMs: 40 }), 40);
      const canvas = made.compose(40);
      for (const [x, colour] of [
        [width - 2, BLUE],
        [width, RED],
        [width + 40, RED],
        [2 * width - 2, RED],
        [2 * width, '#000000'],
      ] as const)
        assertColour(canvas, x, 118, colour);
      assertColour(canvas, 10, 120, '#000000');
    }
  });

  it('keep the shape of pictures whose pixels are not square', (t) => {
    const layout = { tiles: [tileOf('a', { fit: 'contain', width: 640, height: 360 })] };
    const { made, write } = compositor(t, { layout });
    write('a', encodePictures({ paint: RED, width: 180, height: 180, pixelAspect: [16, 9] }));
    const canvas = made.compose(0);
    assertColour(canvas, 10, 180, RED);
    assertColour(canvas, 630, 180, RED);
  });

  it('have colours right when an input is BT.601 or full range', (t) => {
    const inputs = ['sd', 'full'].map((id) => inputOf(id));
    const { made, write } = compositor(t, { inputs });
    const paint = (colour: { y: number; u: number; v: number }) => (planes: Parameters<typeof fillRect>[0]) =>
      fillRect(planes, { x: 0, y: 0, width: 320, height: 180 }, colour);
    // #d02020 by BT.601's matrix (ITU-R BT.601-7 2.5.1), and by BT.709's in full range.
    write('sd', encodePictures({ paint: paint({ y: 88, u: 102, v: 205 }), space: AVCOL_SPC_SMPTE170M }));
    write('full', encodePictures({ paint: paint({ y: 69, u: 108, v: 216 }), range: AVCOL_RANGE_JPEG }));
    const canvas = made.compose(0);
    assertColour(canvas, 160, 180, RED, 5);
    assertColour(canvas, 480, 180, RED, 5);
  });

  it('are drawn alone to the very pixels of a whole drawing, overlapping, rounded, under a logo', async (t) => {
    const logo = png({ width: 60, height: 60 }, () => [255, 255, 0, 120]);
    const tiles = [
      tileOf('a', { width: 500, height: 300, radius: 20 }),
      tileOf('b', { x: 300, y: 100, layer: 2, radius: 30, border: { width: 4, color: WHITE } }),
      tileOf('c', { x: 420, y: 180, width: 200, height: 160, layer: 3, radius: 40, label: true }),
    ];
    const inputs = ['a', 'b', 'c'].map((id) => inputOf(id, { label: `${id} 名字` }));
    const watermark = { picture: 'logo', x: 470, y: 150, width: 60 };
    const { made, write, wish } = compositor(t, {
      inputs,
      layout: { tiles },
      canvas: { watermark },
      pictures: { logo },
    });
    for (const id of ['a', 'b', 'c']) write(id, encodePictures({ paint: RED }));
    made.compose(0);
    await made.idle();
    made.compose(0);
    const order = ['c', 'b', 'a', 'c', 'a', 'b', 'c', 'c', 'a'];
    for (const [i, id] of order.entries()) {
      const ms = (i + 1) * 40;
      write(id, encodePictures({ paint: [GREEN, BLUE, WHITE][i % 3] as string, fromMs: ms }), ms);
      const alone = pixelsOf(made.compose(ms));
      wish({ tiles }, ms);
      assert.deepEqual(pixelsOf(made.compose(ms)), alone, `after ${order.slice(0, i + 1)}`);
    }
  });
});

describe('an input', () => {
  it('waits, lives, freezes, gives way to a placeholder after two seconds, comes back', (t) => {
    const { made, write } = compositor(t);
    const state = () => made.state('a').state;
    assert.ok(pixel(made.compose(0), 10, 10).y < CARD_LUMA);
    assert.equal(state(), 'waiting');
    write('a', encodePictures({ paint: WHITE, frames: 3 }));
    assertColour(made.compose(80), 10, 10, WHITE);
    assert.equal(state(), 'live');
    assertColour(made.compose(1900), 10, 10, WHITE);
    assert.equal(state(), 'frozen');
    assert.ok(pixel(made.compose(2100), 10, 10).y < CARD_LUMA);
    assert.equal(state(), 'gone');
    write('a', encodePictures({ paint: GREEN, fromMs: 2200 }), 2200);
    assertColour(made.compose(2200), 10, 10, GREEN);
    assert.equal(state(), 'live');
  });

  it('may change codec, size and rotation midway', (t) => {
    const { made, write } = compositor(t, { layout: { template: 'full' } });
    write('a', halves(RED, GREEN));
    made.compose(0);
    write('a', encodePictures({ paint: BLUE, width: 240, height: 426, fromMs: 40 }), 40);
    assertColour(made.compose(40), 320, 180, BLUE);
    assert.deepEqual([made.state('a').width, made.state('a').height], [240, 426]);
    assertColour(made.compose(40), 10, 180, '#000000');
    write('a', encodePictures({ codec: 'vp8', paint: WHITE, fromMs: 80 }), 80);
    assertColour(made.compose(80), 10, 180, WHITE);
    const turned = halves(RED, GREEN).map((frame) =>
      frame.type === 'key' ? { ...frame, dts: 120, data: Buffer.concat([orientation(0x4000), frame.data]) } : frame,
    );
    write('a', turned, 120);
    const canvas = made.compose(120);
    assert.deepEqual([made.state('a').width, made.state('a').height], [180, 320]);
    // Turned left by a quarter: what was left is at the bottom.
    assertColour(canvas, 320, 340, RED);
    assertColour(canvas, 320, 20, GREEN);
  });

  it('that is broken asks for key frames once a second and harms no other tile', (t) => {
    const { made, write } = compositor(t, { inputs: [inputOf('a'), inputOf('b')] });
    const wanted: string[] = [];
    made.onKeyFrameWanted = (id) => wanted.push(id);
    const good = encodePictures({ paint: RED, frames: 25 });
    write('b', encodePictures({ paint: GREEN, frames: 2 }));
    write('a', good.slice(0, 2));
    for (let ms = 40; ms < 2040; ms += 40) {
      const data = Buffer.alloc(400, (ms * 7919) & 255);
      data.writeUInt32BE(396);
      made.write('a', { track: 'video', codec: 'h264', type: 'inter', dts: ms, cts: 0, data }, NOW, ms);
      if (ms < 1900) assertColour(made.compose(ms), 160, 180, RED);
      assertColour(made.compose(Math.min(ms, 1900)), 480, 180, GREEN);
    }
    assert.equal(made.state('a').state, 'broken');
    assert.deepEqual(wanted, ['a', 'a']);
    write('a', encodePictures({ paint: BLUE, fromMs: 2100 }), 2100);
    assertColour(made.compose(2100), 160, 180, BLUE);
    assert.equal(made.state('a').state, 'live');
  });

  it('survives any bytes', (t) => {
    const { made } = compositor(t);
    let seed = 1;
    const random = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff) / 0x7fffffff;
    for (const codec of ['h264', 'h265', 'vp8', 'vp9', 'av1'] as const) {
      const good = encodePictures({ codec, frames: 10, paint: RED });
      for (let round = 0; round < 8; round++)
        for (const frame of good) {
          const data = Buffer.from(frame.data);
          for (let i = 0; i < data.length; i++) if (random() < 0.05) data[i] = Math.floor(random() * 256);
          made.write('a', { ...frame, data }, NOW, 0);
          made.compose(frame.dts);
        }
      made.write('a', { track: 'video', codec, type: 'key', dts: 0, cts: 0, data: Buffer.alloc(0) }, NOW, 0);
      made.write('a', { track: 'video', codec, type: 'config', dts: 0, cts: 0, data: Buffer.from([1]) }, NOW, 0);
    }
  });

  it('is refused when its pictures are huge', (t) => {
    const { made, write } = compositor(t);
    write('a', encodePictures({ paint: RED, width: 4112, height: 4112 }));
    assert.ok(pixel(made.compose(0), 10, 10).y < CARD_LUMA);
    assert.equal(made.state('a').state, 'broken');
  });

  it('whose timestamps go back or leap goes on', (t) => {
    const { made, write } = compositor(t);
    const clock = { playheadMs: () => 1e9 };
    for (const [fromMs, colour] of [
      [500_000, RED],
      [0, GREEN],
      [900_000, BLUE],
    ] as const) {
      for (const frame of encodePictures({ paint: colour, fromMs })) made.write('a', frame, clock, 0);
      assertColour(made.compose(0), 320, 180, colour);
    }
    write('a', []);
  });

  it('that runs ahead of its clock is shown early rather than never', (t) => {
    const { made } = compositor(t);
    const late = { playheadMs: () => -5000 };
    for (const frame of encodePictures({ paint: RED, frames: 25 })) made.write('a', frame, late, 0);
    for (const frame of encodePictures({ paint: GREEN, frames: 25, fromMs: 1000 })) made.write('a', frame, late, 0);
    assertColour(made.compose(0), 320, 180, GREEN);
  });

  it('without video is a card, and asks for a key frame when it has video again', (t) => {
    const { made, write, wish } = compositor(t, { inputs: [inputOf('a', { video: false })] });
    const wanted: string[] = [];
    made.onKeyFrameWanted = (id) => wanted.push(id);
    const frames = encodePictures({ paint: WHITE, frames: 3 });
    write('a', frames.slice(0, 2));
    assert.ok(pixel(made.compose(0), 10, 10).y < CARD_LUMA);
    wish({ template: 'grid' }, 40, [inputOf('a')]);
    write('a', frames.slice(2), 40);
    assert.deepEqual(wanted, ['a']);
    write('a', encodePictures({ paint: WHITE, fromMs: 200 }), 200);
    assertColour(made.compose(200), 10, 10, WHITE);
  });

  it('may be a picture or a colour', async (t) => {
    const inputs = [inputOf('p', { source: { picture: 'p1' } }), inputOf('c', { source: { color: GREEN } })];
    const { made } = compositor(t, {
      inputs,
      pictures: { p1: png({ width: 200, height: 100 }, () => [208, 32, 32, 255]) },
    });
    await made.idle();
    const canvas = made.compose(0);
    assertColour(canvas, 160, 180, RED);
    assertColour(canvas, 480, 180, GREEN);
  });
});

describe('what lies on tiles', () => {
  it('is a name in any language, once it is drawn', async (t) => {
    const names = ['主播小明', 'Dave {\\b1}', 'Привет', '캐롤'];
    const inputs = names.map((label, i) => inputOf(`${i}`, { label }));
    const { made, write } = compositor(t, { inputs });
    for (const { id } of inputs) write(id, encodePictures({ paint: GREEN, frames: 2 }));
    const before = pixelsOf(made.compose(0));
    await made.idle();
    const canvas = made.compose(0);
    assert.notDeepEqual(pixelsOf(canvas), before);
    for (const [x, y] of [
      [0, 0],
      [320, 0],
      [0, 180],
      [320, 180],
    ] as const) {
      const lumas = [];
      for (let dx = 0; dx < 160; dx++) for (let dy = 140; dy < 180; dy++) lumas.push(pixel(canvas, x + dx, y + dy).y);
      const green = pixel(canvas, x + 160, y + 40).y;
      assert.ok(Math.min(...lumas) < green - 20, 'the pill is darker');
      assert.ok(Math.max(...lumas) > 180, 'the letters are bright');
      assertColour(canvas, x + 160, y + 90, GREEN);
    }
  });

  it('is cut with an ellipsis when it is longer than its tile', async (t) => {
    const label = '一个非常非常长的名字'.repeat(6);
    const { made, write } = compositor(t, { inputs: [inputOf('a', { label }), inputOf('b')] });
    for (const id of ['a', 'b']) write(id, encodePictures({ paint: GREEN }));
    made.compose(0);
    await made.idle();
    const canvas = made.compose(0);
    for (let y = 300; y < 360; y++) assertColour(canvas, 316, y, GREEN);
  });

  it('is an avatar or the first character of the name while there is no video', async (t) => {
    const round = png({ width: 90, height: 60 }, () => [240, 240, 240, 255]);
    const inputs = [
      inputOf('a', { avatar: 'round' }),
      inputOf('b', { label: '名' }),
      inputOf('c', { avatar: 'nowhere' }),
      inputOf('d', { avatar: 'rubbish' }),
    ];
    const pictures = { round, rubbish: Buffer.from('not a picture at all') };
    const { made, warnings } = compositor(t, { inputs, pictures });
    made.compose(0);
    await made.idle();
    const canvas = made.compose(0);
    assertColour(canvas, 160, 90, WHITE);
    assert.ok(pixel(canvas, 160, 20).y < CARD_LUMA);
    const initial = [];
    for (let x = 440; x < 520; x++) for (let y = 50; y < 130; y++) initial.push(pixel(canvas, x, y).y);
    assert.ok(Math.max(...initial) > 200, 'an initial');
    assert.equal(warnings.length, 2);
    assert.ok(pixel(canvas, 160, 270).y > pixel(canvas, 160, 190).y, 'a plain disc in place of a picture');
  });

  it('leaves rounded corners to what is below, inside its border', (t) => {
    const tiles = [
      tileOf('a', { width: 640, height: 360 }),
      tileOf('b', { x: 100, y: 100, layer: 2, radius: 40, border: { width: 8, color: WHITE } }),
    ];
    const { made, write } = compositor(t, { inputs: [inputOf('a'), inputOf('b')], layout: { tiles } });
    write('a', encodePictures({ paint: RED }));
    write('b', encodePictures({ paint: BLUE }));
    const canvas = made.compose(0);
    assertColour(canvas, 102, 102, RED);
    assertColour(canvas, 418, 278, RED);
    assertColour(canvas, 260, 102, WHITE);
    assertColour(canvas, 102, 190, WHITE);
    assertColour(canvas, 116, 116, WHITE, 40);
    assertColour(canvas, 260, 190, BLUE);
  });

  it('is a watermark over everything, and a picture behind everything', async (t) => {
    const pictures = {
      logo: png({ width: 40, height: 20 }, () => [32, 64, 208, 255]),
      back: png({ width: 64, height: 36 }, () => [208, 32, 32, 255]),
    };
    const watermark = { picture: 'logo', x: 100, y: 40, width: 80 };
    const { made, write } = compositor(t, {
      layout: { tiles: [tileOf('a')] },
      canvas: { watermark, backgroundPicture: 'back' },
      pictures,
    });
    write('a', encodePictures({ paint: GREEN, frames: 5 }));
    made.compose(0);
    await made.idle();
    for (const ms of [40, 80, 120]) {
      const canvas = made.compose(ms);
      assertColour(canvas, 140, 60, BLUE);
      assertColour(canvas, 140, 90, GREEN);
      assertColour(canvas, 500, 300, RED);
    }
  });

  it('is a frame around who speaks, who is the large one in the speaker layout', (t) => {
    const inputs = ['a', 'b', 'c'].map((id) => inputOf(id));
    const layout = { template: 'speaker' } as const;
    const { made, write } = compositor(t, { inputs, layout, canvas: { highlightSpeaker: true } });
    const colours = { a: RED, b: GREEN, c: BLUE };
    for (const [id, paint] of Object.entries(colours)) write(id, encodePictures({ paint }));
    assertColour(made.compose(0), 200, 180, RED);
    made.speaking(
      new Map([
        ['a', 0.01],
        ['b', 0.4],
        ['c', 0.1],
      ]),
    );
    const canvas = made.compose(40);
    assertColour(canvas, 200, 180, GREEN);
    assertColour(canvas, 200, 0, '#ff6f61');
    made.speaking(
      new Map([
        ['b', 0],
        ['c', 0.5],
      ]),
    );
    assertColour(made.compose(80), 200, 180, GREEN);
    made.compose(900);
    assertColour(made.compose(1400), 200, 180, BLUE);
  });
});

describe('layouts', () => {
  it('slide into each other', (t) => {
    const inputs = [inputOf('a')];
    const { made, write, wish, whole } = compositor(t, {
      inputs,
      layout: { tiles: [tileOf('a')] },
      canvas: { transitionMs: 300 },
    });
    write('a', encodePictures({ paint: RED, frames: 1 }));
    assertColour(made.compose(0), 10, 10, RED);
    wish({ tiles: [tileOf('a', { x: 320, y: 180 })] }, 1000, inputs, whole);
    assertColour(made.compose(1000), 10, 10, RED);
    const halfway = made.compose(1100);
    assertColour(halfway, 10, 10, '#000000');
    assertColour(halfway, 320, 180, RED);
    assertColour(halfway, 630, 350, '#000000');
    const there = made.compose(1300);
    assertColour(there, 330, 190, RED);
    assertColour(there, 630, 350, RED);
    assertColour(there, 310, 170, '#000000');
  });

  it('shrink who leaves, and are rid of it then', (t) => {
    const [full, small] = [tileOf('a', { width: 640, height: 360 }), tileOf('b', { x: 320, y: 180, layer: 2 })];
    const both = [inputOf('a'), inputOf('b')];
    const { made, write, wish } = compositor(t, {
      inputs: both,
      layout: { tiles: [full, small] },
      canvas: { transitionMs: 300 },
    });
    write('a', encodePictures({ paint: RED, frames: 1 }));
    write('b', encodePictures({ paint: GREEN, frames: 1 }));
    assertColour(made.compose(0), 330, 190, GREEN);
    wish({ tiles: [full] }, 1000, [inputOf('a')]);
    const halfway = made.compose(1100);
    assertColour(halfway, 330, 190, RED);
    assertColour(halfway, 480, 270, GREEN);
    assertColour(made.compose(1300), 480, 270, RED);
    // Back before it was gone: it begins anew.
    wish({ tiles: [full, small] }, 1400, both);
    wish({ tiles: [full] }, 1500, [inputOf('a')]);
    wish({ tiles: [full, small] }, 1600, both);
    made.compose(1700);
    assertColour(made.compose(1950), 10, 10, RED);
  });

  it('follow joins and leaves', (t) => {
    const { made, write, wish } = compositor(t);
    write('a', encodePictures({ paint: RED }));
    assertColour(made.compose(0), 600, 180, RED);
    wish({ template: 'grid' }, 40, [inputOf('a'), inputOf('b')]);
    write('b', encodePictures({ paint: GREEN }), 40);
    const two = made.compose(40);
    assertColour(two, 160, 180, RED);
    assertColour(two, 480, 180, GREEN);
    wish({ template: 'grid' }, 80, [inputOf('b')]);
    assertColour(made.compose(80), 100, 180, GREEN);
    made.write('a', encodePictures({ paint: BLUE })[1] as VideoFrame, NOW, 80);
    assertColour(made.compose(120), 100, 180, GREEN);
  });
});

describe('memory', () => {
  it('stays flat over many compositors and many ticks', async (t) => {
    const collect = garbageCollector();
    const frames = encodePictures({ paint: RED, frames: 25 });
    const round = (ticks: number) => {
      const inputs = ['a', 'b', 'c'].map((id) => inputOf(id));
      const made = new Compositor({ canvas: canvasOf(), fps: 25, pictures: async () => null, log: { warn() {} } });
      made.arrange(inputs, { template: 'pip-top-left' }, canvasOf(), 0);
      for (let tick = 0; tick < ticks; tick++) {
        const frame = frames[(tick % 25) + 1] as VideoFrame;
        for (const { id } of inputs) {
          if (tick === 0) made.write(id, frames[0] as VideoFrame, NOW, 0);
          made.write(id, { ...frame, dts: tick * 40 }, NOW, tick * 40);
        }
        made.compose(tick * 40);
      }
      made.close();
    };
    // The memory of a picture is freed when its last view is collected, in a turn of the event loop after that.
    const rounds = async (count: number, ticks: number) => {
      for (let i = 0; i < count; i++) {
        round(ticks);
        if (i % 10 === 9) await collect();
      }
      await collect();
    };
    await rounds(20, 20);
    await rounds(1, 300);
    const before = process.memoryUsage.rss();
    await rounds(100, 10);
    await rounds(1, 2500);
    const grownMb = (process.memoryUsage.rss() - before) / 1e6;
    t.diagnostic(`grown by ${grownMb.toFixed(1)} MB`);
    assert.ok(grownMb < 60, `${grownMb} MB`);
  });
});

function garbageCollector(): () => Promise<void> {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc') as () => void;
  return async () => {
    gc();
    await new Promise(setImmediate);
  };
}

const yuv = (colour: string) => {
  const rgb = Number.parseInt(colour.slice(1), 16);
  const [r, g, b] = [rgb >> 16, (rgb >> 8) & 255, rgb & 255];
  const luma = 0.2126 * r + 0.7152 * g + 0.0722 * b;
  return {
    y: Math.round(16 + (luma * 219) / 255),
    u: Math.round(128 + ((b - luma) * 112) / (255 * 0.9278)),
    v: Math.round(128 + ((r - luma) * 112) / (255 * 0.7874)),
  };
};

/** An SEI that says by how much the picture is to be turned (ISO 14496-10 D.1.26), 65536 is a whole turn to the left. */
function orientation(angle: number): Buffer {
  // cancel 0, hor_flip 0, ver_flip 0, 16 bits of angle, repetition period ue(1), extension 0, then stop bits.
  const bits = `000${angle.toString(2).padStart(16, '0')}0100`.padEnd(24, '0');
  const payload = Buffer.from([0, 1, 2].map((i) => Number.parseInt(bits.slice(i * 8, i * 8 + 8), 2)));
  const nal = Buffer.concat([Buffer.from([6, 47, payload.length]), payload, Buffer.from([0x80])]);
  return Buffer.concat([Buffer.from([0, 0, 0, nal.length]), nal]);
}
