import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { Lianmai } from './lianmai.ts';
import { push } from './peers/ffmpeg.ts';
import { FlvClient, stepsBack } from './peers/flv-client.ts';
import { mediaPlaylist, openMaster } from './peers/hls-client.ts';
import type { Program } from './peers/program.ts';
import { RtmpClient } from './peers/rtmp-client.ts';
import type { Channel } from './rest.ts';
import { PATIENT_MS, until } from './until.ts';

/** The promise is 2 s; a loaded test machine gets more, and says how long it took. Who waits for a time-out takes longer. */
const BACK_WITHIN_MS = 20_000;

const live = (lianmai: Lianmai, channel: Channel, timeoutMs = PATIENT_MS) =>
  until('live', async () => (await lianmai.rest.channel(channel.id)).state === 'live', timeoutMs);

describe('control killed', () => {
  it('pushes and viewers go on without it, health says so, and it is back soon', async (t) => {
    await using lianmai = await Lianmai.start({ workers: 2 });
    const channel = await lianmai.rest.createChannel('show');
    await using publisher = push(channel.push.rtmp);
    await live(lianmai, channel);
    using flv = await FlvClient.open(channel.play.flv);
    using rtmp = await RtmpClient.connect(lianmai.rtmpPort);
    await rtmp.play('show');
    await flv.more(25, 9);

    const statuses = new Set<number>();
    let watching = true;
    const health = (async () => {
      while (watching) {
        statuses.add((await fetch(`${lianmai.http}/healthz`)).status);
        await pause(20);
      }
    })();
    const pid = lianmai.processes().get('control');
    const tookMs = await lianmai.killAndAwaitReturn('control');
    watching = false;
    await health;
    t.diagnostic(`control was back after ${tookMs} ms`);
    assert.ok(tookMs < BACK_WITHIN_MS);
    assert.notEqual(lianmai.processes().get('control'), pid);
    assert.ok(statuses.has(503), 'healthz said 503 meanwhile');

    // New viewers too, and the API knows the channel and its figures again.
    using late = await FlvClient.open(channel.play.flv);
    await Promise.all([late.more(10, 9), flv.more(50, 9)]);
    assert.equal(flv.end, null);
    assert.equal(rtmp.closed, false);
    assert.ok(publisher.running);
    assert.deepEqual(stepsBack(flv.timestamps(9)), []);
    const longest = Math.max(...flv.tags.map(({ atMs }, i) => (i === 0 ? 0 : atMs - flv.tags[i - 1]!.atMs)));
    assert.ok(longest < 1500, `the viewer waited ${Math.round(longest)} ms at most`);
    await live(lianmai, channel);
    await until('figures', async () => (await lianmai.rest.channel(channel.id)).video?.codec === 'h264');
    const second = await lianmai.rest.createChannel('made-after');
    await using _other = push(second.push.rtmp);
    await live(lianmai, second);
  });
});

describe('a media worker killed', () => {
  it('its publisher and players come back to others; the rest go on; it is back soon', async (t) => {
    await using lianmai = await Lianmai.start({ workers: 2 });
    const channels = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => lianmai.rest.createChannel(name)));
    const publishers = new Map<string, Program>();
    const publish = (channel: Channel) => publishers.set(channel.stream, push(channel.push.rtmp, { size: '160x120' }));
    try {
      for (const channel of channels) publish(channel);
      await Promise.all(channels.map((channel) => live(lianmai, channel)));
      const players = await Promise.all(channels.map((channel) => FlvClient.open(channel.play.flv)));
      await Promise.all(players.map((player) => player.more(25, 9)));

      const elsewhere = await until('all are counted', async () => {
        const metrics = await lianmai.metrics();
        const all = sum(metrics, 'lianmai_viewers', /protocol="flv"/);
        return all === players.length ? [sum(metrics, 'lianmai_viewers', /(?=.*"flv")(?=.*"edge-1")/)] : null;
      });
      const tookMs = await lianmai.killAndAwaitReturn('edge-0');
      t.diagnostic(`the worker was back after ${tookMs} ms`);
      assert.ok(tookMs < BACK_WITHIN_MS);
      // Encoders and players that lost their connection connect again, as OBS and mpegts.js do.
      await Promise.all(
        channels.map(async (channel) => {
          await until('it is published', async () => {
            if (!publishers.get(channel.stream)?.running) publish(channel);
            return (await lianmai.rest.channel(channel.id)).state === 'live';
          });
          const i = channels.indexOf(channel);
          const player = players[i]!;
          if (player.end === null) return player.more(25, 9);
          using again = await until('it plays again', () => FlvClient.open(channel.play.flv));
          return await again.more(25, 9);
        }),
      );
      const kept = players.filter((player) => player.end === null);
      for (const player of kept) assert.deepEqual(stepsBack(player.timestamps(9)), []);
      assert.deepEqual(
        [kept.length],
        elsewhere,
        'those of the other worker kept their connection, whoever held the stream',
      );
      for (const player of players) player[Symbol.dispose]();
    } finally {
      for (const publisher of publishers.values()) await publisher[Symbol.asyncDispose]();
    }
  });
});

