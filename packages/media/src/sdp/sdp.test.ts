import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { WireError } from '../result.ts';
import {
  type ChosenMedia,
  chooseAudio,
  chooseVideoToReceive,
  chooseVideoToSend,
  type Offer,
  parseCandidate,
  parseIceFragment,
  parseOffer,
  writeAnswer,
  writeCandidate,
  writeReducedOffer,
} from './index.ts';

const PUBLISHERS = ['chromium-publish', 'firefox-publish', 'safari-publish', 'obs-publish'];
const FIXTURES = [
  ...PUBLISHERS,
  'chromium-publish-video',
  'chromium-play',
  'chromium-play-audio',
  'chromium-simulcast',
];
const US = {
  iceUfrag: 'abcd',
  icePwd: '0123456789012345678901',
  fingerprint: { algorithm: 'sha-256', value: Array(32).fill('0A').join(':') },
  setup: 'passive' as const,
  candidates: [{ foundation: '1', priority: 1, address: '127.0.0.1', port: 8000, type: 'host' as const }],
};

const fixture = (name: string) => readFileSync(new URL(`fixtures/${name}.sdp`, import.meta.url), 'utf8');

function accepted<T>(value: T | WireError): T {
  assert.ok(!(value instanceof WireError), value instanceof WireError ? value.message : '');
  return value;
}

function choose({ media }: Offer): ChosenMedia[] {
  return media.flatMap((section): ChosenMedia[] => {
    const codec = section.kind === 'audio' ? chooseAudio(section) : chooseVideoToReceive(section);
    return codec ? [{ mid: section.mid, codec, direction: 'recvonly', source: null }] : [];
  });
}

for (const name of FIXTURES)
  test(`${name}: is understood, and what the transport gets of it says the same`, () => {
    const offer = accepted(parseOffer(fixture(name)));
    const chosen = choose(offer);
    assert.equal(chosen.length, offer.media.length);
    const reduced = accepted(parseOffer(writeReducedOffer(offer, chosen)));
    assert.deepEqual(
      reduced.media.map(({ mid, ssrcs, rtxSsrcs, direction }) => ({ mid, ssrcs, rtxSsrcs, direction })),
      offer.media.map(({ mid, ssrcs, rtxSsrcs }) => ({ mid, ssrcs, rtxSsrcs, direction: 'sendonly' })),
    );
    const { candidates, iceUfrag, icePwd, fingerprint } = offer.transport;
    assert.deepEqual(reduced.transport, { candidates, iceUfrag, icePwd, fingerprint, setup: 'active' });
  });

test('publishers: constrained Baseline H.264 with packetization-mode 1 and Opus, repaired by RTX where offered', () => {
  const picked = PUBLISHERS.map((name) =>
    choose(accepted(parseOffer(fixture(name)))).map(({ codec }) => [
      codec.payloadType,
      codec.name,
      codec.rtxPayloadType,
    ]),
  );
  assert.deepEqual(picked, [
    [
      [111, 'opus', null],
      [108, 'H264', 109],
    ],
    [
      [109, 'opus', null],
      [126, 'H264', 127],
    ],
    [
      [111, 'opus', null],
      [98, 'H264', 99],
    ],
    [
      [111, 'opus', null],
      [96, 'H264', null],
    ],
  ]);
});

test('players: the stream’s own profile when it is offered, else another with packetization-mode 1', () => {
  const video = accepted(parseOffer(fixture('chromium-play'))).media[1]!;
  const profile = (idc: number) =>
    chooseVideoToSend(video, 'h264', idc)?.parameters.get('profile-level-id')?.slice(0, 2);
  assert.equal(profile(66), '42');
  assert.equal(profile(77), '4d');
  assert.equal(profile(122), '42');
  assert.equal(chooseVideoToSend(video, 'vp8', null)?.name, 'VP8');
});

test('without H.264 VP8 is taken, without either nothing', () => {
  const without = (...names: string[]) => {
    const lines = fixture('chromium-publish').split('\r\n');
    const text = lines.filter((line) => !names.some((name) => line.includes(` ${name}/`))).join('\r\n');
    return chooseVideoToReceive(accepted(parseOffer(text)).media[1]!);
  };
  assert.equal(without('H264')?.name, 'VP8');
  assert.equal(without('H264', 'VP8'), null);
});

