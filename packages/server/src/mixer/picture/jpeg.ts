import {
  AV_CODEC_FLAG_QSCALE,
  AV_PIX_FMT_YUVJ420P,
  AVCOL_RANGE_JPEG,
  AVCOL_SPC_BT470BG,
  FF_QP2LAMBDA,
} from 'node-av/constants';
import { Codec, CodecContext, FFmpegError, Frame, Packet, Rational, SoftwareScaleContext } from 'node-av/lib';

interface Size {
  width: number;
  height: number;
}

const ENCODER = 'mjpeg';
/** FFmpeg's scale: 2 is best, 31 worst. */
const USUAL_QUALITY = 5;

/**
 * A still of the canvas, or of any picture.
 *
 * @param frame as `Compositor.compose` gives it, or a decoder
 * @param quality 2 (best) to 31
 * @param size of the JPEG, even; default: the picture's
 */
export function toJpeg(frame: Frame, quality = USUAL_QUALITY, size: Size = frame): Buffer {
  const { width, height } = size;
  using picture = fullRange(frame, { width, height });
  const codec = Codec.findEncoderByName(ENCODER as never);
  using context = new CodecContext();
  context.allocContext3(codec);
  Object.assign(context, {
    width,
    height,
    pixelFormat: AV_PIX_FMT_YUVJ420P,
    threadCount: 1,
  });
  context.colorRange = AVCOL_RANGE_JPEG;
  context.timeBase = new Rational(1, 1);
  context.setFlags(AV_CODEC_FLAG_QSCALE);
  context.globalQuality = quality * FF_QP2LAMBDA;
  FFmpegError.throwIfError(context.open2Sync(codec, null), 'opening mjpeg');
  picture.quality = quality * FF_QP2LAMBDA;
  picture.pts = 0n;
  FFmpegError.throwIfError(context.sendFrameSync(picture), 'mjpeg');
  using packet = new Packet();
  packet.alloc();
  FFmpegError.throwIfError(context.receivePacketSync(packet), 'mjpeg');
  return Buffer.from(packet.data ?? []);
}

/** JFIF has full range and the matrix of BT.601. */
function fullRange(frame: Frame, size: Size): Frame {
  const out = new Frame();
  out.alloc();
  Object.assign(out, { ...size, format: AV_PIX_FMT_YUVJ420P });
  out.colorRange = AVCOL_RANGE_JPEG;
  out.colorSpace = AVCOL_SPC_BT470BG;
  FFmpegError.throwIfError(out.getBuffer(0), 'getBuffer');
  using scaler = new SoftwareScaleContext();
  scaler.allocContext();
  FFmpegError.throwIfError(scaler.scaleFrameSync(out, frame), 'scaling');
  return out;
}
