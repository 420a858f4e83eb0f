import { spawnSync } from 'node:child_process';
import { MIX_CANVAS } from '../load/mix-canvas.ts';
import { type MixPeer, type MixTask, runTimed } from './mix-peer.ts';

const NEEDED = ['flvdemux', 'avdec_h264', 'avdec_aac', 'compositor', 'audiomixer', 'x264enc', 'avenc_aac', 'flvmux'];

/** Of audiomixer: 10 ms each. */
const SOUND_BUFFERS_PER_S = 100;

/** GStreamer's compositor and audiomixer with the same encoder. */
export const gstreamerMix: MixPeer = {
  name: 'gstreamer',
  missing() {
    const lacking = NEEDED.filter((element) => spawnSync('gst-inspect-1.0', [element]).status !== 0);
    if (lacking.length === 0) return null;
    const packages = 'gstreamer1.0-tools gstreamer1.0-plugins-{base,good,bad,ugly} gstreamer1.0-libav';
    return `GStreamer is left out, it lacks ${lacking.join(', ')}: apt-get install ${packages}`;
  },
  mix: (task) => runTimed('gst-launch-1.0', argumentsFor(task)),
};

function argumentsFor({ inputs, tiles, seconds, output }: MixTask): string[] {
  const { width, height, fps, gopS, videoKbps, audioKbps } = MIX_CANVAS;
  const pads = tiles.map(
    (tile, i) =>
      `sink_${i}::xpos=${tile.x} sink_${i}::ypos=${tile.y} sink_${i}::width=${tile.width} sink_${i}::height=${tile.height}`,
  );
  // The first key frames of a file are no reason for a scene cut; the end is by count, since inputs are longer.
  const picture = `compositor name=v background=black max-threads=1 ${pads.join(' ')} !
    video/x-raw,format=I420,width=${width},height=${height},framerate=${fps}/1 ! identity eos-after=${seconds * fps + 1} !
    x264enc threads=1 speed-preset=veryfast tune=zerolatency bitrate=${videoKbps} vbv-buf-capacity=1000
    key-int-max=${fps * gopS} option-string=scenecut=0 ! h264parse ! mux.`;
  const sound = `audiomixer name=a ! audio/x-raw,rate=48000,channels=2 !
    identity eos-after=${seconds * SOUND_BUFFERS_PER_S + 1} ! audioconvert ! avenc_aac bitrate=${audioKbps * 1000} !
    aacparse ! mux.`;
  const sources = inputs.map(
    (file, i) => `filesrc location=${file} ! flvdemux name=d${i}
      d${i}.video ! queue ! h264parse ! avdec_h264 max-threads=1 ! v.sink_${i}
      d${i}.audio ! queue ! aacparse ! avdec_aac ! audioconvert ! a.sink_${i}`,
  );
  const pipeline = `${picture} ${sound} flvmux name=mux ! filesink location=${output} ${sources.join(' ')}`;
  return ['-q', ...pipeline.split(/\s+/)];
}
