/** A client's frame, masked (RFC 6455 5.3). `first`: the final bit and the opcode. */
export function clientFrame(first: number, payload: Buffer, mask: Buffer = Buffer.of(1, 2, 3, 4)): Buffer {
  const n = payload.length;
  const length =
    n < 126 ? [0x80 | n] : n < 65_536 ? [0x80 | 126, n >> 8, n & 255] : [0x80 | 127, 0, 0, 0, 0, 0, n >> 16, n >> 8, n];
  return Buffer.concat([Buffer.of(first, ...length), mask, payload.map((byte, i) => byte ^ mask[i & 3]!)]);
}
