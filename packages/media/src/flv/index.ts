export { parseAudioBody } from './audio.ts';
export { tagBodyHeader } from './body-header.ts';
export { parseDataBody } from './data.ts';
export { FlvReader, type FlvTag } from './reader.ts';
export { flvFileHeader, parseTagBody, TAG_TYPE, writeFlvTag } from './tag.ts';
export { unwrapTimestamp, wireTimestamp } from './timestamp.ts';
export { parseVideoBody } from './video.ts';
