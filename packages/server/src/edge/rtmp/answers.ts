import type { EndReason, LiveError } from '@lianmai/contract';
import { type AmfObject, type AmfValue, amfFields } from '@lianmai/media/amf';
import {
  BANDWIDTH_LIMIT,
  command,
  data,
  onStatus,
  type RtmpCommand,
  type RtmpMessage,
  setChunkSize,
  setPeerBandwidth,
  statusInfo,
  USER_CONTROL,
  userControl,
  windowAckSize,
} from '@lianmai/media/rtmp';
import { CHUNK_BYTES, STREAM_ID } from './format.ts';

const WINDOW_BYTES = 2_500_000;
/** What players look for to know that H.264 and AAC are understood; every server says something like it. */
const SERVER_VERSION = 'FMS/3,5,7,7009';
const CAPABILITIES = 31;
/** Enhanced RTMP v2, FourCcInfoMask: the codec is passed on, neither decoded nor encoded. */
const CAN_FORWARD = 4;
const VIDEO_FOUR_CCS = ['avc1', 'hvc1', 'av01', 'vp09', 'vp08'];
const AUDIO_FOUR_CCS = ['mp4a', 'Opus', '.mp3'];

/** What goes before the first answer: everything after it is written with our chunk size. */
export const OPENING: readonly RtmpMessage[] = [
  windowAckSize(WINDOW_BYTES),
  setPeerBandwidth(WINDOW_BYTES, BANDWIDTH_LIMIT.dynamic),
  setChunkSize(CHUNK_BYTES),
];

/** The good answer to `connect`; tells the codecs of enhanced RTMP to those who told theirs. */
export function connected({ transactionId, args }: RtmpCommand): RtmpMessage {
  const asked = amfFields(args[0]) ?? {};
  const encoding = asked['objectEncoding'];
  const info = statusInfo('status', 'NetConnection.Connect.Success', 'Connected.', {
    objectEncoding: typeof encoding === 'number' ? encoding : 0,
    ...enhanced(asked),
  });
  const server = { fmsVer: SERVER_VERSION, capabilities: CAPABILITIES, mode: 1 };
  return command('_result', transactionId, [server, info]);
}

/** Enhanced RTMP: v1 asks with `fourCcList`, v2 with maps and `capsEx` (0: no reconnect request, multitrack, ModEx). */
function enhanced(asked: AmfObject): AmfObject {
  const answer: AmfObject = {};
  if (asked['fourCcList'] !== undefined) answer['fourCcList'] = [...VIDEO_FOUR_CCS, ...AUDIO_FOUR_CCS];
  if (asked['videoFourCcInfoMap'] !== undefined) answer['videoFourCcInfoMap'] = forwarded(VIDEO_FOUR_CCS);
  if (asked['audioFourCcInfoMap'] !== undefined) answer['audioFourCcInfoMap'] = forwarded(AUDIO_FOUR_CCS);
  if (asked['capsEx'] !== undefined) answer['capsEx'] = 0;
  return answer;
}

const forwarded = (fourCcs: readonly string[]): AmfObject =>
  Object.fromEntries(fourCcs.map((fourCc) => [fourCc, CAN_FORWARD]));

export function connectRefused({ transactionId }: RtmpCommand, error: LiveError): RtmpMessage {
  return command('_error', transactionId, [
    null,
    statusInfo('error', 'NetConnection.Connect.Rejected', describe(error)),
  ]);
}

/** `_result` to a call that asks for nothing but one value. */
export const result = ({ transactionId }: RtmpCommand, value: AmfValue = undefined): RtmpMessage =>
  command('_result', transactionId, [null, value]);

export function callFailed({ transactionId }: RtmpCommand, description: string): RtmpMessage {
  return command('_error', transactionId, [null, statusInfo('error', 'NetConnection.Call.Failed', description)]);
}

/** The `onFCPublish` family: what old encoders wait for besides the result. */
function flashCommand(name: string, code: string, stream: string): RtmpMessage {
  return command(name, 0, [null, statusInfo('status', code, stream)]);
}

