/**
 * Does one thing with the native library and sends what came of it to the parent process, which then ends this one: the library
 * would keep it alive.
 */
import { mock } from 'node:test';
import { WireError } from '@lianmai/media';
import { chooseAudio, type Offer, parseOffer } from '@lianmai/media/sdp';
import { MemoryBus } from '../../../bus/memory-bus.ts';
import { openStream } from '../../hub/testing/open-stream.ts';
import { UsageMeter } from '../../hub/usage-meter.ts';
import { WorkerTraffic } from '../../hub/worker-traffic.ts';
import { Peer } from '../peer.ts';
import { RtcServer } from '../rtc-server.ts';
import type { DoneByChild } from './in-child.ts';
import { NativeViewer } from './native-viewer.ts';
import { freeServerPort, SERVER_ADDRESS, takeServerPort } from './server-port.ts';

const things: { [Name in keyof DoneByChild]: () => Promise<DoneByChild[Name]> } = {
  connect,
  findPortTaken,
  closeWhileAnswering,
  endBeforeConnected,
};

const unhandled: string[] = [];
process.on('unhandledRejection', (error) => void unhandled.push(String(error)));
process.send?.(await things[process.argv[2] as keyof DoneByChild]());

function read(text: string): Offer {
  const offer = parseOffer(text);
  if (offer instanceof WireError) throw new Error(offer.message);
  return offer;
}

async function peerFor(viewer: NativeViewer, port: number, connected: () => void): Promise<Peer> {
  const offer = read(await viewer.offer());
  const audio = offer.media.find(({ kind }) => kind === 'audio');
  const codec = audio && chooseAudio(audio);
  if (!codec) throw new Error('the client offers no Opus');
  const source = { ssrc: 77, cname: 'c', streamId: 's', trackId: 'audio' };
  return new Peer({
    name: 'peer',
    port,
    bindAddress: SERVER_ADDRESS,
    publicAddress: null,
    offer,
    chosen: [{ mid: audio.mid, codec, direction: 'sendonly', source }],
    events: { connected, packet() {}, closed() {} },
  });
}

/** The native library finishes connections on several threads: which is first is a matter of chance. */
async function connect(): Promise<DoneByChild['connect']> {
  const port = await freeServerPort();
  const packet = Buffer.from('806f0001000000000000004dff', 'hex');
  const one = async () => {
    const viewer = new NativeViewer();
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const peer: Peer = await peerFor(viewer, port, () => resolve(peer.send(packet)));
    viewer.accept(await peer.answer('1'));
    const taken = await promise;
    peer.close();
    viewer.close();
    return taken;
  };
  const taken: boolean[] = [];
  for (let round = 0; round < 3; round++) taken.push(...(await Promise.all(Array.from({ length: 8 }, one))));
  return { peers: taken.length, refused: taken.filter((one) => !one).length };
}

async function findPortTaken(): Promise<DoneByChild['findPortTaken']> {
  const holder = await takeServerPort();
  const peer = await peerFor(new NativeViewer(), holder.address().port, () => {});
  mock.timers.enable({ apis: ['setTimeout'] });
  const told = await reasonOf(peer.answer('1'));
  mock.timers.tick(60_000);
  await new Promise(setImmediate);
  return { told, unhandled };
}

async function closeWhileAnswering(): Promise<DoneByChild['closeWhileAnswering']> {
  const peer = await peerFor(new NativeViewer(), await freeServerPort(), () => {});
  const answer = reasonOf(peer.answer('1'));
  peer.close();
  const told = await answer;
  await new Promise(setImmediate);
  return { told, unhandled };
}

async function reasonOf(answer: Promise<string>): Promise<string> {
  return await answer.then(
    () => 'an answer',
    (error: Error) => `${error.name}: ${error.message}`,
  );
}

async function endBeforeConnected(): Promise<DoneByChild['endBeforeConnected']> {
  const stream = openStream();
  stream.write({ track: 'audio', codec: 'opus', type: 'key', dts: 0, cts: 0, data: Buffer.of(9) }, 0);
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  const server = new RtcServer({
    hub: { play: () => stream, admit: () => null, publish: () => Promise.reject(new Error('nobody publishes here')) },
    bus: new MemoryBus().member().bus,
    workerId: 'edge-0',
    settings: { host: SERVER_ADDRESS, publicHost: SERVER_ADDRESS, rtcPort: await freeServerPort() },
    limits: { admit: () => true, release: () => release() },
    published: {
      holder: () => null,
      address: () => null,
      gopCacheBytes: 0,
      traffic: new WorkerTraffic(new UsageMeter('edge-0', 'run', 0)),
    },
    log: { info() {}, warn() {}, debug() {} },
    now: Date.now,
  });
  await server.start();
  const viewer = new NativeViewer();
  const offer = read(await viewer.offer());
  const { session, answer } = await server.play({ stream: 'show', query: '', ip: '127.0.0.1', offer });
  stream.end('unpublished');
  viewer.accept(answer);
  await released;
  return { sessionIsThere: server.session(session.id) !== null };
}
