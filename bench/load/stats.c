#define _GNU_SOURCE
#include "stats.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

double monotonic_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

struct pid_list parse_pids(const char *comma_separated) {
  struct pid_list list = {.count = 0};
  const char *rest = comma_separated;
  while (rest != NULL && *rest != '\0' && list.count < MAX_PIDS) {
    list.pid[list.count++] = atoi(rest);
    rest = strchr(rest, ',');
    if (rest != NULL) rest++;
  }
  return list;
}

/* proc(5) has no per-process nanosecond counter: the first field of each thread's schedstat is its time on a CPU. */
static double threads_seconds(pid_t pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/task", pid);
  DIR *tasks = opendir(path);
  if (tasks == NULL) return 0;
  double total = 0;
  for (struct dirent *task; (task = readdir(tasks)) != NULL;) {
    if (task->d_name[0] == '.') continue;
    char file[384];
    snprintf(file, sizeof file, "%s/%s/schedstat", path, task->d_name);
    FILE *stat = fopen(file, "r");
    if (stat == NULL) continue;
    unsigned long long nanoseconds = 0;
    if (fscanf(stat, "%llu", &nanoseconds) == 1) total += nanoseconds * 1e-9;
    fclose(stat);
  }
  closedir(tasks);
  return total;
}

static void add_ticks(pid_t pid, struct cpu_times *times) {
  char path[64], line[1024];
  snprintf(path, sizeof path, "/proc/%d/stat", pid);
  FILE *stat = fopen(path, "r");
  if (stat == NULL) return;
  size_t length = fread(line, 1, sizeof line - 1, stat);
  fclose(stat);
  line[length] = '\0';
  const char *after_name = strrchr(line, ')');
  unsigned long user, system;
  if (after_name == NULL) return;
  if (sscanf(after_name + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &user, &system) != 2) return;
  double tick = 1.0 / sysconf(_SC_CLK_TCK);
  times->user += user * tick;
  times->system += system * tick;
}

static double machine_busy_seconds(void) {
  FILE *stat = fopen("/proc/stat", "r");
  if (stat == NULL) return 0;
  double user, nice, system, idle, wait, irq, softirq, steal;
  int fields = fscanf(stat, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &user, &nice, &system, &idle, &wait, &irq, &softirq, &steal);
  fclose(stat);
  return fields == 8 ? (user + nice + system + irq + softirq + steal) / sysconf(_SC_CLK_TCK) : 0;
}

struct cpu_times read_cpu_times(const struct pid_list *pids) {
  struct cpu_times times = {0};
  for (size_t i = 0; i < pids->count; i++) {
    times.total += threads_seconds(pids->pid[i]);
    add_ticks(pids->pid[i], &times);
  }
  struct rusage self;
  getrusage(RUSAGE_SELF, &self);
  times.self = self.ru_utime.tv_sec + self.ru_stime.tv_sec + (self.ru_utime.tv_usec + self.ru_stime.tv_usec) * 1e-6;
  times.busy = machine_busy_seconds();
  return times;
}

long resident_kilobytes(const struct pid_list *pids) {
  long total = 0;
  for (size_t i = 0; i < pids->count; i++) {
    char path[64], line[256];
    snprintf(path, sizeof path, "/proc/%d/status", pids->pid[i]);
    FILE *status = fopen(path, "r");
    if (status == NULL) continue;
    long kilobytes;
    while (fgets(line, sizeof line, status) != NULL) {
      if (sscanf(line, "VmRSS: %ld", &kilobytes) != 1) continue;
      total += kilobytes;
      break;
    }
    fclose(status);
  }
  return total;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

void sort_values(double *values, size_t count) {
  qsort(values, count, sizeof *values, ascending);
}

double percentile(const double *sorted, size_t count, double fraction) {
  return count == 0 ? 0 : sorted[(size_t)((count - 1) * fraction + 0.5)];
}

void print_percentiles(const char *name, double *values, size_t count) {
  if (count == 0) {
    printf("\"%s\":null", name);
    return;
  }
  sort_values(values, count);
  printf("\"%s\":{\"median\":%.3f,\"p95\":%.3f,\"max\":%.3f}", name, percentile(values, count, 0.5),
         percentile(values, count, 0.95), values[count - 1]);
}