describe('the supervisor killed', () => {
  it('takes its processes along, and the launcher starts everything again', async (t) => {
    await using lianmai = await Lianmai.start({ workers: 2, launcher: true });
    const before = lianmai.processes();
    const channel = await lianmai.rest.createChannel('kept');
    const tookMs = await lianmai.killAndAwaitReturn('main');
    t.diagnostic(`the system was back after ${tookMs} ms`);
    assert.ok(tookMs < BACK_WITHIN_MS);
    for (const [name, pid] of before)
      await until(`the old ${name} is gone`, () => lianmai.processes().get(name) !== pid && !isRunning(pid));
    const again = await lianmai.rest.channel(channel.id);
    assert.equal(again.stream, 'kept', 'what was made is kept');
    await using _publisher = push(again.push.rtmp);
    await live(lianmai, again);
  });
});

describe('SIGTERM', () => {
  it('drains: players are told the end, and the exit status is 0', async () => {
    const lianmai = await Lianmai.start({ workers: 2 });
    const channel = await lianmai.rest.createChannel('last');
    await using publisher = push(channel.push.rtmp);
    await live(lianmai, channel);
    using flv = await FlvClient.open(channel.play.flv);
    using ws = await FlvClient.open(channel.play.wsFlv);
    using rtmp = await RtmpClient.connect(lianmai.rtmpPort);
    await rtmp.play('last');
    const { mediaUrl } = await openMaster(channel.play.hls);
    await mediaPlaylist(mediaUrl, 'a segment', ({ segments }) => segments.length > 0);
    await flv.more(25, 9);
    const pids = [...lianmai.processes().values()];
    await lianmai.stop();
    assert.equal(await flv.ended(), 'clean');
    assert.equal(await ws.ended(), 'clean');
    await rtmp.status((code) => code === 'NetStream.Play.UnpublishNotify');
    await publisher.ended();
    assert.deepEqual(pids.filter(isRunning), [], 'no process is left behind');
  });
});

describe('what is seen from outside', () => {
  it('metrics count publishers, viewers, bytes and memory by worker', async () => {
    await using lianmai = await Lianmai.start({ workers: 2 });
    const channel = await lianmai.rest.createChannel('counted');
    await using _publisher = push(channel.push.rtmp);
    await live(lianmai, channel);
    using flv = await FlvClient.open(channel.play.flv);
    await flv.more(25, 9);
    const text = await until('the viewer is counted', async () => {
      const metrics = await lianmai.metrics();
      return sum(metrics, 'lianmai_viewers', /protocol="flv"/) === 1 ? metrics : null;
    });
    assert.equal(sum(text, 'lianmai_publishers'), 1);
    assert.ok(sum(text, 'lianmai_bytes_in_total') > 10_000);
    assert.ok(sum(text, 'lianmai_bytes_out_total') > 10_000);
    assert.match(text, /lianmai_frames_dropped_total/);
    for (const name of ['control', 'edge-0', 'edge-1']) {
      assert.match(text, new RegExp(`lianmai_process_resident_memory_bytes\\{[^}]*process="${name}"`));
      assert.match(text, new RegExp(`lianmai_nodejs_eventloop_lag_p99_seconds\\{[^}]*process="${name}"`));
    }
    assert.match(text, /^# TYPE lianmai_viewers gauge/m);
  });

  it('the first start says what a newcomer pastes, and --demo publishes by itself', async () => {
    await using lianmai = await Lianmai.start({ workers: 1, settings: { demo: 'true' } });
    await until('it says so', () => /ffmpeg .*rtmp:\/\/127\.0\.0\.1/.test(lianmai.printed));
    const watch = /http:\/\/127\.0\.0\.1:\d+\/watch\/([\w.-]+)/.exec(lianmai.printed);
    assert.ok(watch?.[1], lianmai.printed);
    assert.equal((await fetch(watch[0])).status, 200);
    const stream = watch[1];
    using flv = await until('the test picture plays', () => FlvClient.open(`${lianmai.http}/live/${stream}.flv`));
    await flv.more(50, 9);
    lianmai.kill('demo');
    await flv.more(50, 9);
    assert.equal(flv.end, null, 'its viewers did not notice');
    assert.deepEqual(stepsBack(flv.timestamps(9)), []);
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** The sum of a metric's samples whose labels match. */
function sum(text: string, name: string, labels = /(?:)/): number {
  return [...text.matchAll(new RegExp(`^${name}(?:\\{([^}]*)\\})? (\\S+)`, 'gm'))]
    .filter(([, found]) => labels.test(found ?? ''))
    .reduce((total, [, , value]) => total + Number(value), 0);
}
