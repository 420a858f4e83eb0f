import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, it } from 'node:test';
import type { Page } from 'playwright-core';
import { Lianmai } from './lianmai.ts';
import { Browser } from './peers/chromium.ts';
import { until } from './until.ts';

const MODULES = {
  whip: import.meta.resolve('whip-whep/whip.js'),
  whep: import.meta.resolve('whip-whep/whep.js'),
};

/** What the page has of the client that is not ours (Medooze's `whip-whep`). */
interface Client {
  stop(): Promise<void>;
}
interface ClientWindow {
  WHIPClient: new () => Client & { publish(peer: RTCPeerConnection, url: string, token?: string): Promise<void> };
  WHEPClient: new () => Client & { view(peer: RTCPeerConnection, url: string, token?: string): Promise<void> };
  client: Client;
  peer: RTCPeerConnection;
}

let lianmai: Lianmai;
let browser: Browser;

before(async () => {
  const ice = [{ urls: 'stun:127.0.0.1:9' }];
  // A goodbye that is not understood would be seen for long.
  const settings = { mixers: '0', 'publish-grace-ms': '60000', 'ice-servers': JSON.stringify(ice) };
  lianmai = await Lianmai.start({ workers: 2, settings });
  browser = await Browser.start();
});
after(async () => {
  await browser?.[Symbol.asyncDispose]();
  await lianmai?.stop();
});

/** A page with the client loaded. */
async function pageWith(kind: 'whip' | 'whep'): Promise<Page> {
  const page = await browser.open(`${lianmai.http}/healthz`, { width: 640, height: 480 });
  const name = `${kind.toUpperCase()}Client`;
  const source = await readFile(new URL(MODULES[kind]), 'utf8');
  await page.addScriptTag({ type: 'module', content: `${source}\nwindow.${name} = ${name};` });
  await page.waitForFunction((global) => global in window, name);
  return page;
}

const connected = (page: Page) =>
  page.waitForFunction(() => (window as unknown as ClientWindow).peer.connectionState === 'connected');

function framesDecoded(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const stats = await (window as unknown as ClientWindow).peer.getStats();
    const all = [...stats.values()] as Record<string, string & number>[];
    const video = all.find((entry) => entry['type'] === 'inbound-rtp' && entry['kind'] === 'video');
    return video?.['framesDecoded'] ?? 0;
  });
}

for (const signature of ['in the address', 'as a bearer token'] as const)
  it(`an independent client publishes, signed ${signature}, another plays; stopping ends both at once`, async () => {
    const channel = await lianmai.rest.createChannel(signature.replaceAll(' ', '-'));
    const { search } = new URL(channel.push.rtmp);
    const isBearer = signature === 'as a bearer token';
    const publisher = await pageWith('whip');
    await publisher.evaluate(
      async ({ url, token }) => {
        const { WHIPClient } = window as unknown as ClientWindow;
        const media = await navigator.mediaDevices.getUserMedia({ audio: true, video: { width: 320, height: 240 } });
        const peer = new RTCPeerConnection();
        for (const track of media.getTracks()) peer.addTransceiver(track, { direction: 'sendonly', streams: [media] });
        const client = new WHIPClient();
        Object.assign(window, { client, peer });
        await client.publish(peer, url, token);
      },
      {
        url: `${lianmai.http}/live/${channel.stream}.whip${isBearer ? '' : search}`,
        token: isBearer ? search.slice(1) : undefined,
      },
    );
    await connected(publisher);
    await until('live', async () => (await lianmai.rest.channel(channel.id)).state === 'live');

    const viewer = await pageWith('whep');
    await until('it plays', () =>
      viewer.evaluate(async (url) => {
        const { WHEPClient } = window as unknown as ClientWindow;
        const peer = new RTCPeerConnection();
        for (const kind of ['audio', 'video']) peer.addTransceiver(kind, { direction: 'recvonly' });
        const client = new WHEPClient();
        const video = Object.assign(document.createElement('video'), { autoplay: true, srcObject: new MediaStream() });
        document.body.append(video);
        peer.addEventListener('track', ({ track }) => video.srcObject.addTrack(track));
        Object.assign(window, { client, peer });
        await client.view(peer, url);
        return true;
      }, `${lianmai.http}/live/${channel.stream}.whep`),
    );
    await connected(viewer);
    await until('25 pictures', async () => (await framesDecoded(viewer)) >= 25);
    await until('counted', async () => (await lianmai.rest.channel(channel.id)).viewersByProtocol?.['whep'] === 1);
    assert.ok(
      await publisher.evaluate(() => (window as unknown as ClientWindow).peer.getConfiguration().iceServers?.length),
    );

    const stop = (page: Page) => page.evaluate(() => (window as unknown as ClientWindow).client.stop());
    await stop(viewer);
    await until('gone', async () => !(await lianmai.rest.channel(channel.id)).viewersByProtocol?.['whep']);
    await stop(publisher);
    await until('idle', async () => (await lianmai.rest.channel(channel.id)).state === 'idle');
    await viewer.close();
    await publisher.close();
  });
