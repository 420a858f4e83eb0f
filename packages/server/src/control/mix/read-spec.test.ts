import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type LiveError, MIX_TEMPLATES, type MixTile } from '@lianmai/contract';
import type { CreateMix, MixLayoutWish, UpdateMix } from '@lianmai/contract/rest';
import fc from 'fast-check';
import { changeSpec, readSpec } from './read-spec.ts';
import type { MixSpec } from './spec.ts';

const PICTURE = `pic_${'0a'.repeat(20)}`;
const ids = ({ inputs }: MixSpec) => inputs.map(({ id }) => id);
const tiles = ({ layout }: MixSpec): readonly MixTile[] => ('tiles' in layout ? layout.tiles : []);
const refuses = (request: CreateMix, field: string, sentence: RegExp = /./) =>
  assert.throws(
    () => readSpec(request),
    (error: LiveError) => {
      assert.deepEqual([error.name, error.field], ['BAD_REQUEST', field], error.message);
      assert.match(error.message, sentence);
      return true;
    },
  );

describe('a mix as it is asked for', () => {
  it('needs no more than names of streams', () => {
    const { inputs, layout, canvas, output } = readSpec({ inputs: ['anna', 'bert'] });
    assert.deepEqual(inputs[1], {
      id: 'bert',
      source: { stream: 'bert' },
      label: null,
      avatar: null,
      volume: 1,
      muted: false,
      video: true,
      mixMinus: false,
    });
    assert.deepEqual(layout, { template: 'grid' });
    assert.deepEqual(
      [canvas.width, canvas.height, output.fps, output.videoKbps, output.gopMs],
      [1280, 720, 25, 1500, 2000],
    );
  });

  it('takes pictures and colours as inputs, and gives each an id of its own', () => {
    const spec = readSpec({
      inputs: [
        'anna',
        'anna',
        { picture: PICTURE },
        { color: '#ABC' },
        { id: 'x', color: '0x102030' },
        'n'.repeat(100),
      ],
    });
    assert.deepEqual(ids(spec).slice(0, 5), ['anna', 'anna-2', 'picture', 'color', 'x']);
    assert.match(ids(spec)[5] ?? '', /^in-[0-9a-f]{12}$/);
    assert.deepEqual(spec.inputs[3]?.source, { color: '#aabbcc' });
    assert.deepEqual(spec.inputs[4]?.source, { color: '#102030' });
  });

  it('knows every template by its name', () => {
    for (const template of MIX_TEMPLATES) {
      assert.deepEqual(readSpec({ inputs: ['a'], layout: template }).layout, { template });
      assert.deepEqual(readSpec({ inputs: ['a'], layout: { template } }).layout, { template });
    }
  });

  it('finds tiles by id, by stream and by place, in fractions or pixels', () => {
    const spec = readSpec({
      inputs: [{ id: 'main', stream: 'anna' }, 'bert', 'carl', 'dora'],
      layout: [
        { input: 'main', x: 0, y: 0, width: 1, height: 1 },
        { input: 'bert', x: 0.5, y: 0.5, width: 0.5, height: 0.5, layer: 7, radius: 8, border: { width: 2 } },
        { input: 2, x: 960, y: 0, width: 320.4, height: 180, fit: 'contain', label: false },
        { input: 'dora', x: 0, y: 0, width: 1, height: 1, unit: 'px' },
      ],
    });
    assert.deepEqual(
      tiles(spec).map(({ input, unit, width, layer }) => [input, unit, width, layer]),
      [
        ['main', 'fraction', 1, 1],
        ['bert', 'fraction', 0.5, 7],
        ['carl', 'px', 320, 3],
        ['dora', 'px', 1, 4],
      ],
    );
    assert.deepEqual(tiles(spec)[1]?.border, { width: 2, color: '#ffffff' });
  });

  it('says which field of a layout is wrong', () => {
    const tile = { input: 'a', x: 0, y: 0, width: 640, height: 720 };
    const table: [MixLayoutWish, string, RegExp?][] = [
      [[tile, { ...tile, input: 'nobody' }], 'layout/1/input', /"nobody" is no input.*a, b/],
      [[{ ...tile, input: 2 }], 'layout/0/input', /count from 0 to 1/],
      [[tile, tile], 'layout/1/input', /has a tile already/],
      [[{ ...tile, x: 641 }], 'layout/0/width', /641 \+ 640 is more than 1280 px/],
      [[{ ...tile, y: 10 }], 'layout/0/height'],
      [{ tiles: [{ ...tile, y: 10 }] }, 'layout/tiles/0/height'],
      [[{ ...tile, x: 0.5 }], 'layout/0/x', /beside pixels/],
      [[{ ...tile, unit: 'fraction' }], 'layout/0/width', /no fraction/],
      [[{ ...tile, x: 0.6, width: 0.5, height: 1 }], 'layout/0/width', /more than 1$/],
      [[{ ...tile, crop: { x: 0.5, y: 0, width: 0.6, height: 1 } }], 'layout/0/crop/width'],
      [[{ ...tile, crop: { x: 0, y: 0, width: 1, height: 0 } }], 'layout/0/crop/height'],
      [{}, 'layout', /one of template and tiles/],
      [{ template: 'pk', tiles: [tile] }, 'layout'],
    ];
    for (const [layout, field, sentence] of table) refuses({ inputs: ['a', 'b'], layout }, field, sentence);
  });

  it('says which input is wrong', () => {
    refuses({ inputs: ['a', {}] }, 'inputs/1', /one of stream, picture and color/);
    refuses({ inputs: [{ stream: 'a', color: '#fff' }] }, 'inputs/0');
    refuses(
      {
        inputs: [
          { stream: 'a', id: 'x' },
          { stream: 'b', id: 'x' },
        ],
      },
      'inputs/1/id',
      /another input/,
    );
  });

  it('lets an id that was given win over one that would be made', () => {
    assert.deepEqual(ids(readSpec({ inputs: ['a', { id: 'a', stream: 'b' }] })), ['a-2', 'a']);
  });

  it('puts a watermark where it was asked for, and not outside', () => {
    const output = { watermark: { picture: PICTURE, x: 0.9, y: 0.05, width: 0.1 } };
    assert.deepEqual(readSpec({ inputs: ['a'], output }).canvas.watermark, {
      picture: PICTURE,
      x: 1152,
      y: 36,
      width: 128,
    });
    refuses(
      { inputs: ['a'], output: { watermark: { picture: PICTURE, x: 1200, y: 0, width: 100 } } },
      'output/watermark',
    );
  });
});

