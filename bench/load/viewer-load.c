/*
 * Many viewers of one live stream on this machine, by HTTP-FLV or RTMP, from one light process; prints as JSON what they
 * cost the server (CPU and memory of the given processes) and what they got. See usage() for the options.
 *
 * Most viewers throw away what they receive; the first few (--check) read every tag. With --probe, viewers come one after
 * another instead, and only the time to their first byte and first key frame is taken.
 * The process ends when its standard input does (--hold), so that it cannot outlive who started it.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "flv-reader.h"
#include "rtmp-client.h"
#include "stats.h"

enum { EVENTS = 4096, READ_SIZE = 1 << 18, MOST_SECONDS = 4096 };
/* Between two rounds of reading: fewer, larger reads keep the generator off the CPUs the server needs. */
static const useconds_t ROUND_US = 10000;
static const double PROBE_TIMEOUT_S = 10, PROBES_S = 15, PROBE_PAUSE_S = 0.2;
/* A server that lets newcomers wait for the next key frame is asked at any time of a GOP, not always just after one. */
static const double LONG_WAIT_S = 0.5, LONG_PAUSE_S = 2;

struct options {
  bool rtmp, hold, probe;
  int port, viewers, checked;
  double ramp_per_s, warm_s, measure_s, stall_s;
  struct pid_list pids;
  char app[128];
  const char *path, *key;
};

enum viewer_state { CONNECTING, ASKING, WATCHING, DEAD };

struct viewer {
  enum viewer_state state;
  int fd;
  bool checked;
  uint64_t bytes, bytes_before;
  double requested_at, first_byte_at, last_read_at, longest_gap_s;
  struct rtmp_client *rtmp;
  struct flv_reader *flv;
  struct media_check check;
};

struct load {
  struct options options;
  int epoll;
  struct viewer *viewers;
  int started;
  double now;  /* of this round */
  uint8_t *bytes;
};

/* ---- one viewer ---- */

static void close_viewer(struct load *load, struct viewer *viewer) {
  if (viewer->state == DEAD) return;
  epoll_ctl(load->epoll, EPOLL_CTL_DEL, viewer->fd, NULL);
  close(viewer->fd);
  viewer->state = DEAD;
}

static void free_viewer(struct viewer *viewer) {
  if (viewer->rtmp != NULL) rtmp_client_free(viewer->rtmp);
  free(viewer->rtmp);
  free(viewer->flv);
}

static void start_viewer(struct load *load, int index) {
  struct viewer *viewer = &load->viewers[index];
  memset(viewer, 0, sizeof *viewer);
  viewer->checked = load->options.probe || index < load->options.checked;
  viewer->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (viewer->fd < 0) {
    perror("socket (are more open files allowed?)");
    exit(1);
  }
  int on = 1;
  setsockopt(viewer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(load->options.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  if (connect(viewer->fd, (struct sockaddr *)&address, sizeof address) < 0 && errno != EINPROGRESS) {
    close(viewer->fd);
    viewer->state = DEAD;
    return;
  }
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT, .data.u32 = index};
  epoll_ctl(load->epoll, EPOLL_CTL_ADD, viewer->fd, &event);
}

static void on_rtmp_media(void *owner, const struct rtmp_message *message) {
  struct viewer *viewer = owner;
  media_check_tag(&viewer->check, message->type, message->timestamp, message->head, message->head_length, monotonic_seconds());
}

static void on_connected(struct load *load, struct viewer *viewer, int index) {
  struct epoll_event event = {.events = EPOLLIN, .data.u32 = index};
  epoll_ctl(load->epoll, EPOLL_CTL_MOD, viewer->fd, &event);
  const struct options *options = &load->options;
  viewer->last_read_at = load->now;
  viewer->state = ASKING;
  if (options->rtmp) {
    viewer->rtmp = calloc(1, sizeof *viewer->rtmp);
    rtmp_client_init(viewer->rtmp, viewer->fd, options->port, options->app, options->key, 0);
    viewer->rtmp->owner = viewer;
    if (viewer->checked) viewer->rtmp->on_media = on_rtmp_media;
    rtmp_client_begin(viewer->rtmp);
    return;
  }
  if (viewer->checked) {
    viewer->flv = calloc(1, sizeof *viewer->flv);
    flv_reader_init(viewer->flv, &viewer->check);
  }
  char request[2048];
  int length = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: load\r\nAccept: */*\r\n\r\n",
                        options->path, options->port);
  viewer->requested_at = monotonic_seconds();
  viewer->state = WATCHING;
  if (send(viewer->fd, request, length, MSG_NOSIGNAL) != length) close_viewer(load, viewer);
}

static void count_read(struct viewer *viewer, size_t length, double now) {
  if (viewer->first_byte_at == 0) viewer->first_byte_at = now;
  double gap = now - viewer->last_read_at;
  if (gap > viewer->longest_gap_s) viewer->longest_gap_s = gap;
  viewer->last_read_at = now;
  viewer->bytes += length;
}

static void read_rtmp(struct load *load, struct viewer *viewer, size_t length) {
  if (viewer->state == WATCHING && !viewer->checked) rtmp_client_skip(viewer->rtmp, length);
  else rtmp_client_read(viewer->rtmp, load->bytes, length);
  if (viewer->rtmp->state == RTMP_REFUSED) close_viewer(load, viewer);
  else if (viewer->state == ASKING && viewer->rtmp->state == RTMP_READY) {
    viewer->state = WATCHING;
    viewer->requested_at = viewer->rtmp->requested_at;
  }
}

static void on_readable(struct load *load, struct viewer *viewer) {
  for (;;) {
    bool discard = viewer->state == WATCHING && !viewer->checked;
    /* MSG_TRUNC: TCP throws the bytes away without copying them, tcp(7). */
    ssize_t length = recv(viewer->fd, load->bytes, READ_SIZE, discard ? MSG_TRUNC : 0);
    if (length < 0 && errno == EAGAIN) return;
    if (length <= 0) {
      close_viewer(load, viewer);
      return;
    }
    double now = load->options.probe ? monotonic_seconds() : load->now;
    if (viewer->rtmp != NULL) read_rtmp(load, viewer, length);
    if (viewer->flv != NULL) {
      flv_reader_feed(viewer->flv, load->bytes, length, now);
      if (viewer->flv->refused != 0) close_viewer(load, viewer);
    }
    if (viewer->state == WATCHING) count_read(viewer, length, now);
    if (viewer->state == DEAD || length < READ_SIZE / 4) return;
  }
}

