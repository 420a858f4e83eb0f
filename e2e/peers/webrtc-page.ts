import type { Page } from 'playwright-core';

export interface Through {
  /** The path to the server: the ports its candidates are given in place of its own. */
  via?: Record<number, number>;
}

/** What an endpoint answered to an offer. */
export interface Answered {
  status: number;
  body: string;
  location: string | null;
  etag: string | null;
  link: string | null;
  /** From the POST until the first decoded picture (players) or the connection (publishers), ms. */
  ms: number;
}

export interface WhipOptions extends Through {
  video?: boolean;
  audio?: boolean;
  /** Offered alone when given. */
  codec?: 'video/H264' | 'video/VP8';
  /** `camera`: the browser's fake one, 640x480, easy to encode. Others are 1280x720: `lively` takes 1 Mbit/s, `busy` any bitrate. */
  picture?: 'camera' | 'lively' | 'busy';
  /** Sends the picture in its size and in a quarter of its width and height. */
  simulcast?: boolean;
}

export interface WhepStats {
  framesDecoded: number;
  /** Chromium's own count of freezes. */
  freezes: number;
  /** `connected`, `failed`, … */
  connection: RTCPeerConnectionState;
  /** Between two pictures shown, since the first one or {@link forgetGaps}. */
  longestGapMs: number;
  width: number;
  codec: string;
  audioSamples: number;
  /** Grows while there is something to be heard. */
  audioEnergy: number;
  audioCodec: string;
}

export interface WhipSent {
  availableBitrate: number;
  targetBitrate: number;
  /** Of pictures. */
  bytes: number;
  /** Encodings that are sent. */
  layers: number;
  /** What holds the picture back: `none`, `cpu`, `bandwidth`. */
  limitedBy: string;
  /** By the page's clock. */
  atMs: number;
}

/**
 * Publishes the browser's fake camera and microphone (a moving picture and a beep) by WHIP, or what the page has made for it
 * in `window.whipMedia`.
 */
export function whip(page: Page, url: string, options: WhipOptions = {}): Promise<Answered> {
  return page.evaluate(
    async ({ url, video = true, audio = true, codec, via, picture, simulcast }) => {
      const isDrawn = picture === 'busy' || picture === 'lively';
      const { whipMedia } = window as { whipMedia?: MediaStream };
      const camera = () =>
        navigator.mediaDevices.getUserMedia({
          video: video && !isDrawn && { width: 640, height: 480, frameRate: 25 },
          audio,
        });
      const stream = whipMedia ?? (await camera());
      if (isDrawn) {
        const canvas = Object.assign(document.createElement('canvas'), { width: 1280, height: 720 });
        const context = canvas.getContext('2d');
        const tile = picture === 'busy' ? new ImageData(240, 135) : new ImageData(96, 54);
        const pixels = new Uint32Array(tile.data.buffer);
        setInterval(() => {
          for (let i = 0; i < pixels.length; i++) pixels[i] = 0xff000000 | (Math.random() * 0xffffff);
          context?.putImageData(tile, Math.random() * 1000, Math.random() * 560);
        }, 40);
        for (const track of canvas.captureStream(25).getVideoTracks()) stream.addTrack(track);
      }
      const moved = (sdp: string) =>
        sdp.replace(/(a=candidate:.* )(\d+)( typ)/g, (_, before, port, after) => before + (via[port] ?? port) + after);
      const peer = new RTCPeerConnection();
      Object.assign(window, { whipPeer: peer });
      for (const track of stream.getTracks()) {
        const isLayered = simulcast && track.kind === 'video';
        const transceiver = peer.addTransceiver(track, {
          direction: 'sendonly',
          streams: [stream],
          ...(isLayered && {
            sendEncodings: [
              { rid: 'low', scaleResolutionDownBy: 4, maxBitrate: 200_000 },
              { rid: 'full', maxBitrate: 1_500_000 },
            ],
          }),
        });
        if (track.kind !== 'video' || !codec) continue;
        const all = RTCRtpSender.getCapabilities('video')?.codecs ?? [];
        transceiver.setCodecPreferences(all.filter(({ mimeType }) => mimeType === codec || mimeType === 'video/rtx'));
      }
      await peer.setLocalDescription();
      const from = performance.now();
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/sdp' },
        body: peer.localDescription?.sdp ?? '',
      });
      const body = await answer.text();
      if (answer.status === 201) {
        await peer.setRemoteDescription({ type: 'answer', sdp: moved(body) });
        await new Promise<void>((resolve, reject) => {
          const look = () => {
            if (peer.connectionState === 'connected') resolve();
            if (peer.connectionState === 'failed') reject(new Error('not connected'));
          };
          peer.addEventListener('connectionstatechange', look);
          look();
        });
      } else peer.close();
      const header = (name: string) => answer.headers.get(name);
      Object.assign(window, { whipLocation: header('location') });
      const ms = performance.now() - from;
      return {
        status: answer.status,
        body,
        location: header('location'),
        etag: header('etag'),
        link: header('link'),
        ms,
      };
    },
    { url, via: {}, ...options },
  );
}

