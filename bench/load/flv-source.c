#include "flv-source.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "media-check.h"
#include "rtmp-client.h"

enum { FLV_HEADER_SIZE = 13, TAG_HEADER_SIZE = 11, TAG_SIZE_SIZE = 4, STREAM_ID = 1, TRACKS = 3 };

struct tag {
  uint8_t type;
  uint32_t time;
  const uint8_t *body;
  size_t length;
};

static void fail(const char *path, const char *problem) {
  fprintf(stderr, "%s: %s\n", path, problem);
  exit(1);
}

static uint8_t *read_file(const char *path, size_t *length) {
  FILE *file = fopen(path, "rb");
  if (file == NULL) fail(path, "cannot be opened");
  fseek(file, 0, SEEK_END);
  *length = ftell(file);
  rewind(file);
  uint8_t *bytes = malloc(*length);
  if (fread(bytes, 1, *length, file) != *length) fail(path, "cannot be read");
  fclose(file);
  return bytes;
}

static size_t big_endian24(const uint8_t *bytes) {
  return (size_t)bytes[0] << 16 | bytes[1] << 8 | bytes[2];
}

/* Takes the tag at `at`; gives where the next one begins, or 0 at the end. */
static size_t next_tag(const uint8_t *bytes, size_t length, size_t at, struct tag *tag) {
  if (length - at < TAG_HEADER_SIZE) return 0;
  const uint8_t *header = bytes + at;
  tag->type = header[0];
  tag->length = big_endian24(header + 1);
  tag->time = big_endian24(header + 4) | (uint32_t)header[7] << 24;
  tag->body = header + TAG_HEADER_SIZE;
  size_t whole = TAG_HEADER_SIZE + tag->length + TAG_SIZE_SIZE;
  return length - at < whole ? 0 : at + whole;
}

/* Metadata, the sequence headers of AVC, AAC and (by enhanced RTMP) Opus, and AVC's end of sequence: not played over. */
static int is_intro(const struct tag *tag) {
  enum { ENHANCED_AUDIO = 9, CODED_FRAMES = 1 };
  if (tag->type == MEDIA_DATA || tag->length < 2) return 1;
  if (tag->type == MEDIA_VIDEO) return tag->body[1] != 1;
  if (tag->body[0] >> 4 == ENHANCED_AUDIO) return (tag->body[0] & 15) != CODED_FRAMES;
  return tag->body[1] == 0;
}

static int track_of(const struct tag *tag) {
  return tag->type == MEDIA_VIDEO ? 2 : tag->type == MEDIA_AUDIO ? 1 : 0;
}

static struct tag *read_tags(const char *path, size_t *count) {
  size_t length, capacity = 0;
  uint8_t *bytes = read_file(path, &length);
  if (length < FLV_HEADER_SIZE || memcmp(bytes, "FLV\1", 4) != 0) fail(path, "is not an FLV file");
  struct tag *tags = NULL, tag;
  *count = 0;
  for (size_t at = FLV_HEADER_SIZE; (at = next_tag(bytes, length, at, &tag)) != 0;) {
    if (*count == capacity) tags = realloc(tags, (capacity = capacity * 2 + 64) * sizeof *tags);
    tags[(*count)++] = tag;
  }
  if (*count == 0) fail(path, "holds no tags");
  return tags;
}

/* The time between the last two video frames stands for the one between a round's last frame and the next round's first. */
static uint32_t round_duration_ms(const struct tag *tags, size_t count) {
  uint32_t last = 0, before = 0;
  for (size_t i = 0; i < count; i++) {
    if (tags[i].type != MEDIA_VIDEO || is_intro(&tags[i])) continue;
    before = last;
    last = tags[i].time;
  }
  return last + (last - before);
}

static struct source_message write_tag(const struct tag *tag, uint32_t *previous, int *begun) {
  static const char SET_DATA_FRAME[] = "\x02\x00\x0d@setDataFrame";
  int track = track_of(tag), chunk_stream = 4 + track;
  size_t prefix = tag->type == MEDIA_DATA ? sizeof SET_DATA_FRAME - 1 : 0, length = prefix + tag->length;
  uint8_t *body = malloc(length), *out = malloc(length + 32 + length / RTMP_PUBLISH_CHUNK);
  memcpy(body, SET_DATA_FRAME, prefix);
  memcpy(body + prefix, tag->body, tag->length);
  uint32_t time = *begun ? tag->time - *previous : tag->time;
  size_t written = rtmp_write_message(out, chunk_stream, *begun, time, tag->type, STREAM_ID, body, length, RTMP_PUBLISH_CHUNK);
  free(body);
  *begun = 1;
  *previous = tag->time;
  return (struct source_message){.at_s = tag->time / 1e3, .bytes = out, .length = written};
}

struct flv_source flv_source_load(const char *path) {
  size_t count;
  struct tag *tags = read_tags(path, &count);
  uint32_t duration = round_duration_ms(tags, count), previous[TRACKS] = {0};
  int begun[TRACKS] = {0};
  struct flv_source source = {.messages = calloc(count, sizeof *source.messages), .duration_s = duration / 1e3};
  for (size_t i = 0; i < count; i++) {
    if (!is_intro(&tags[i])) continue;
    int track = track_of(&tags[i]);
    if (tags[i].time > 0) continue;
    source.messages[source.count++] = write_tag(&tags[i], &previous[track], &begun[track]);
  }
  source.loop_from = source.count;
  /* Times are deltas, so a round's first frame of a track holds the step from the round before: also in the first one. */
  for (size_t i = 0; i < count; i++)
    if (!is_intro(&tags[i])) previous[track_of(&tags[i])] = tags[i].time - duration;
  for (size_t i = 0; i < count; i++) {
    if (is_intro(&tags[i])) continue;
    int track = track_of(&tags[i]);
    source.messages[source.count++] = write_tag(&tags[i], &previous[track], &begun[track]);
    source.media_bytes += tags[i].length;
  }
  free(tags);
  return source;
}