/* Handles what came on all sockets, waiting at most timeout_ms for something. */
static void one_round(struct load *load, int timeout_ms) {
  static struct epoll_event events[EVENTS];
  int count = epoll_wait(load->epoll, events, EVENTS, timeout_ms);
  load->now = monotonic_seconds();
  for (int i = 0; i < count; i++) {
    int index = events[i].data.u32;
    struct viewer *viewer = &load->viewers[index];
    if (viewer->state == DEAD) continue;
    if (events[i].events & (EPOLLERR | EPOLLHUP) && viewer->state == CONNECTING) close_viewer(load, viewer);
    else if (viewer->state == CONNECTING && events[i].events & EPOLLOUT) on_connected(load, viewer, index);
    else if (events[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP)) on_readable(load, viewer);
  }
}

/* ---- the crowd ---- */

static bool input_ended(void) {
  struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
  char byte;
  return poll(&input, 1, 0) > 0 && read(STDIN_FILENO, &byte, 1) <= 0;
}

static void rounds_until(struct load *load, double end) {
  while (monotonic_seconds() < end) {
    one_round(load, 5);
    usleep(ROUND_US);
    if (load->options.hold && input_ended()) exit(0);
  }
}

static void ramp_up(struct load *load) {
  double begin = monotonic_seconds();
  while (load->started < load->options.viewers) {
    int wanted = (monotonic_seconds() - begin) * load->options.ramp_per_s + 1;
    while (load->started < wanted && load->started < load->options.viewers) start_viewer(load, load->started++);
    one_round(load, 2);
    if (load->options.hold && input_ended()) exit(0);
  }
}

/* Waits until every viewer watches or is dead, the last ones for a while only. */
static void settle(struct load *load) {
  for (double end = monotonic_seconds() + 20; monotonic_seconds() < end;) {
    int pending = 0;
    for (int i = 0; i < load->started; i++) pending += load->viewers[i].state == CONNECTING || load->viewers[i].first_byte_at == 0;
    for (int i = 0; i < load->started; i++) pending -= load->viewers[i].state == DEAD && load->viewers[i].first_byte_at == 0;
    if (pending <= 0) return;
    rounds_until(load, monotonic_seconds() + 0.1);
  }
}

struct window {
  struct cpu_times before, after;
  double begin, end;
  double memory_kb[MOST_SECONDS];  /* one a second */
  size_t seconds;
};

static void begin_window(struct load *load, struct window *window) {
  for (int i = 0; i < load->options.viewers; i++) {
    struct viewer *viewer = &load->viewers[i];
    viewer->bytes_before = viewer->bytes;
    viewer->longest_gap_s = 0;
    viewer->check.tags = 0;
  }
  window->begin = monotonic_seconds();
  window->before = read_cpu_times(&load->options.pids);
}