describe('a change of a mix', () => {
  const before = readSpec({
    inputs: ['anna', { stream: 'bert', id: 'guest', label: 'Bert' }],
    layout: [
      { input: 'anna', x: 0, y: 0, width: 640, height: 720 },
      { input: 'guest', x: 640, y: 0, width: 640, height: 720 },
    ],
    output: { background: '#123456', fps: 30 },
  });
  const change = (request: UpdateMix) => changeSpec(before, request);

  it('leaves alone what it does not speak of', () => {
    assert.deepEqual(change({}), before);
    const wider = change({ output: { width: 1600 } });
    assert.deepEqual([wider.canvas.background, wider.output.fps, wider.canvas.width], ['#123456', 30, 1600]);
  });

  it('keeps the ids of inputs that stay in a list that is given anew', () => {
    assert.deepEqual(ids(change({ inputs: ['carl', 'bert', 'anna'], layout: 'grid' })), ['carl', 'guest', 'anna']);
  });

  it('adds, removes and changes single inputs', () => {
    const changed = change({
      inputs: {
        remove: ['bert'],
        add: ['carl', { color: '#fff' }],
        set: [{ input: 'anna', muted: true, label: 'Anna' }],
      },
    });
    assert.deepEqual(ids(changed), ['anna', 'carl', 'color']);
    assert.deepEqual([changed.inputs[0]?.muted, changed.inputs[0]?.label], [true, 'Anna']);
    // The tile of whom was removed goes with it.
    assert.deepEqual(
      tiles(changed).map(({ input }) => input),
      ['anna'],
    );
    assert.deepEqual(change({ inputs: { set: [{ input: 'guest', stream: 'bert-2' }] } }).inputs[1], {
      ...before.inputs[1],
      source: { stream: 'bert-2' },
    });
  });

  it('swaps two inputs, in the list and on the canvas', () => {
    const swapped = change({ inputs: { swap: ['anna', 'bert'] } });
    assert.deepEqual(ids(swapped), ['guest', 'anna']);
    assert.deepEqual(
      tiles(swapped).map(({ input, x }) => [input, x]),
      [
        ['guest', 0],
        ['anna', 640],
      ],
    );
  });

  it('is refused, naming the field, when it leaves no sense', () => {
    const table: [UpdateMix, string][] = [
      [{ inputs: { remove: ['nobody'] } }, 'inputs/remove/0'],
      [{ inputs: { remove: ['anna', 'guest'] } }, 'inputs'],
      [{ inputs: ['carl'] }, 'layout'],
      [{ inputs: { set: [{ input: 'anna' }, { input: 'x' }] } }, 'inputs/set/1/input'],
      [{ inputs: { swap: ['anna', 'x'] } }, 'inputs/swap/1'],
      [{ inputs: { add: [{ stream: 'x', id: 'anna' }] } }, 'inputs/add/0/id'],
      [{ inputs: { add: Array.from({ length: 15 }, (_, i) => `s${i}`) } }, 'inputs'],
      [{ output: { width: 640 } }, 'layout/1/width'],
    ];
    for (const [request, field] of table)
      assert.throws(
        () => change(request),
        (error: LiveError) => error.name === 'BAD_REQUEST' && error.field === field,
        field,
      );
  });

  it('gives every input its own id and keeps what stays, whatever is asked', () => {
    const name = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    fc.assert(
      fc.property(
        fc.array(name, { minLength: 1, maxLength: 8 }),
        fc.array(name, { minLength: 1, maxLength: 8 }),
        (first, then) => {
          const one = readSpec({ inputs: first });
          const two = changeSpec(one, { inputs: then });
          assert.equal(new Set(ids(two)).size, then.length);
          for (const stream of new Set(then)) {
            const were = one.inputs.filter(({ source }) => 'stream' in source && source.stream === stream);
            const are = two.inputs.filter(({ source }) => 'stream' in source && source.stream === stream);
            const kept = were.slice(0, are.length).map(({ id }) => id);
            for (const id of kept) assert.ok(are.some((input) => input.id === id));
          }
        },
      ),
    );
  });
});