/** Answers to calls that change nothing. */
export function answerCall(call: RtmpCommand): RtmpMessage[] {
  const { name, transactionId, args } = call;
  const wanted = transactionId !== 0;
  const stream = typeof args[1] === 'string' ? args[1].split('?', 1)[0]!.slice(0, 128) : '';
  switch (name) {
    case 'FCPublish':
      return [...(wanted ? [result(call)] : []), flashCommand('onFCPublish', 'NetStream.Publish.Start', stream)];
    case 'FCSubscribe':
      return [...(wanted ? [result(call)] : []), flashCommand('onFCSubscribe', 'NetStream.Play.Start', stream)];
    case 'getStreamLength':
      return [result(call, 0)];
    case 'releaseStream':
    case '_checkbw':
    case 'checkBandwidth':
      return wanted ? [result(call)] : [];
    default: {
      // `_result` and the like answer calls that we never make.
      const isAnswer = name.startsWith('_') || name.startsWith('on');
      return wanted && !isAnswer ? [callFailed(call, `no such call: ${name.slice(0, 40)}`)] : [];
    }
  }
}

const status = (code: string, description: string): RtmpMessage => onStatus(STREAM_ID, 'status', code, description);

export const publishStarted = (stream: string): RtmpMessage[] => [
  userControl(USER_CONTROL.streamBegin, STREAM_ID),
  status('NetStream.Publish.Start', `${stream} is now published.`),
];
export const publishEnded = (stream: string): RtmpMessage[] => [
  flashCommand('onFCUnpublish', 'NetStream.Unpublish.Success', stream),
  status('NetStream.Unpublish.Success', `${stream} is now unpublished.`),
];

export function publishRefused(error: LiveError): RtmpMessage {
  return onStatus(STREAM_ID, 'error', PUBLISH_REFUSALS.get(error.name) ?? 'NetStream.Publish.Denied', describe(error));
}

const PUBLISH_REFUSALS = new Map<string, string>([
  ['STREAM_ALREADY_PUBLISHED', 'NetStream.Publish.BadName'],
  ['BAD_SIGNATURE', 'NetStream.Publish.Unauthorized'],
]);

/** To a publisher that had begun and is sent away. */
export function publishRevoked(reason: EndReason, error: LiveError): RtmpMessage {
  if (reason === 'shutdown') return connectionClosed(describe(error));
  const code = REVOCATIONS.get(reason) ?? 'NetStream.Publish.Denied';
  return onStatus(STREAM_ID, 'error', code, describe(error));
}

const REVOCATIONS = new Map<EndReason, string>([
  ['timed-out', 'NetStream.Publish.Idle'],
  ['replaced', 'NetStream.Publish.BadName'],
]);

/** What stands before a player's first frames; `reset` unless it asked to go on with its playlist. */
export const playStarted = (stream: string, reset: boolean): RtmpMessage[] => [
  userControl(USER_CONTROL.streamBegin, STREAM_ID),
  ...(reset ? [status('NetStream.Play.Reset', `Playing and resetting ${stream}.`)] : []),
  status('NetStream.Play.Start', `Started playing ${stream}.`),
  // FMS: the player may take pictures and sound apart (for snapshots and meters).
  data(['|RtmpSampleAccess', true, true], STREAM_ID),
];

export function playRefused(error: LiveError): RtmpMessage {
  const code = error.name === 'STREAM_NOT_LIVE' ? 'NetStream.Play.StreamNotFound' : 'NetStream.Play.Failed';
  return onStatus(STREAM_ID, 'error', code, describe(error));
}

/** The stream is over. */
export const playEnded = (stream: string): RtmpMessage[] => [
  userControl(USER_CONTROL.streamEof, STREAM_ID),
  status('NetStream.Play.UnpublishNotify', `${stream} is now unpublished.`),
  status('NetStream.Play.Stop', `Stopped playing ${stream}.`),
];

export const playStopped = (stream: string): RtmpMessage => status('NetStream.Play.Stop', `Stopped playing ${stream}.`);

export const paused = (stream: string): RtmpMessage => status('NetStream.Pause.Notify', `Pausing ${stream}.`);

export const resumed = (stream: string): RtmpMessage[] => [
  userControl(USER_CONTROL.streamBegin, STREAM_ID),
  status('NetStream.Unpause.Notify', `Unpausing ${stream}.`),
];

/** A live stream cannot be sought; players that try anyway go on when they are told it is done. */
export const sought = (stream: string): RtmpMessage => status('NetStream.Seek.Notify', `${stream} is live.`);

export const connectionClosed = (description: string): RtmpMessage =>
  onStatus(0, 'status', 'NetConnection.Connect.Closed', description);

/** `40000415 STREAM_ALREADY_PUBLISHED: …`, which people find in their encoder's log. */
const describe = (error: LiveError): string => `${error.code} ${error.name}: ${error.message}`;
