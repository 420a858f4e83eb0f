import { spawnSync } from 'node:child_process';
import { composingFilters, MIX_CANVAS } from '../load/mix-canvas.ts';
import { type MixPeer, type MixTask, runTimed } from './mix-peer.ts';

/** Debian's ffmpeg as one would mix with it: xstack and amix, x264 veryfast without delay; threads would only cost more. */
export const ffmpegMix: MixPeer = {
  name: 'ffmpeg',
  missing: () =>
    spawnSync('ffmpeg', ['-version']).error ? 'ffmpeg is not installed and left out: apt-get install ffmpeg' : null,
  mix: (task) => runTimed('ffmpeg', argumentsFor(task)),
};

function argumentsFor({ inputs, tiles, seconds, output }: MixTask): string[] {
  const { fps, gopS, videoKbps, audioKbps } = MIX_CANVAS;
  const gop = String(fps * gopS);
  const sound = inputs.map((_, i) => `[${i}:a]`).join('');
  const filters = `${composingFilters(tiles, 'bicubic', 'v')};${sound}amix=inputs=${inputs.length}:normalize=0[a]`;
  const options = `-map [v] -map [a] -t ${seconds} -c:v libx264 -preset veryfast -tune zerolatency -threads 1
    -b:v ${videoKbps}k -maxrate ${videoKbps}k -bufsize ${videoKbps}k -g ${gop} -keyint_min ${gop} -sc_threshold 0
    -c:a aac -b:a ${audioKbps}k -f flv ${output}`;
  return [
    ...['-v', 'error', '-y', '-nostdin', '-filter_complex_threads', '1'],
    ...inputs.flatMap((file) => ['-threads', '1', '-i', file]),
    ...['-filter_complex', filters],
    ...options.split(/\s+/),
  ];
}
