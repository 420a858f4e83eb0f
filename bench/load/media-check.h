/* What a viewer notices of the audio and video it gets, whatever protocol carries it. */
#ifndef MEDIA_CHECK_H
#define MEDIA_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* FLV tag types, which are RTMP's message types too. */
enum { MEDIA_AUDIO = 8, MEDIA_VIDEO = 9, MEDIA_DATA = 18 };
/* As many first bytes of a tag's body as the check needs. */
#define MEDIA_HEAD 2

struct media_check {
  long tags;            /* audio, video and data tags seen whole */
  long bad;             /* malformed tags, and times that went back within a track */
  double key_frame_at;  /* when the first key frame was complete; 0: not yet */
  uint32_t last_time[2];
  bool has_time[2];
};

/* A whole tag arrived; head is the beginning of its body. */
void media_check_tag(struct media_check *check, uint8_t type, uint32_t timestamp, const uint8_t *head, size_t length, double now);

#endif
