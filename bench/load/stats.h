/* Figures of other processes (CPU time, memory), of this one and of the machine, read from /proc; and percentiles. */
#ifndef STATS_H
#define STATS_H

#include <stddef.h>
#include <sys/types.h>

#define MAX_PIDS 32

struct pid_list {
  pid_t pid[MAX_PIDS];
  size_t count;
};

/* All times in seconds of CPU since the start of what is measured. */
struct cpu_times {
  double total;  /* all threads of the processes, to the nanosecond */
  double user;   /* the same by the coarse clock ticks, split in two */
  double system;
  double self;   /* this process */
  double busy;   /* all CPUs of the machine, whoever used them */
};

double monotonic_seconds(void);
struct pid_list parse_pids(const char *comma_separated);
struct cpu_times read_cpu_times(const struct pid_list *pids);
long resident_kilobytes(const struct pid_list *pids);

/* Sorts values in place. */
void sort_values(double *values, size_t count);
/* Of sorted values; fraction from 0 to 1; 0 when there are none. */
double percentile(const double *sorted, size_t count, double fraction);
/* Prints `"name":{"median":…,"p95":…,"max":…}` of unsorted values; null in place of the figures when there are none. */
void print_percentiles(const char *name, double *values, size_t count);

#endif
