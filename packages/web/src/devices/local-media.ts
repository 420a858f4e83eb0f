import type { Muted } from '../conference/api.ts';
import type { OutgoingTracks } from '../rtc/whip-client.ts';
import { blankPicture, type StandIn, silence } from './stand-ins.ts';

/**
 * - `asking`: the browser asks the person. `given`: at least one of camera and microphone may be used, or there is none.
 * - `refused`: by the person, or by the system for the browser.
 * - `insecure`: the page did not come by HTTPS, nor from this very device: browsers then have no cameras.
 */
export type MediaAccess = 'asking' | 'given' | 'refused' | 'insecure';

export interface Device {
  id: string;
  name: string;
}

export interface LocalMediaSnapshot {
  access: MediaAccess;
  cameras: readonly Device[];
  microphones: readonly Device[];
  cameraId: string | null;
  microphoneId: string | null;
  /** They are on. */
  camera: boolean;
  microphone: boolean;
  screen: boolean;
  /** What others see, for the own preview; null when that is nothing. */
  preview: MediaStream | null;
  /** Could not be switched on: missing, taken by another program, or not allowed. */
  failed: { camera: boolean; microphone: boolean };
}

export interface LocalMediaOptions {
  cameraId: string | null;
  microphoneId: string | null;
}

/** What getUserMedia fails with where another camera has to be let go first. */
const BUSY: ReadonlySet<string> = new Set(['NotReadableError', 'AbortError', 'TrackStartError']);

const PICTURE: MediaTrackConstraints = {
  width: { ideal: 1280 },
  height: { ideal: 720 },
  frameRate: { ideal: 30, max: 30 },
};
const SOUND: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true };

/** This device's camera, microphone and screen, and the two tracks that are sent of them. */
export class LocalMedia {
  readonly #listeners = new Set<() => void>();
  readonly #closing = new AbortController();
  #camera: MediaStreamTrack | null = null;
  #microphone: MediaStreamTrack | null = null;
  #screen: MediaStreamTrack | null = null;
  #silence: StandIn | null = null;
  #blank: StandIn | null = null;
  /** What was asked of each last: a device that comes later than that is not wanted any more. */
  readonly #asked = { camera: 0, microphone: 0 };
  #snapshot: LocalMediaSnapshot;

