import assert from 'node:assert/strict';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { LocalMedia } from './local-media.ts';

class FakeTrack extends EventTarget {
  readonly kind: 'audio' | 'video';
  readonly deviceId: string;
  enabled = true;
  readyState = 'live';

  constructor(kind: 'audio' | 'video', deviceId: string) {
    super();
    this.kind = kind;
    this.deviceId = deviceId;
  }

  stop(): void {
    this.readyState = 'ended';
  }

  getSettings() {
    return { deviceId: this.deviceId };
  }
}

class FakeStream {
  readonly #tracks: readonly FakeTrack[];

  constructor(tracks: readonly FakeTrack[]) {
    this.#tracks = tracks;
  }

  getTracks() {
    return this.#tracks;
  }

  getVideoTracks() {
    return this.#tracks.filter(({ kind }) => kind === 'video');
  }
}

interface Wanted {
  video?: { deviceId?: { ideal: string } };
  audio?: { deviceId?: { ideal: string } };
}

/** Devices that are given when the test says so. */
class FakeDevices extends EventTarget {
  readonly tracks: FakeTrack[] = [];
  readonly #waiting: (() => void)[] = [];
  /** Set: what is asked for is refused with it. */
  refusal: ((wanted: Wanted) => string | null) | null = null;

  getUserMedia(wanted: Wanted): Promise<FakeStream> {
    return new Promise((resolve, reject) => {
      this.#waiting.push(() => {
        const name = this.refusal?.(wanted) ?? null;
        if (name !== null) return reject(new DOMException('no', name));
        const made = (['video', 'audio'] as const).flatMap((kind) =>
          wanted[kind] ? new FakeTrack(kind, wanted[kind].deviceId?.ideal ?? 'front') : [],
        );
        this.tracks.push(...made);
        resolve(new FakeStream(made));
      });
    });
  }

  enumerateDevices() {
    return Promise.resolve([]);
  }

  /** Answers all that was asked so far. */
  async give(): Promise<void> {
    for (const answer of this.#waiting.splice(0)) answer();
    await turn();
  }

  /** What is on, as its light would show. */
  on(kind: 'audio' | 'video'): FakeTrack[] {
    return this.tracks.filter((track) => track.kind === kind && track.readyState === 'live');
  }
}

function start(t: TestContext) {
  const devices = new FakeDevices();
  const globals = globalThis as unknown as Record<string, unknown>;
  const before = { window: globals['window'], MediaStream: globals['MediaStream'] };
  Object.assign(globals, { window: { isSecureContext: true }, MediaStream: FakeStream });
  Object.defineProperty(navigator, 'mediaDevices', { configurable: true, value: devices });
  const media = new LocalMedia({ cameraId: null, microphoneId: null });
  t.after(() => {
    media.close();
    Object.assign(globals, before);
    Reflect.deleteProperty(navigator, 'mediaDevices');
  });
  return { devices, media };
}

describe('camera and microphone', () => {
  test('are on when they are given, and off when it is over', async (t) => {
    const { devices, media } = start(t);
    await devices.give();
    assert.deepEqual([media.snapshot.access, media.snapshot.camera, media.snapshot.microphone], ['given', true, true]);
    media.close();
    assert.deepEqual([devices.on('video'), devices.on('audio')], [[], []]);
  });

  test('that are switched off while they start stay off', async (t) => {
    const { devices, media } = start(t);
    void media.setCamera(false);
    void media.setMicrophone(false);
    await devices.give();
    assert.deepEqual([devices.on('video'), devices.on('audio')], [[], []]);
    assert.deepEqual(media.muted, { audio: true, video: true });
    void media.setCamera(true);
    void media.setCamera(false);
    await devices.give();
    assert.deepEqual(devices.on('video'), []);
    assert.equal(media.snapshot.failed.camera, false);
  });

  test('that are given after the end are switched off at once', async (t) => {
    const { devices, media } = start(t);
    media.close();
    await devices.give();
    assert.deepEqual([devices.on('video'), devices.on('audio')], [[], []]);
  });
});

describe('another camera', () => {
  test('takes the place of the first', async (t) => {
    const { devices, media } = start(t);
    await devices.give();
    void media.chooseCamera('back');
    await devices.give();
    assert.deepEqual(
      devices.on('video').map(({ deviceId }) => deviceId),
      ['back'],
    );
    assert.equal(media.snapshot.camera, true);
  });

  test('of a phone that opens one at a time is opened when the first is let go', async (t) => {
    const { devices, media } = start(t);
    await devices.give();
    devices.refusal = ({ video }) => (video && devices.on('video').length > 0 ? 'NotReadableError' : null);
    void media.chooseCamera('back');
    await devices.give();
    await devices.give();
    assert.deepEqual(
      devices.on('video').map(({ deviceId }) => deviceId),
      ['back'],
    );
    assert.equal(media.snapshot.failed.camera, false);
  });

  test('that another program has is told as failed', async (t) => {
    const { devices, media } = start(t);
    await devices.give();
    devices.refusal = () => 'NotReadableError';
    void media.chooseCamera('back');
    await devices.give();
    await devices.give();
    assert.equal(media.snapshot.failed.camera, true);
    assert.equal(media.snapshot.camera, false);
  });
});

test('another microphone in place of one that is muted is muted from its first sound on', async (t) => {
  const { devices, media } = start(t);
  await devices.give();
  await media.setMicrophone(false);
  const heard: boolean[] = [];
  media.subscribe(() => heard.push(!media.muted.audio));
  void media.chooseMicrophone('headset');
  await devices.give();
  assert.deepEqual(
    devices.on('audio').map(({ deviceId, enabled }) => [deviceId, enabled]),
    [['headset', false]],
  );
  assert.ok(!heard.includes(true));
});
