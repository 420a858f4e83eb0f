#include "media-check.h"

/* Video File Format 10.1, E.4.3.1; Enhanced RTMP v1: the top bit marks the extended header, whose low bits are the packet type. */
static bool is_key_frame(const uint8_t *head, size_t length) {
  if (length < 2) return false;
  bool extended = head[0] & 0x80;
  int frame_type = (head[0] >> 4) & 7, packet_type = extended ? head[0] & 15 : head[1];
  return frame_type == 1 && (packet_type == 1 || (extended && packet_type == 3));
}

static bool is_config(uint8_t type, const uint8_t *head, size_t length) {
  if (length < 2) return true;
  if (type == MEDIA_AUDIO) return head[0] >> 4 == 10 && head[1] == 0;
  return head[0] & 0x80 ? (head[0] & 15) == 0 : head[1] == 0;
}

void media_check_tag(struct media_check *check, uint8_t type, uint32_t timestamp, const uint8_t *head, size_t length, double now) {
  if (type != MEDIA_AUDIO && type != MEDIA_VIDEO && type != MEDIA_DATA) {
    check->bad++;
    return;
  }
  check->tags++;
  if (type == MEDIA_DATA || is_config(type, head, length)) return;
  int track = type == MEDIA_VIDEO;
  if (check->has_time[track] && timestamp < check->last_time[track]) check->bad++;
  check->last_time[track] = timestamp;
  check->has_time[track] = true;
  if (type == MEDIA_VIDEO && check->key_frame_at == 0 && is_key_frame(head, length)) check->key_frame_at = now;
}
