// What foreign.cpp does, for machines without a C++ compiler: a thread, a timer that calls back, a key and a signal. Only the thread is ended.

#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

static atomic_int turns;
static atomic_int stop;
static pthread_t worker;

static void *turn(void *nothing) {
    while (!stop) {
        turns++;
        usleep(1000);
    }
    return nothing;
}

static void tick(union sigval value) {
    (void)value;
    turns++;
}

static void forget(void *value) { (void)value; }

static void on_signal(int number) { (void)number; }

int foreign_start(void) {
    if (pthread_create(&worker, NULL, turn, NULL) != 0) return -5;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = tick};
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return -1;
    struct itimerspec often = {.it_interval = {.tv_nsec = 2000000}, .it_value = {.tv_nsec = 2000000}};
    if (timer_settime(timer, 0, &often, NULL) != 0) return -2;
    pthread_key_t key;
    if (pthread_key_create(&key, forget) != 0) return -3;
    struct sigaction action = {.sa_handler = on_signal};
    return sigaction(SIGUSR1, &action, NULL) == 0 ? 0 : -4;
}

void foreign_stop(void) {
    stop = 1;
    pthread_join(worker, NULL);
}

int foreign_turns(void) { return turns; }
