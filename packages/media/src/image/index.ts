export { type ImageHeader, readImageHeader } from './image-header.ts';
