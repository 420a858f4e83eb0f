import { CompressedMix, planOfTiles } from './testing/compressed-mix.ts';
import { PAINTED_MS, painted } from './testing/painted.ts';

const mb = () => Math.round((process.memoryUsage.rss() / 2 ** 20) * 10) / 10;
const frames = painted({ kind: 'beat', afterMs: 0, tone: 500 });
const [w, h, minutes] = process.argv.slice(2).map(Number);
const tiles = ['a', 'b', 'c', 'd'].map((input, i) => ({
  input,
  x: (i % 2) / 2,
  y: Math.floor(i / 2) / 2,
  width: 0.5,
  height: 0.5,
}));
(globalThis as any).gc?.();
console.log('before', mb(), process.memoryUsage());
const c0 = process.cpuUsage();
const mix = await CompressedMix.start(
  planOfTiles(tiles, { width: w!, height: h! }),
  new Map(tiles.map((t) => [t.input, { frames, lengthMs: PAINTED_MS, lateMs: () => Math.random() * 20 }])),
);
mix.pass(2000);
let bytes = 0;
mix.watch(({ frame }) => {
  bytes += frame.data.length;
});
for (let m = 0; m < minutes!; m++) {
  mix.pass(60_000);
  if (m < 3 || m % Math.ceil(minutes! / 12) === 0) {
    const u = process.memoryUsage();
    console.log(
      'min',
      m + 1,
      'rss',
      mb(),
      'heap',
      (u.heapUsed / 2 ** 20).toFixed(1),
      '/',
      (u.heapTotal / 2 ** 20).toFixed(1),
      'ext',
      (u.external / 2 ** 20).toFixed(1),
      'ab',
      (u.arrayBuffers / 2 ** 20).toFixed(1),
      'cpu',
      (process.cpuUsage(c0).user / 1e6).toFixed(1),
    );
  }
  await new Promise((r) => setImmediate(r));
}
mix[Symbol.dispose]();
