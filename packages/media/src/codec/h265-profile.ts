import type { BitReader } from './bit-reader.ts';

/** The general part of profile_tier_level (ISO 23008-2 7.3.3), which hvcC repeats. */
export interface HevcProfile {
  profileSpace: number;
  /** true: High tier. */
  highTier: boolean;
  profile: number;
  compatibility: number;
  /** Six bytes, as on the wire. */
  constraints: Buffer;
  /** 30 times the level: 93 is 3.1. */
  level: number;
}

/** Reads the 96 bits of profile, tier and level. */
export function readHevcProfile(reader: BitReader): HevcProfile {
  const profileSpace = reader.bits(2);
  const highTier = reader.flag();
  const profile = reader.bits(5);
  const compatibility = reader.bits(32);
  const constraints = Buffer.alloc(6);
  constraints.writeUInt32BE(reader.bits(32), 0);
  constraints.writeUInt16BE(reader.bits(16), 4);
  const level = reader.bits(8);
  return { profileSpace, highTier, profile, compatibility, constraints, level };
}

/** `hvc1.1.6.L93.B0`: ISO 14496-15 E.3. */
export function hevcCodecString(profile: HevcProfile): string {
  const space = ['', 'A', 'B', 'C'][profile.profileSpace];
  const constraints = [...profile.constraints];
  while (constraints.length > 0 && constraints.at(-1) === 0) constraints.pop();
  return [
    'hvc1',
    `${space}${profile.profile}`,
    reverseBits(profile.compatibility).toString(16).toUpperCase(),
    `${profile.highTier ? 'H' : 'L'}${profile.level}`,
    ...constraints.map((byte) => byte.toString(16).toUpperCase()),
  ].join('.');
}

function reverseBits(value: number): number {
  let reversed = 0;
  for (let bit = 0; bit < 32; bit++) reversed = reversed * 2 + ((value >>> bit) & 1);
  return reversed;
}

/** The profile's name (ISO 23008-2 A.3). */
export function hevcProfileName(profile: number): string {
  return ['', 'Main', 'Main 10', 'Main Still Picture', 'Rext'][profile] || `profile ${profile}`;
}
