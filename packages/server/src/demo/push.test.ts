import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, it } from 'node:test';
import { pino } from 'pino';
import { startDemo } from './demo.ts';
import { PictureEncoder, type PictureOptions, SoundEncoder } from './encoders.ts';
import { pushTestCard } from './push.ts';
import { PushFailed } from './rtmp-output.ts';
import { TestCard } from './test-card.ts';

const PICTURE: PictureOptions = {
  codec: 'h264',
  width: 320,
  height: 180,
  fps: 25,
  bitrateKbps: 200,
  keyFrameEveryS: 1,
  bFrames: 0,
};

describe('encoders', () => {
  for (const codec of ['h264', 'h265', 'av1'] as const)
    it(`${codec}: a key frame a second, each picture comes out at once`, () => {
      using encoder = new PictureEncoder({ ...PICTURE, codec });
      const card = new TestCard(320, 180, []);
      const keys: number[] = [];
      let last = -1;
      for (let i = 0; i < 51; i++)
        encoder.encode(card.draw(i, i * 40), i, (packet) => {
          last = Number(packet.pts);
          if (packet.isKeyframe) keys.push(last);
        });
      assert.ok(last >= 48, `the last of 51 pictures out is ${last}`);
      assert.deepEqual(keys, [0, 25, 50].slice(0, keys.length));
      assert.ok(keys.length >= 2);
    });

  it('with B-frames, decoding order is not display order', () => {
    using encoder = new PictureEncoder({ ...PICTURE, bFrames: 2 });
    const card = new TestCard(320, 180, []);
    const shown: number[] = [];
    for (let i = 0; i < 50; i++) encoder.encode(card.draw(i, i * 40), i, (packet) => shown.push(Number(packet.pts)));
    assert.ok(shown.some((pts, i) => pts < (shown[i - 1] ?? -1)));
  });

  for (const codec of ['aac', 'opus', 'mp3'] as const)
    it(`${codec}: sound in, packets out`, () => {
      using encoder = new SoundEncoder({ codec, sampleRate: 48_000, bitrateKbps: 64 });
      let packets = 0;
      for (let i = 0; i < 20; i++)
        encoder.encode(new Float32Array(encoder.frameSamples).fill(0.1), i * encoder.frameSamples, () => packets++);
      assert.ok(packets > 10);
    });
});

describe('pushing the test card', () => {
  it('says why a push did not come about', async () => {
    const { signal } = new AbortController();
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const { port } = closed.address() as AddressInfo;
    closed.close();
    const push = pushTestCard({ url: `rtmp://127.0.0.1:${port}/live/x`, picture: PICTURE, sound: null, signal });
    await assert.rejects(push, (error) => error instanceof PushFailed && /refused/i.test(error.message));
  });

  it('the demo asks for a fresh URL and tries again after each failure, until told to end', async () => {
    const end = new AbortController();
    const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    let asked = 0;
    await startDemo({
      pushUrl: async () => {
        if (++asked === 2) end.abort();
        return `rtmp://127.0.0.1:${port}/live/x?try=${asked}`;
      },
      log: pino({ level: 'silent' }),
      signal: end.signal,
    });
    server.close();
    assert.equal(asked, 2);
  });
});