static void measure(struct load *load, struct window *window) {
  begin_window(load, window);
  double end = window->begin + load->options.measure_s;
  while (monotonic_seconds() < end && window->seconds < MOST_SECONDS) {
    double next = monotonic_seconds() + 1;
    rounds_until(load, next < end ? next : end);
    window->memory_kb[window->seconds++] = resident_kilobytes(&load->options.pids);
  }
  window->after = read_cpu_times(&load->options.pids);
  window->end = monotonic_seconds();
}

static void print_cost(const struct load *load, struct window *window, long memory_before_kb) {
  double seconds = window->end - window->begin, viewers = load->options.viewers;
  double cpu = window->after.total - window->before.total;
  sort_values(window->memory_kb, window->seconds);
  double memory_kb = percentile(window->memory_kb, window->seconds, 0.5);
  printf("\"measuredS\":%.3f,\"cpuUsPerViewerS\":%.3f,\"cpuPercent\":%.2f,\"userPercent\":%.2f,\"systemPercent\":%.2f,", seconds,
         cpu / seconds / viewers * 1e6, cpu / seconds * 100, (window->after.user - window->before.user) / seconds * 100,
         (window->after.system - window->before.system) / seconds * 100);
  printf("\"memoryBeforeKb\":%ld,\"memoryKb\":%.0f,\"memoryKbPerViewer\":%.3f,", memory_before_kb, memory_kb,
         (memory_kb - memory_before_kb) / viewers);
  printf("\"generatorCpuPercent\":%.2f,\"machineBusyPercent\":%.2f,", (window->after.self - window->before.self) / seconds * 100,
         (window->after.busy - window->before.busy) / seconds * 100);
}

static void print_experience(const struct load *load, const struct window *window) {
  int count = load->options.viewers, watching = 0, dead = 0, stalled = 0;
  long bad = 0, tags = 0;
  double seconds = window->end - window->begin;
  double *rate = calloc(count, sizeof *rate), *gap = calloc(count, sizeof *gap);
  double *first_byte = calloc(count, sizeof *first_byte), *first_key = calloc(count, sizeof *first_key);
  size_t first_bytes = 0, first_keys = 0;
  for (int i = 0; i < count; i++) {
    struct viewer *viewer = &load->viewers[i];
    watching += viewer->state == WATCHING;
    dead += viewer->state == DEAD;
    double last_gap = window->end - viewer->last_read_at;
    gap[i] = (last_gap > viewer->longest_gap_s ? last_gap : viewer->longest_gap_s) * 1e3;
    stalled += viewer->state != DEAD && gap[i] >= load->options.stall_s * 1e3;
    rate[i] = (viewer->bytes - viewer->bytes_before) / seconds / 1e3;
    if (viewer->first_byte_at > 0) first_byte[first_bytes++] = (viewer->first_byte_at - viewer->requested_at) * 1e3;
    if (viewer->check.key_frame_at > 0) first_key[first_keys++] = (viewer->check.key_frame_at - viewer->requested_at) * 1e3;
    bad += viewer->check.bad;
    tags += viewer->check.tags;
  }
  sort_values(rate, count);
  printf("\"watching\":%d,\"dead\":%d,\"stalled\":%d,\"badTags\":%ld,\"checkedTagsPerS\":%.1f,", watching, dead, stalled, bad, tags / seconds);
  printf("\"rateKBps\":{\"min\":%.2f,\"p1\":%.2f,\"median\":%.2f,\"max\":%.2f},", rate[0], percentile(rate, count, 0.01),
         percentile(rate, count, 0.5), rate[count - 1]);
  print_percentiles("longestGapMs", gap, count);
  printf(",");
  print_percentiles("firstByteMs", first_byte, first_bytes);
  printf(",");
  print_percentiles("firstKeyFrameMs", first_key, first_keys);
  free(rate);
  free(gap);
  free(first_byte);
  free(first_key);
}

static void run_crowd(struct load *load) {
  static struct window window;
  long memory_before_kb = resident_kilobytes(&load->options.pids);
  ramp_up(load);
  settle(load);
  printf("{\"event\":\"watching\"}\n");
  fflush(stdout);
  rounds_until(load, monotonic_seconds() + load->options.warm_s);
  measure(load, &window);
  printf("{\"event\":\"measured\",\"viewers\":%d,", load->options.viewers);
  print_cost(load, &window, memory_before_kb);
  print_experience(load, &window);
  printf("}\n");
  fflush(stdout);
  while (load->options.hold) rounds_until(load, monotonic_seconds() + 1);
}

