import { Program } from './program.ts';

/** Pushes by GStreamer's rtmp2sink; SIGINT ends it with a goodbye. */
export function pushByGstreamer(url: string): Program {
  const pipeline = `videotestsrc is-live=true pattern=ball ! video/x-raw,width=320,height=240,framerate=25/1
    ! x264enc tune=zerolatency speed-preset=ultrafast key-int-max=25 bitrate=300 threads=1 ! h264parse
    ! queue ! flvmux name=m streamable=true ! rtmp2sink location="${url}"
    audiotestsrc is-live=true ! audio/x-raw,rate=44100,channels=2 ! voaacenc ! aacparse ! queue ! m.`;
  return new Program('gst-launch-1.0', ['-e', '-q', ...pipeline.split(/\s+/)]);
}