test('the answer keeps the order of sections, rejects what was not chosen, and asks for the repair we can do', () => {
  const offer = accepted(parseOffer(fixture('chromium-publish')));
  const answer = writeAnswer(offer, choose(offer).slice(1), US, '42');
  const [audio, video] = answer.split('m=').slice(1);
  assert.match(audio ?? '', /^audio 0 .*\r\na=mid:0\r\na=inactive\r\n$/s);
  for (const line of [
    /^video 9 UDP\/TLS\/RTP\/SAVPF 108 109\r\n/,
    /a=setup:passive\r\n/,
    /a=recvonly\r\n/,
    /a=fmtp:108 .*profile-level-id=42e034;x-google-start-bitrate=600/,
    /a=fmtp:109 apt=108\r\n/,
    /a=rtcp-fb:108 nack\r\n/,
    /a=rtcp-fb:108 nack pli\r\n/,
    /a=rtcp-fb:108 transport-cc\r\n/,
    /a=extmap:3 http:\/\/www.ietf.org\/id\/draft-holmer/,
    /a=candidate:1 1 udp 1 127.0.0.1 8000 typ host\r\n/,
  ])
    assert.match(video ?? '', line);
  assert.doesNotMatch(video ?? '', /goog-remb/);
  assert.match(answer, /a=group:BUNDLE 1\r\n/);
});

test('simulcast: the answer takes all layers, and the header extensions that tell them apart', () => {
  const offer = accepted(parseOffer(fixture('chromium-simulcast')));
  assert.deepEqual(offer.media[0]?.rids, ['a', 'b']);
  const answer = writeAnswer(offer, choose(offer), US, '1');
  for (const line of [
    /a=extmap:9 urn:ietf:params:rtp-hdrext:sdes:mid\r\n/,
    /a=extmap:10 urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id\r\n/,
    /a=extmap:11 urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id\r\n/,
    /a=rid:a recv\r\na=rid:b recv\r\na=simulcast:recv a;b\r\n/,
  ])
    assert.match(answer, line);
  assert.doesNotMatch(writeReducedOffer(offer, choose(offer)), /rid|simulcast/, 'the transport does not hear of it');
});

test('simulcast: alternatives, paused layers and names that nothing declares', () => {
  const rids = (simulcast: string) =>
    accepted(parseOffer(fixture('chromium-simulcast').replace('send a;b', simulcast))).media[0]?.rids;
  assert.deepEqual(rids('send ~b,a;a'), ['b', 'a']);
  assert.deepEqual(rids('recv a;b'), []);
  assert.deepEqual(rids('send a;x;a'), ['a']);
  const without = fixture('chromium-simulcast').replace(/a=extmap:10 .*\r\n/, '');
  const offer = accepted(parseOffer(without));
  assert.doesNotMatch(writeAnswer(offer, choose(offer), US, '1'), /simulcast/, 'layers that cannot be told apart');
});

test('a limit is told to clients that do not take the arrival of each packet', () => {
  const text = fixture('chromium-publish').replaceAll(/a=rtcp-fb:\d+ transport-cc\r\n/g, '');
  const offer = accepted(parseOffer(text));
  const answer = writeAnswer(offer, choose(offer), US, '1');
  assert.match(answer, /a=rtcp-fb:108 goog-remb\r\n/);
  assert.doesNotMatch(answer, /transport-cc|draft-holmer/);
});

test('whatever the order of choosing, the answer bundles in the order of the offer, its candidates in the first section', () => {
  const offer = accepted(parseOffer(fixture('chromium-publish')));
  const chosen = choose(offer);
  const answer = writeAnswer(offer, chosen.toReversed(), US, '1');
  assert.equal(answer, writeAnswer(offer, chosen, US, '1'));
  assert.match(answer, /a=group:BUNDLE 0 1\r\n/);
  assert.ok(answer.indexOf('a=candidate') < answer.indexOf('m=video'));
  assert.equal(writeReducedOffer(offer, chosen.toReversed()), writeReducedOffer(offer, chosen));
});

test('what we send is named in the answer', () => {
  const offer = accepted(parseOffer(fixture('chromium-play')));
  const codec = chooseVideoToSend(offer.media[1]!, 'h264', 66)!;
  const source = { ssrc: 77, cname: 'c', streamId: 's', trackId: 't' };
  const answer = writeAnswer(offer, [{ mid: '1', codec, direction: 'sendonly', source }], US, '1');
  assert.match(answer, /a=sendonly\r\n.*a=msid:s t\r\na=ssrc:77 cname:c\r\n/s);
  assert.doesNotMatch(answer, /rtx|transport-cc/);
});

