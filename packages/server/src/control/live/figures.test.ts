import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { StreamFigures, WorkerReport } from '@lianmai/contract';
import { FigureBoard } from './figures.ts';
import type { LiveEntry } from './state.ts';

const entry: LiveEntry = {
  stream: 'show',
  channelId: 'ch_1',
  accountId: 'acc_1',
  sessionId: 'ses_1',
  worker: 'w1',
  protocol: 'rtmp',
  play: { signedWith: null },
  startedAtMs: 0,
  sinceMs: 0,
  interruptedAtMs: null,
};
const video = { codec: 'h264', width: 1280, height: 720, fps: 25, bitrateKbps: 800.4, gopMs: 2000 } as const;
const audio = { codec: 'aac', sampleRate: 48_000, channels: 2, bitrateKbps: 128 } as const;

function report(
  worker: string,
  figures: Partial<StreamFigures>,
  publishing = false,
  sessionId = 'ses_1',
): WorkerReport {
  const nothing = { video: null, audio: null, viewers: {}, bytesIn: 0, bytesOut: 0, framesDropped: 0 };
  const of = { stream: 'show', channelId: 'ch_1', accountId: 'acc_1', sessionId, publishing };
  return { worker, atMs: 0, streams: [{ ...nothing, ...figures, ...of }] };
}

describe('figures', () => {
  it('take codecs from the publisher and sum viewers over the workers', () => {
    const board = new FigureBoard(0);
    board.report(report('w1', { video, audio, viewers: { flv: 2, hls: 1 } }, true));
    board.report(report('w2', { viewers: { flv: 3, rtmp: 1 } }));
    board.report(report('w2', { viewers: { flv: 4, rtmp: 1 } }));
    assert.deepEqual(board.measure(entry), {
      video,
      audio,
      viewers: 8,
      viewersByProtocol: { flv: 6, hls: 1, rtmp: 1 },
    });
  });

  it('lose the viewers of a worker that is gone, and of one that no longer reports the stream', () => {
    const board = new FigureBoard(0);
    board.report(report('w1', { viewers: { flv: 2 } }));
    board.report(report('w2', { viewers: { flv: 3 } }));
    board.forget('w1');
    assert.equal(board.measure(entry).viewers, 3);
    board.report({ worker: 'w2', atMs: 1, streams: [] });
    assert.equal(board.measure(entry).viewers, 0);
  });

  it('do not show the codecs of another session, nor any while interrupted', () => {
    const board = new FigureBoard(0);
    board.report(report('w1', { video, audio, viewers: { flv: 1 } }, true, 'ses_0'));
    assert.equal(board.measure(entry).video, null);
    board.report(report('w1', { video, audio, viewers: { flv: 1 } }, true));
    const interrupted = board.measure({ ...entry, interruptedAtMs: 5 });
    assert.deepEqual([interrupted.video, interrupted.audio, interrupted.viewers], [null, null, 1]);
  });

  it('are sampled as rates since the sample before, on the grid', () => {
    const board = new FigureBoard(1_000_000);
    board.report(report('w1', { video, audio, viewers: { flv: 1 }, bytesOut: 500_000, framesDropped: 3 }, true));
    board.report(report('w2', { bytesOut: 750_000, framesDropped: 4 }));
    board.report(report('w2', { bytesOut: 9_000_000 }), false);
    const measured = () => [{ ...entry, measure: board.measure(entry) }];
    const [row] = board.sample(measured(), 1_010_007, 10_000);
    assert.deepEqual(row, {
      channelId: 'ch_1',
      at: 1_010_000,
      viewers: 1,
      viewersByProtocol: '{"flv":1}',
      videoKbps: 800,
      audioKbps: 128,
      fps: 25,
      gopMs: 2000,
      outKbps: 999,
      framesDropped: 7,
    });
    assert.equal(board.sample(measured(), 1_020_000, 10_000)[0]?.outKbps, 0);
  });
});
