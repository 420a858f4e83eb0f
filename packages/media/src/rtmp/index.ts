export { splitAggregate } from './aggregate.ts';
export { ChunkReader, type ChunkReaderOptions } from './chunk-reader.ts';
export { CHUNK_STREAM, writeFrame, writeMessage } from './chunk-writer.ts';
export { RtmpClient, type RtmpClientEvent, type RtmpClientOptions } from './client.ts';
export {
  command,
  data,
  dataBody,
  onStatus,
  parseCommand,
  type RtmpCommand,
  type StatusLevel,
  statusInfo,
} from './command.ts';
export {
  abort,
  acknowledgement,
  BANDWIDTH_LIMIT,
  parseNumber32,
  parseUserControl,
  setBufferLength,
  setChunkSize,
  setPeerBandwidth,
  USER_CONTROL,
  type UserControl,
  userControl,
  windowAckSize,
} from './control.ts';
export { ClientHandshake, type HandshakeStep, ServerHandshake } from './handshake.ts';
export { DEFAULT_CHUNK_SIZE, MAX_CHUNK_SIZE, MESSAGE, type RtmpMessage } from './message.ts';