/** Where the page's WHIP session is. */
export function whipLocation(page: Page): Promise<string | null> {
  return page.evaluate(() => (window as unknown as { whipLocation: string | null }).whipLocation);
}

/** Plays by WHEP into a new video element; resolves when the first picture is shown (or, without one, when it is connected). */
export function whep(page: Page, url: string, { via = {} }: Through = {}): Promise<Answered> {
  return page.evaluate(
    async ({ url, via }) => {
      const moved = (sdp: string) =>
        sdp.replace(/(a=candidate:.* )(\d+)( typ)/g, (_, before, port, after) => before + (via[port] ?? port) + after);

      const peer = new RTCPeerConnection();
      Object.assign(window, { whepPeer: peer });
      const video = document.createElement('video');
      Object.assign(video, { autoplay: true, playsInline: true });
      document.body.append(video);
      const media = new MediaStream();
      video.srcObject = media;
      peer.addEventListener('track', ({ track }) => media.addTrack(track));
      peer.addTransceiver('audio', { direction: 'recvonly' });
      peer.addTransceiver('video', { direction: 'recvonly' });
      await peer.setLocalDescription();
      const from = performance.now();
      const answer = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/sdp' },
        body: peer.localDescription?.sdp ?? '',
      });
      const body = await answer.text();
      const header = (name: string) => answer.headers.get(name);
      if (answer.status === 201) {
        const shown = new Promise<void>((resolve) => {
          if (/m=video 9/.test(body)) video.requestVideoFrameCallback(() => resolve());
          else peer.addEventListener('connectionstatechange', () => peer.connectionState === 'connected' && resolve());
        });
        await peer.setRemoteDescription({ type: 'answer', sdp: moved(body) });
        await shown;
      } else peer.close();
      const ms = performance.now() - from;
      const gaps = { longestMs: 0 };
      Object.assign(window, { whepGaps: gaps });
      let shownAt = performance.now();
      const next = (now: number) => {
        gaps.longestMs = Math.max(gaps.longestMs, now - shownAt);
        shownAt = now;
        video.requestVideoFrameCallback(next);
      };
      video.requestVideoFrameCallback(next);
      return {
        status: answer.status,
        body,
        location: header('location'),
        etag: header('etag'),
        link: header('link'),
        ms,
      };
    },
    { url, via },
  );
}

/** What the page's WHEP player has received so far. */
export function whepStats(page: Page): Promise<WhepStats> {
  return page.evaluate(async () => {
    const { whepPeer, whepGaps } = window as unknown as {
      whepPeer: RTCPeerConnection;
      whepGaps: { longestMs: number };
    };
    const all = [...(await whepPeer.getStats()).values()] as Record<string, string & number>[];
    const inbound = (kind: string) => all.find((entry) => entry['type'] === 'inbound-rtp' && entry['kind'] === kind);
    const codecOf = (kind: string) => all.find(({ id }) => id === inbound(kind)?.['codecId'])?.['mimeType'] ?? '';
    const video = inbound('video');
    return {
      framesDecoded: video?.['framesDecoded'] ?? 0,
      freezes: video?.['freezeCount'] ?? 0,
      connection: whepPeer.connectionState,
      longestGapMs: whepGaps.longestMs,
      width: video?.['frameWidth'] ?? 0,
      codec: codecOf('video'),
      audioSamples: inbound('audio')?.['totalSamplesReceived'] ?? 0,
      audioEnergy: inbound('audio')?.['totalAudioEnergy'] ?? 0,
      audioCodec: codecOf('audio'),
    };
  });
}

/** What the page's WHIP publisher has sent, may send by the feedback it gets, and wants to (all bit/s but the bytes). */
export function whipSent(page: Page): Promise<WhipSent> {
  return page.evaluate(async () => {
    const { whipPeer } = window as unknown as { whipPeer: RTCPeerConnection };
    const all = [...(await whipPeer.getStats()).values()] as Record<string, string & number>[];
    const out = all.filter((entry) => entry['type'] === 'outbound-rtp' && entry['kind'] === 'video');
    const path = all.find((entry) => entry['type'] === 'candidate-pair' && entry['nominated']);
    const sum = (name: string) => out.reduce((total, entry) => total + (entry[name] ?? 0), 0);
    return {
      availableBitrate: path?.['availableOutgoingBitrate'] ?? 0,
      targetBitrate: sum('targetBitrate'),
      bytes: sum('bytesSent'),
      layers: out.filter((entry) => (entry['framesEncoded'] ?? 0) > 0).length,
      limitedBy: out[0]?.['qualityLimitationReason'] ?? '',
      atMs: performance.now(),
    };
  });
}

/** From now on gaps count anew. */
export function forgetGaps(page: Page): Promise<void> {
  return page.evaluate(() => {
    (window as unknown as { whepGaps: { longestMs: number } }).whepGaps.longestMs = 0;
  });
}
