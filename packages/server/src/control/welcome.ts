import type { FirstSteps } from './first-start.ts';

/** What the terminal shows once everything can serve: what a newcomer pastes. */
export function welcome(version: string, steps: FirstSteps, demo: boolean): string[] {
  const lines = ['', `Lianmai ${version} is ready.`, ''];
  const { channel, apiKey } = steps;
  if (demo) lines.push(`  Demo     ${new URL('/watch/demo', steps.web)}   a moving test picture, live now`);
  lines.push(`  Pages    ${steps.web}`);
  if (channel) {
    lines.push(
      `  Watch    ${channel.watchUrl}`,
      `  OBS      server ${channel.obs.server}`,
      `           key    ${channel.obs.streamKey}`,
      `  ffmpeg   ${ffmpegLine(channel.pushUrl)}`,
    );
  }
  lines.push(`  API      ${steps.docs}`);
  if (apiKey) lines.push(`  API key  ${apiKey.key}   (shown once; kept in ${apiKey.file})`);
  lines.push('', '  Ctrl-C stops. Settings: npm start -- --help', '');
  return lines;
}

const ffmpegLine = (pushUrl: string) =>
  [
    'ffmpeg -re -f lavfi -i testsrc2=size=1280x720:rate=25 -f lavfi -i sine=frequency=440',
    '-c:v libx264 -preset veryfast -tune zerolatency -pix_fmt yuv420p -g 50 -b:v 1500k',
    `-c:a aac -f flv "${pushUrl}"`,
  ].join(' ');