const REFUSED: [string, (text: string) => string, RegExp][] = [
  ['an empty text', () => '', /v=0/],
  ['a text that is too long', (text) => text + 'a=x\r\n'.repeat(20_000), /at most/],
  ['too many lines', (text) => text + 'a=x\r\n'.repeat(2500), /lines/],
  ['a very long line', (text) => `${text}a=${'x'.repeat(3000)}\r\n`, /lines of at most/],
  ['control characters', (text) => `${text}a=x:\0\r\n`, /a line like/],
  ['no media', (text) => text.slice(0, text.indexOf('m=')), /m= section/],
  ['no ICE password', (text) => text.replaceAll(/a=ice-pwd.*\r\n/g, ''), /ice-pwd/],
  ['a short ICE name', (text) => text.replaceAll(/a=ice-ufrag.*/g, 'a=ice-ufrag:a'), /ice-ufrag/],
  ['no fingerprint', (text) => text.replaceAll(/a=fingerprint.*\r\n/g, ''), /fingerprint/],
  ['a fingerprint of another length', (text) => text.replaceAll(/sha-256/g, 'sha-512'), /fingerprint/],
  ['no bundle', (text) => text.replace(/a=group.*\r\n/, ''), /BUNDLE/],
  ['two sections of one name', (text) => text.replace('a=mid:1', 'a=mid:0'), /different mids/],
  ['no rtcp-mux', (text) => text.replaceAll('a=rtcp-mux\r\n', ''), /rtcp-mux/],
  ['plain RTP', (text) => text.replaceAll('UDP/TLS/RTP/SAVPF', 'RTP/AVP'), /SAVPF/],
  ['an SSRC beyond 32 bits', (text) => `${text}a=ssrc:99999999999 cname:x\r\n`, /a=ssrc/],
  ['a payload type beyond 127', (text) => text.replaceAll('a=rtpmap:96 ', 'a=rtpmap:300 '), /rtpmap/],
];

for (const [what, change, why] of REFUSED)
  test(`refused: ${what}`, () => {
    const offer = parseOffer(change(fixture('chromium-publish')));
    assert.ok(offer instanceof WireError);
    assert.match(offer.message, why);
  });

test('damaged offers are refused or reduced to something sound, never thrown at', () => {
  const change = fc.record({ line: fc.nat(400), how: fc.nat(5), at: fc.nat(80), text: fc.string({ maxLength: 20 }) });
  fc.assert(
    fc.property(fc.constantFrom(...FIXTURES), fc.array(change, { minLength: 1, maxLength: 8 }), (name, changes) => {
      const lines = fixture(name).split('\r\n');
      for (const { line, how, at, text } of changes) {
        const i = line % lines.length;
        const before = lines[i] ?? '';
        if (how === 0) lines.splice(i, 1);
        else if (how === 1) lines[i] = before.slice(0, at);
        else if (how === 2) lines[i] = before.slice(0, at) + text + before.slice(at);
        else if (how === 3) lines.splice(i, 0, before);
        else if (how === 4) lines[i] = before.replace(/\d+/, String(at * 1_234_567));
        else lines[i] = before + text.repeat(200);
      }
      const offer = parseOffer(lines.join('\r\n'));
      if (offer instanceof WireError) return;
      const chosen = choose(offer);
      if (chosen.length === 0) return;
      const reduced = writeReducedOffer(offer, chosen);
      assert.ok(!(parseOffer(reduced) instanceof WireError), reduced);
      assert.match(reduced, /^(?:[a-z]=[\x20-\x7e]+\r\n)+$/, 'printable ASCII only');
      writeAnswer(offer, chosen, US, '1');
    }),
    { numRuns: 1500 },
  );
});

test('candidates: IP addresses over UDP are kept, names, TCP and nonsense are not', () => {
  for (const address of ['192.168.1.20', '::1', 'fe80::1:2', '2001:db8::192']) {
    const candidate = parseCandidate(`candidate:1 1 UDP 2122317823 ${address} 63563 typ host generation 0`);
    assert.equal(candidate?.address, address);
    assert.deepEqual(parseCandidate(writeCandidate(candidate)), candidate);
  }
  for (const value of [
    'candidate:1 1 udp 1 77bff0cb-a5da-43f9.local 38166 typ host',
    'candidate:1 1 tcp 1 10.0.0.1 9 typ host tcptype active',
    'candidate:1 2 udp 1 10.0.0.1 9 typ host',
    'candidate:1 1 udp 1 10.0.0.256 9 typ host',
    'candidate:1 1 udp 1 10.0.0.1 70000 typ host',
    'candidate:1 1 udp 99999999999 10.0.0.1 9 typ host',
    'candidate:1 1 udp 1 : 9 typ host',
    '',
  ])
    assert.equal(parseCandidate(value), null, value);
});

test('a fragment brings candidates, or new credentials for an ICE restart', () => {
  const text =
    'a=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\nm=audio 9 RTP/AVP 0\r\na=mid:0\r\na=candidate:1 1 udp 2113667327 198.51.100.1 49203 typ host\r\na=end-of-candidates\r\n';
  const fragment = accepted(parseIceFragment(text));
  assert.equal(fragment.iceUfrag, 'EsAw');
  assert.deepEqual(
    fragment.candidates.map(({ address }) => address),
    ['198.51.100.1'],
  );
  assert.ok(parseIceFragment('hello') instanceof WireError);
  assert.ok(parseIceFragment('a=ice-pwd:short\r\n') instanceof WireError);
  assert.ok(parseIceFragment('a=x\r\n'.repeat(10_000)) instanceof WireError);
});
