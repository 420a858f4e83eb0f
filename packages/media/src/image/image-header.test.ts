import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readImageHeader } from './image-header.ts';

/** An image made by ffmpeg. */
const encode = (size: string, ...options: string[]): Buffer =>
  execFileSync(
    'ffmpeg',
    ['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=1`, ...options, '-f', 'image2pipe', '-'],
    { maxBuffer: 16 << 20 },
  );
const ONE = ['-frames:v', '1'];

describe('image header', () => {
  const images = {
    'image/png': encode('322x178', ...ONE, '-c:v', 'png'),
    'image/jpeg': encode('322x178', ...ONE, '-c:v', 'mjpeg', '-pix_fmt', 'yuvj420p'),
    'image/webp': encode('322x178', ...ONE, '-c:v', 'libwebp'),
  };

  it('tells type and size of what an encoder made', () => {
    for (const [type, bytes] of Object.entries(images))
      assert.deepEqual(readImageHeader(bytes), { type, width: 322, height: 178, animated: false });
    const lossless = encode('52x4000', ...ONE, '-c:v', 'libwebp', '-lossless', '1');
    assert.deepEqual(readImageHeader(lossless), { type: 'image/webp', width: 52, height: 4000, animated: false });
  });

  it('finds the frame header of a JPEG behind other segments and fill bytes', () => {
    const jpeg = images['image/jpeg'];
    const comment = Buffer.concat([Buffer.from([0xff, 0xff, 0xfe, 0x10, 0x02]), Buffer.alloc(0x1000, 0xff)]);
    const longer = Buffer.concat([jpeg.subarray(0, 2), comment, jpeg.subarray(2)]);
    assert.deepEqual(readImageHeader(longer), { type: 'image/jpeg', width: 322, height: 178, animated: false });
  });

  it('tells moving pictures', () => {
    const chunk = (type: string, length: number) => {
      const bytes = Buffer.alloc(12 + length);
      bytes.writeUInt32BE(length);
      bytes.write(type, 4);
      return bytes;
    };
    const png = images['image/png'];
    const moving = Buffer.concat([png.subarray(0, 33), chunk('tEXt', 5), chunk('acTL', 8), png.subarray(33)]);
    assert.equal(readImageHeader(moving)?.animated, true);
    const webp = Buffer.alloc(30);
    webp.write('RIFF----WEBPVP8X');
    webp.writeUInt8(0x02, 20);
    webp.writeUIntLE(99, 24, 3);
    webp.writeUIntLE(49, 27, 3);
    assert.deepEqual(readImageHeader(webp), { type: 'image/webp', width: 100, height: 50, animated: true });
  });

  it('has no opinion on anything else', () => {
    for (const other of [
      Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>'),
      Buffer.from('GIF89a----------------------------------'),
      Buffer.from('RIFF----WAVEfmt ------------------------'),
      Buffer.alloc(0),
      Buffer.alloc(64),
    ])
      assert.equal(readImageHeader(other), null);
  });

  it('never throws, however the bytes are cut or damaged', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...Object.values(images)),
        fc.nat({ max: 400 }),
        fc.array(fc.tuple(fc.nat({ max: 399 }), fc.nat({ max: 255 })), { maxLength: 8 }),
        (image, length, damage) => {
          const bytes = Buffer.from(image.subarray(0, length));
          for (const [at, value] of damage) if (at < length) bytes[at] = value;
          const header = readImageHeader(bytes);
          if (header) assert.ok(header.width > 0 && header.height > 0);
        },
      ),
      { numRuns: 2000 },
    );
  });
});