/* Opens one viewer until its first key frame; says how long that took, or -1. The loop never sleeps, so times are exact. */
static double probe_once(struct load *load, double *first_byte_s) {
  struct viewer *viewer = &load->viewers[0];
  start_viewer(load, 0);
  double end = monotonic_seconds() + PROBE_TIMEOUT_S, wait_s = -1;
  while (viewer->state != DEAD && viewer->check.key_frame_at == 0 && monotonic_seconds() < end) one_round(load, 100);
  if (viewer->check.key_frame_at > 0) {
    *first_byte_s = viewer->first_byte_at - viewer->requested_at;
    wait_s = viewer->check.key_frame_at - viewer->requested_at;
  }
  close_viewer(load, viewer);
  free_viewer(viewer);
  return wait_s;
}

static void run_probe(struct load *load) {
  int asked = 0;
  double *first_byte = calloc(load->options.viewers, sizeof *first_byte), *first_key = calloc(load->options.viewers, sizeof *first_key);
  size_t seen = 0;
  for (double end = monotonic_seconds() + PROBES_S; asked < load->options.viewers && monotonic_seconds() < end; asked++) {
    double first_byte_s = 0, wait_s = probe_once(load, &first_byte_s);
    if (wait_s >= 0) {
      first_byte[seen] = first_byte_s * 1e3;
      first_key[seen++] = wait_s * 1e3;
    }
    usleep(drand48() * (wait_s > LONG_WAIT_S ? LONG_PAUSE_S : PROBE_PAUSE_S) * 1e6);
  }
  printf("{\"event\":\"probed\",\"viewers\":%d,\"failed\":%zu,", asked, asked - seen);
  print_percentiles("firstByteMs", first_byte, seen);
  printf(",");
  print_percentiles("firstKeyFrameMs", first_key, seen);
  printf("}\n");
  free(first_byte);
  free(first_key);
}

/* ---- command line ---- */

static void usage(void) {
  fprintf(stderr,
          "viewer-load --protocol flv|rtmp --port PORT --path /live/s.flv|live/s --viewers N [options]\n"
          "  --pids PID,…      the server's processes: their CPU time and memory are measured\n"
          "  --ramp N          viewers started a second (500)\n"
          "  --warm S          between the last viewer's start and the measurement (3)\n"
          "  --measure S       length of the measurement (10)\n"
          "  --check N         viewers that read every tag (4)\n"
          "  --stall MS        a viewer that got nothing for so long has stalled (2000)\n"
          "  --hold            stay after the measurement until standard input ends\n"
          "  --probe           one viewer after another, for the time to the first key frame\n");
  exit(2);
}

static struct options parse_options(int count, char **arguments) {
  static const struct option names[] = {
      {"protocol", 1, 0, 'p'}, {"port", 1, 0, 'P'}, {"path", 1, 0, 'u'}, {"viewers", 1, 0, 'n'}, {"pids", 1, 0, 'i'},
      {"ramp", 1, 0, 'r'}, {"warm", 1, 0, 'w'}, {"measure", 1, 0, 'm'}, {"check", 1, 0, 'c'}, {"stall", 1, 0, 's'},
      {"hold", 0, 0, 'h'}, {"probe", 0, 0, 'b'}, {0}};
  struct options options = {.checked = 4, .ramp_per_s = 500, .warm_s = 3, .measure_s = 10, .stall_s = 2};
  for (int name; (name = getopt_long(count, arguments, "", names, NULL)) != -1;) {
    switch (name) {
      case 'p': options.rtmp = strcmp(optarg, "rtmp") == 0; break;
      case 'P': options.port = atoi(optarg); break;
      case 'u': options.path = optarg; break;
      case 'n': options.viewers = atoi(optarg); break;
      case 'i': options.pids = parse_pids(optarg); break;
      case 'r': options.ramp_per_s = atof(optarg); break;
      case 'w': options.warm_s = atof(optarg); break;
      case 'm': options.measure_s = atof(optarg); break;
      case 'c': options.checked = atoi(optarg); break;
      case 's': options.stall_s = atof(optarg) / 1e3; break;
      case 'h': options.hold = true; break;
      case 'b': options.probe = true; break;
      default: usage();
    }
  }
  if (options.port <= 0 || options.path == NULL || options.viewers <= 0) usage();
  if (options.rtmp) {
    const char *slash = strchr(options.path, '/');
    if (slash == NULL || (size_t)(slash - options.path) >= sizeof options.app) usage();
    memcpy(options.app, options.path, slash - options.path);
    options.key = slash + 1;
  }
  return options;
}

int main(int count, char **arguments) {
  struct load load = {.options = parse_options(count, arguments)};
  load.viewers = calloc(load.options.viewers, sizeof *load.viewers);
  load.bytes = malloc(READ_SIZE);
  load.epoll = epoll_create1(EPOLL_CLOEXEC);
  if (load.options.probe) run_probe(&load);
  else run_crowd(&load);
  return 0;
}
