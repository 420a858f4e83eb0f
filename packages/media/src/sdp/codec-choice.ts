/** Which of the offered codecs to use. */
import type { OfferedCodec, OfferedMedia } from './offer.ts';

/** RFC 6184 8.1: what a profile-level-id names; without one it is Baseline 1. */
const BASELINE = '42';

/** The H.264 profile (first byte of profile-level-id, hex) a codec is offered for. */
function profileOf(codec: OfferedCodec): string {
  return (codec.parameters.get('profile-level-id') ?? BASELINE).slice(0, 2).toLowerCase();
}

const is = (codec: OfferedCodec, name: string, clockRate: number) =>
  codec.name.toLowerCase() === name && codec.clockRate === clockRate;

/** Opus, stereo form (RFC 7587 7); null when it is not offered. */
export function chooseAudio({ codecs }: OfferedMedia): OfferedCodec | null {
  return codecs.find((codec) => is(codec, 'opus', 48_000) && codec.channels === 2) ?? null;
}

/** For receiving: H.264, constrained Baseline before other profiles, packetization-mode 1 before 0; else VP8. */
export function chooseVideoToReceive({ codecs }: OfferedMedia): OfferedCodec | null {
  const rank = (codec: OfferedCodec) => {
    if (is(codec, 'vp8', 90_000)) return 10;
    const mode = codec.parameters.get('packetization-mode') ?? '0';
    if (!is(codec, 'h264', 90_000) || (mode !== '0' && mode !== '1')) return Number.POSITIVE_INFINITY;
    const isConstrained = /^42[cef]/i.test(codec.parameters.get('profile-level-id') ?? '');
    return (mode === '1' ? 0 : 4) + (isConstrained ? 0 : profileOf(codec) === BASELINE ? 1 : 2);
  };
  const [best] = codecs.toSorted((a, b) => rank(a) - rank(b));
  return best && rank(best) < Number.POSITIVE_INFINITY ? best : null;
}

/**
 * For sending a stream of this codec: H.264 needs packetization-mode 1 and prefers the stream's own profile.
 * @param profile profile_idc of an H.264 stream.
 */
export function chooseVideoToSend(
  { codecs }: OfferedMedia,
  codec: 'h264' | 'vp8',
  profile: number | null,
): OfferedCodec | null {
  if (codec === 'vp8') return codecs.find((offered) => is(offered, 'vp8', 90_000)) ?? null;
  const fitting = codecs.filter(
    (offered) => is(offered, 'h264', 90_000) && offered.parameters.get('packetization-mode') === '1',
  );
  const own = profile?.toString(16).padStart(2, '0');
  return fitting.find((offered) => profileOf(offered) === own) ?? fitting[0] ?? null;
}
