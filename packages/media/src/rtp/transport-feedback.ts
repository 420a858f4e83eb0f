/**
 * Transport-wide congestion control feedback (draft-holmer-rmcat-transport-wide-cc-extensions-01 3.1): when each packet of
 * a connection arrived, from which the sender finds out what the path carries.
 */
import { WireError } from '../result.ts';

export interface TransportFeedback {
  kind: 'transportFeedback';
  senderSsrc: number;
  mediaSsrc: number;
  /** Transport-wide sequence number of the first arrival, 16 bits. */
  baseSequence: number;
  /** Counts feedback packets, 8 bits. */
  count: number;
  /** For each packet from the base on: arrival in 250 µs ticks on the receiver's clock, null when it did not come. */
  arrivals: readonly (number | null)[];
}

/** Reference times count 64 ms. */
const REFERENCE_TICKS = 256;
const MAX_REFERENCE = 2 ** 24;
const RECEIVED_SMALL = 1;
const RECEIVED_LARGE = 2;
const LONGEST_RUN = 0x1fff;

/** @param data behind the two SSRCs. */
export function parseTransportFeedback(
  data: Buffer,
): Pick<TransportFeedback, 'baseSequence' | 'count' | 'arrivals'> | WireError {
  if (data.length < 8) return new WireError('transport feedback of 8 bytes', `${data.length} bytes`);
  const packets = data.readUInt16BE(2);
  const symbols: number[] = [];
  let at = 8;
  while (symbols.length < packets) {
    if (at + 2 > data.length) return new WireError('a status chunk', 'end of packet', at);
    readChunk(data.readUInt16BE(at), packets - symbols.length, symbols);
    at += 2;
  }
  let ticks = data.readUIntBE(4, 3) * REFERENCE_TICKS;
  const arrivals: (number | null)[] = [];
  for (const symbol of symbols) {
    const size = symbol === RECEIVED_SMALL ? 1 : symbol === RECEIVED_LARGE ? 2 : 0;
    if (at + size > data.length) return new WireError('a receive delta', 'end of packet', at);
    if (size > 0) ticks += size === 1 ? data.readUInt8(at) : data.readInt16BE(at);
    arrivals.push(size > 0 ? ticks : null);
    at += size;
  }
  return { baseSequence: data.readUInt16BE(0), count: data.readUInt8(7), arrivals };
}

/** Status chunks of 3.1.3 (run length) and 3.1.4 (a vector of 14 one-bit or 7 two-bit symbols). */
function readChunk(chunk: number, wanted: number, symbols: number[]): void {
  if (chunk < 0x8000) {
    const run = Math.min(chunk & LONGEST_RUN, wanted);
    const symbol = (chunk >> 13) & 3;
    for (let i = 0; i < run; i++) symbols.push(symbol);
    // A run of none would never end the list: it stands for one packet that did not come.
    if (run === 0) symbols.push(0);
    return;
  }
  const bits = chunk & 0x4000 ? 2 : 1;
  const inChunk = bits === 2 ? 7 : 14;
  for (let i = 0; i < Math.min(inChunk, wanted); i++)
    symbols.push((chunk >> (14 - bits * (i + 1))) & (bits === 2 ? 3 : 1));
}

/**
 * What stands behind the two SSRCs, without padding.
 * The first packet must have arrived, and steps between arrivals fit 16 bits (8 s): {@link ArrivalRecorder} sees to it.
 */
export function writeTransportFeedback(feedback: TransportFeedback): Buffer {
  const { arrivals } = feedback;
  const first = arrivals.find((ticks) => ticks !== null) ?? 0;
  const reference = Math.floor(first / REFERENCE_TICKS);
  let ticks = reference * REFERENCE_TICKS;
  const symbols: number[] = [];
  const deltas: Buffer[] = [];
  for (const arrival of arrivals) {
    if (arrival === null) {
      symbols.push(0);
      continue;
    }
    const delta = arrival - ticks;
    ticks = arrival;
    const isSmall = delta >= 0 && delta <= 255;
    symbols.push(isSmall ? RECEIVED_SMALL : RECEIVED_LARGE);
    const bytes = Buffer.alloc(isSmall ? 1 : 2);
    if (isSmall) bytes.writeUInt8(delta);
    else bytes.writeInt16BE(delta);
    deltas.push(bytes);
  }
  const head = Buffer.alloc(8);
  head.writeUInt16BE(feedback.baseSequence, 0);
  head.writeUInt16BE(arrivals.length, 2);
  head.writeUIntBE(((reference % MAX_REFERENCE) + MAX_REFERENCE) % MAX_REFERENCE, 4, 3);
  head.writeUInt8(feedback.count & 0xff, 7);
  return Buffer.concat([head, ...statusChunks(symbols), ...deltas]);
}

function statusChunks(symbols: readonly number[]): Buffer[] {
  const chunks: Buffer[] = [];
  let at = 0;
  while (at < symbols.length) {
    const symbol = symbols[at] ?? 0;
    let run = 1;
    while (run < LONGEST_RUN && symbols[at + run] === symbol) run += 1;
    const chunk = Buffer.alloc(2);
    if (run >= 7) {
      chunk.writeUInt16BE((symbol << 13) | run);
      at += run;
    } else {
      let vector = 0xc000;
      for (let i = 0; i < 7; i++) vector |= (symbols[at + i] ?? 0) << (12 - 2 * i);
      chunk.writeUInt16BE(vector);
      at += 7;
    }
    chunks.push(chunk);
  }
  return chunks;
}
