import { Decoder, Demuxer } from 'node-av/api';

export interface DecodedTrack {
  codec: string;
  frames: number;
}

/**
 * Decodes a file's tracks with FFmpeg 8, which knows enhanced FLV (Debian's does not).
 * @throws Error when a packet cannot be decoded.
 */
export async function decodeWithFfmpeg8(file: Buffer): Promise<DecodedTrack[]> {
  const tracks: DecodedTrack[] = [];
  for (const kind of ['video', 'audio'] as const) {
    await using demuxer = await Demuxer.open(file);
    const stream =
      demuxer.video() && kind === 'video' ? demuxer.video() : kind === 'audio' ? demuxer.audio() : undefined;
    if (!stream) continue;
    using decoder = await Decoder.create(stream, { exitOnError: true });
    let frames = 0;
    for await (const frame of decoder.frames(demuxer.packets(stream.index))) {
      if (!frame) continue;
      frames++;
      frame.free();
    }
    tracks.push({ codec: decoder.getCodec?.()?.name ?? '', frames });
  }
  return tracks;
}