  constructor({ cameraId, microphoneId }: LocalMediaOptions) {
    this.#snapshot = {
      access: window.isSecureContext && navigator.mediaDevices ? 'asking' : 'insecure',
      cameras: [],
      microphones: [],
      cameraId,
      microphoneId,
      camera: false,
      microphone: false,
      screen: false,
      preview: null,
      failed: { camera: false, microphone: false },
    };
    if (this.#snapshot.access === 'insecure') return;
    const { signal } = this.#closing;
    navigator.mediaDevices.addEventListener('devicechange', () => void this.#listDevices(), { signal });
    void this.#watchPermission('camera');
    void this.#watchPermission('microphone');
    void this.start();
  }

  get snapshot(): LocalMediaSnapshot {
    return this.#snapshot;
  }

  /** What is not sent. */
  get muted(): Muted {
    const { microphone, camera, screen } = this.#snapshot;
    return { audio: !microphone, video: !camera && !screen };
  }

  /** What is to be sent now; stand-ins in place of what is off. */
  get tracks(): OutgoingTracks {
    const video = this.#screen ?? this.#camera;
    return {
      audio: this.#microphone ?? (this.#silence ??= silence()).track,
      video: video ?? (this.#blank ??= blankPicture()).track,
    };
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Asks for camera and microphone, and switches on what is given. */
  async start(): Promise<void> {
    this.#publish({ access: 'asking' });
    const error = await this.#openBoth();
    if (error === 'NotAllowedError' && !this.#camera && !this.#microphone) this.#publish({ access: 'refused' });
    else this.#publish({ access: 'given' });
    await this.#listDevices();
  }

  async setCamera(on: boolean): Promise<void> {
    if (!on) {
      this.#asked.camera++;
      // Stopped, so that its light goes off, too.
      this.#camera?.stop();
      this.#camera = null;
      return this.#publish({ camera: false });
    }
    const error = await this.#open('camera');
    this.#publish({ failed: { ...this.#snapshot.failed, camera: error !== null } });
  }

  async setMicrophone(on: boolean): Promise<void> {
    if (this.#microphone) {
      this.#microphone.enabled = on;
      return this.#publish({ microphone: on });
    }
    if (!on) return void this.#asked.microphone++;
    const error = await this.#open('microphone');
    this.#publish({ failed: { ...this.#snapshot.failed, microphone: error !== null } });
  }

  async chooseCamera(cameraId: string): Promise<void> {
    this.#publish({ cameraId });
    if (this.#camera || this.#snapshot.failed.camera) await this.setCamera(true);
  }

  async chooseMicrophone(microphoneId: string): Promise<void> {
    this.#publish({ microphoneId });
    if (!this.#microphone && !this.#snapshot.failed.microphone) return;
    const error = await this.#open('microphone');
    this.#publish({ failed: { ...this.#snapshot.failed, microphone: error !== null } });
  }

  /** Lets the person choose what to share. @returns false when that could not be, or the person thought better of it. */
  async shareScreen(): Promise<boolean> {
    try {
      const shared = await navigator.mediaDevices.getDisplayMedia({ video: { frameRate: { max: 15 } } });
      const track = this.#take(shared, 'video');
      if (!track) return false;
      track.contentHint = 'detail';
      track.addEventListener('ended', () => this.stopScreen());
      this.#screen?.stop();
      this.#screen = track;
      this.#publish({ screen: true });
      return true;
    } catch {
      return false;
    }
  }

  stopScreen(): void {
    this.#screen?.stop();
    this.#screen = null;
    this.#publish({ screen: false });
  }

  /** Idempotent. Camera and microphone are off, their lights too. */
  close(): void {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort();
    for (const track of [this.#camera, this.#microphone, this.#screen]) track?.stop();
    this.#silence?.close();
    this.#blank?.close();
    this.#listeners.clear();
  }

  /** @returns the name of what went wrong, if anything did. */
  async #openBoth(): Promise<string | null> {
    const { cameraId, microphoneId } = this.#snapshot;
    const asked = { camera: ++this.#asked.camera, microphone: ++this.#asked.microphone };
    try {
      // Together, so that the person is asked once.
      const media = await navigator.mediaDevices.getUserMedia({
        video: pictureOf(cameraId),
        audio: soundOf(microphoneId),
      });
      this.#use('camera', asked.camera, this.#take(media, 'video'));
      this.#use('microphone', asked.microphone, this.#take(media, 'audio'));
      this.#publish({ failed: { camera: false, microphone: false } });
      return null;
    } catch (error) {
      // One of them is missing, taken or forbidden: the other may do. A prompt that was dismissed is not shown again.
      const name = nameOf(error);
      if (name === 'NotAllowedError' && !(await halfAllowed())) {
        this.#publish({ failed: { camera: true, microphone: true } });
        return name;
      }
      const microphone = await this.#open('microphone');
      const camera = await this.#open('camera');
      this.#publish({ failed: { camera: camera !== null, microphone: microphone !== null } });
      return camera ?? microphone;
    }
  }

  async #open(kind: 'camera' | 'microphone'): Promise<string | null> {
    const { cameraId, microphoneId } = this.#snapshot;
    const asked = ++this.#asked[kind];
    try {
      const wanted = kind === 'camera' ? { video: pictureOf(cameraId) } : { audio: soundOf(microphoneId) };
      const media = await navigator.mediaDevices.getUserMedia(wanted);
      this.#use(kind, asked, this.#take(media, kind === 'camera' ? 'video' : 'audio'));
      return null;
    } catch (error) {
      if (asked !== this.#asked[kind]) return null;
      const name = nameOf(error);
      if (kind === 'microphone' || !this.#camera || !BUSY.has(name)) return name;
      // Phones have one camera at a time.
      await this.setCamera(false);
      return this.#open('camera');
    }
  }

  /** The track, or null when it came too late to be used. */
  #take(media: MediaStream, kind: 'audio' | 'video'): MediaStreamTrack | null {
    const track = media.getTracks().find((one) => one.kind === kind) ?? null;
    if (!this.#closing.signal.aborted) return track;
    track?.stop();
    return null;
  }

  /** @param asked the number of the wish that it fulfils. */
  #use(kind: 'camera' | 'microphone', asked: number, track: MediaStreamTrack | null): void {
    if (asked !== this.#asked[kind]) track?.stop();
    if (!track || asked !== this.#asked[kind]) return;
    const id = track.getSettings().deviceId ?? null;
    // Unplugged, or taken away by the system.
    track.addEventListener('ended', () => this.#lost(kind, track));
    if (kind === 'camera') {
      this.#camera?.stop();
      this.#camera = track;
      this.#publish({ camera: true, cameraId: id });
    } else {
      // Another one in place of one that is muted is muted from its first sound on.
      track.enabled = this.#microphone?.enabled ?? true;
      this.#microphone?.stop();
      this.#microphone = track;
      this.#publish({ microphone: track.enabled, microphoneId: id });
    }
  }

  #lost(kind: 'camera' | 'microphone', track: MediaStreamTrack): void {
    if (kind === 'camera' && track === this.#camera) {
      this.#camera = null;
      this.#publish({ camera: false, failed: { ...this.#snapshot.failed, camera: true } });
    } else if (kind === 'microphone' && track === this.#microphone) {
      this.#microphone = null;
      this.#publish({ microphone: false, failed: { ...this.#snapshot.failed, microphone: true } });
    }
  }

  async #listDevices(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices().catch(() => []);
    const of = (kind: MediaDeviceKind) =>
      all
        .filter((device) => device.kind === kind && device.deviceId !== '')
        .map(({ deviceId, label }) => ({ id: deviceId, name: label }));
    this.#publish({ cameras: of('videoinput'), microphones: of('audioinput') });
  }

  /** Granted in the browser's settings while the page says how: it goes on by itself. */
  async #watchPermission(name: 'camera' | 'microphone'): Promise<void> {
    const status = await navigator.permissions?.query({ name }).catch(() => null);
    status?.addEventListener(
      'change',
      () => status.state === 'granted' && this.#snapshot.access === 'refused' && void this.start(),
      { signal: this.#closing.signal },
    );
  }

  #publish(changes: Partial<LocalMediaSnapshot>): void {
    if (this.#closing.signal.aborted) return;
    const next = { ...this.#snapshot, ...changes };
    const shown = this.#screen ?? this.#camera;
    const [before] = this.#snapshot.preview?.getVideoTracks() ?? [];
    this.#snapshot = {
      ...next,
      preview: shown === (before ?? null) ? next.preview : shown && new MediaStream([shown]),
    };
    for (const listener of this.#listeners) listener();
  }
}

const pictureOf = (id: string | null): MediaTrackConstraints => ({
  ...PICTURE,
  ...(id === null ? { facingMode: 'user' } : { deviceId: { ideal: id } }),
});
const soundOf = (id: string | null): MediaTrackConstraints => ({
  ...SOUND,
  ...(id === null ? {} : { deviceId: { ideal: id } }),
});

const nameOf = (error: unknown): string => (error instanceof Error || error instanceof DOMException ? error.name : '');

/** One of the two is forbidden for good and the other is not: it can be asked for alone. */
async function halfAllowed(): Promise<boolean> {
  const states = await Promise.all(
    (['camera', 'microphone'] as const).map((name) =>
      navigator.permissions?.query({ name }).then(
        ({ state }) => state,
        () => 'denied' as const,
      ),
    ),
  );
  return states.includes('denied') && states.some((state) => state !== undefined && state !== 'denied');
}
