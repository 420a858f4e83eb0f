#define _GNU_SOURCE
#include "flv-reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FLV_HEADER_SIZE = 13, TAG_HEADER_SIZE = 11, TAG_SIZE_SIZE = 4 };

void flv_reader_init(struct flv_reader *reader, struct media_check *check) {
  memset(reader, 0, sizeof *reader);
  reader->check = check;
}

static uint32_t big_endian(const uint8_t *bytes, int count) {
  uint32_t value = 0;
  for (int i = 0; i < count; i++) value = value << 8 | bytes[i];
  return value;
}

static void end_of_tag(struct flv_reader *reader, double now) {
  /* piece holds the tag header until the size behind the body has come: it follows at offset 11. */
  const uint8_t *header = reader->piece;
  uint32_t timestamp = big_endian(header + 4, 3) | (uint32_t)header[7] << 24;
  media_check_tag(reader->check, header[0], timestamp, reader->body_head, reader->body_length, now);
  if (big_endian(header + TAG_HEADER_SIZE, TAG_SIZE_SIZE) != reader->body_length + TAG_HEADER_SIZE) reader->check->bad++;
}

/* Gathers bytes into piece until it holds `wanted`; says how many it took. */
static size_t gather(struct flv_reader *reader, size_t wanted, const uint8_t *bytes, size_t length) {
  size_t taken = wanted - reader->piece_length;
  if (taken > length) taken = length;
  memcpy(reader->piece + reader->piece_length, bytes, taken);
  reader->piece_length += taken;
  return taken;
}

static size_t read_tag_body(struct flv_reader *reader, const uint8_t *bytes, size_t length) {
  size_t taken = reader->body_length - reader->body_read;
  if (taken > length) taken = length;
  for (size_t i = 0; i < taken && reader->body_read + i < MEDIA_HEAD; i++) reader->body_head[reader->body_read + i] = bytes[i];
  reader->body_read += taken;
  return taken;
}

static void feed_flv(struct flv_reader *reader, const uint8_t *bytes, size_t length, double now) {
  while (length > 0) {
    size_t taken = 0;
    switch (reader->flv) {
      case FLV_HEADER:
        taken = gather(reader, FLV_HEADER_SIZE, bytes, length);
        if (reader->piece_length < FLV_HEADER_SIZE) break;
        if (memcmp(reader->piece, "FLV\1", 4) != 0) reader->refused = -1;
        reader->piece_length = 0;
        reader->flv = FLV_TAG_HEADER;
        break;
      case FLV_TAG_HEADER:
        taken = gather(reader, TAG_HEADER_SIZE, bytes, length);
        if (reader->piece_length < TAG_HEADER_SIZE) break;
        reader->body_length = big_endian(reader->piece + 1, 3);
        reader->body_read = 0;
        reader->flv = reader->body_length > 0 ? FLV_TAG_BODY : FLV_TAG_SIZE;
        break;
      case FLV_TAG_BODY:
        taken = read_tag_body(reader, bytes, length);
        if (reader->body_read == reader->body_length) reader->flv = FLV_TAG_SIZE;
        break;
      case FLV_TAG_SIZE:
        taken = gather(reader, TAG_HEADER_SIZE + TAG_SIZE_SIZE, bytes, length);
        if (reader->piece_length < TAG_HEADER_SIZE + TAG_SIZE_SIZE) break;
        end_of_tag(reader, now);
        reader->piece_length = 0;
        reader->flv = FLV_TAG_HEADER;
        break;
    }
    bytes += taken;
    length -= taken;
  }
}

/* Gathers the head or a chunk size line up to its end; says how many bytes it took and whether the end came. */
static size_t gather_lines(struct flv_reader *reader, const char *end, const uint8_t *bytes, size_t length, int *complete) {
  size_t taken = 0, end_length = strlen(end);
  *complete = 0;
  while (taken < length && reader->head_length < sizeof reader->head - 1) {
    reader->head[reader->head_length++] = bytes[taken++];
    if (reader->head_length < end_length) continue;
    if (memcmp(reader->head + reader->head_length - end_length, end, end_length) != 0) continue;
    reader->head[reader->head_length] = '\0';
    reader->head_length = 0;
    *complete = 1;
    return taken;
  }
  if (taken < length) reader->refused = -1;
  return taken;
}

static void end_of_head(struct flv_reader *reader) {
  int status = -1;
  if (sscanf(reader->head, "HTTP/1.%*d %d", &status) != 1 || status != 200) reader->refused = status;
  reader->http = strcasestr(reader->head, "\r\ntransfer-encoding: chunked") != NULL ? HTTP_CHUNK_SIZE : HTTP_BODY;
}

void flv_reader_feed(struct flv_reader *reader, const uint8_t *bytes, size_t length, double now) {
  while (length > 0 && reader->refused == 0) {
    size_t taken = length;
    int complete;
    switch (reader->http) {
      case HTTP_HEAD:
        taken = gather_lines(reader, "\r\n\r\n", bytes, length, &complete);
        if (complete) end_of_head(reader);
        break;
      case HTTP_BODY:
        feed_flv(reader, bytes, length, now);
        break;
      case HTTP_CHUNK_SIZE:
        taken = gather_lines(reader, "\r\n", bytes, length, &complete);
        if (!complete) break;
        reader->chunk_left = strtoul(reader->head, NULL, 16);
        reader->http = HTTP_CHUNK;
        break;
      case HTTP_CHUNK:
        if (taken > reader->chunk_left) taken = reader->chunk_left;
        feed_flv(reader, bytes, taken, now);
        reader->chunk_left -= taken;
        if (reader->chunk_left == 0) reader->http = HTTP_CHUNK_END;
        break;
      case HTTP_CHUNK_END:
        taken = gather_lines(reader, "\r\n", bytes, length, &complete);
        if (complete) reader->http = HTTP_CHUNK_SIZE;
        break;
    }
    bytes += taken;
    length -= taken;
  }
}
