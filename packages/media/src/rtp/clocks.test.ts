import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ReceptionStatistics, SourceClock, shortNtp, toNtp } from './index.ts';

test('sender reports bring tracks that arrived apart together, smoothly', () => {
  const clock = new SourceClock();
  clock.addTrack('audio', 48_000);
  clock.addTrack('video', 90_000);
  const sentAt = 1_700_000_000_000;
  let last = { audio: Number.NEGATIVE_INFINITY, video: Number.NEGATIVE_INFINITY };
  let apart = 0;
  for (let ms = 0; ms <= 10_000; ms += 20) {
    if (ms === 500) clock.report('audio', toNtp(sentAt + ms), ms * 48 + 1000);
    if (ms === 1000) clock.report('video', toNtp(sentAt + ms), ms * 90 + 4_294_900_000);
    // The picture takes 150 ms longer to come.
    const audio = clock.place('audio', ms * 48 + 1000, ms + 20);
    const video = clock.place('video', (ms * 90 + 4_294_900_000) % 2 ** 32, ms + 170);
    if (ms === 0) assert.equal(Math.round(video - audio), 150);
    assert.ok(audio > last.audio && video > last.video, 'time goes on');
    last = { audio, video };
    apart = Math.abs(video - audio);
  }
  assert.ok(apart < 1, `${apart} ms apart`);
});

test('reception reports count losses, jitter and the last sender report', () => {
  const statistics = new ReceptionStatistics(90_000);
  assert.equal(statistics.report(7, 0), null);
  for (const number of [65_534, 65_535, 0, 3])
    statistics.received({ sequenceNumber: number, timestamp: number * 900 }, (number & 0xff) * 10);
  statistics.reported(toNtp(1_700_000_000_000), 1000);
  const report = statistics.report(7, 1500);
  assert.equal(report?.totalLost, 2);
  assert.equal(report?.fractionLost, Math.floor((2 / 6) * 256));
  assert.equal(report?.highestSequence, 65_539);
  assert.equal(report?.lastSenderReport, shortNtp(toNtp(1_700_000_000_000)));
  assert.equal(report?.delaySinceLastSenderReport, 32_768);
  assert.equal(statistics.report(7, 1600)?.fractionLost, 0, 'nothing since then');
});
