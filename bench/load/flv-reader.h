/* Reads an HTTP-FLV answer as it comes, in pieces of any size, without keeping the bodies of tags. */
#ifndef FLV_READER_H
#define FLV_READER_H

#include <stddef.h>
#include <stdint.h>

#include "media-check.h"

enum http_state { HTTP_HEAD, HTTP_BODY, HTTP_CHUNK_SIZE, HTTP_CHUNK, HTTP_CHUNK_END };
enum flv_state { FLV_HEADER, FLV_TAG_HEADER, FLV_TAG_BODY, FLV_TAG_SIZE };

struct flv_reader {
  enum http_state http;
  enum flv_state flv;
  char head[2048];  /* the answer's head, then each chunk size line */
  size_t head_length;
  size_t chunk_left;
  uint8_t piece[16];  /* the FLV header, tag header or tag size being gathered */
  size_t piece_length;
  uint8_t body_head[MEDIA_HEAD];
  size_t body_length, body_read;
  struct media_check *check;
  int refused;  /* the HTTP status when it is not 200; -1: no HTTP, or no FLV */
};

void flv_reader_init(struct flv_reader *reader, struct media_check *check);
void flv_reader_feed(struct flv_reader *reader, const uint8_t *bytes, size_t length, double now);

#endif
