export { decodeAmf0 } from './amf0-decoder.ts';
export { encodeAmf0 } from './amf0-encoder.ts';
export {
  AMF_LIMITS,
  AmfEcmaArray,
  type AmfLimits,
  type AmfObject,
  AmfTypedObject,
  type AmfValue,
  AmfXml,
  amfFields,
  emptyAmfObject,
} from './value.ts';
