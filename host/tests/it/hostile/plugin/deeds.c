// What a plugin's C code may do. Linked into the plugin: see lib.rs. Each deed answers at once, with 0 or what it was told.

#define _GNU_SOURCE
#include "waiting.h"

#include <assert.h>
#include <dlfcn.h>
#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <threads.h>
#include <time.h>

// From dependent.c, a library that the plugin is linked with.
int dependent_thread(const char *place);

static int block(const char *place) {
    mark(place, "begun");
    wait_for(place);
    return 0;
}

// --- threads

// A thread that lives on in the plugin's code until its place appears.
static void *lives_on(void *place) {
    wait_for(place);
    done(place);
    return NULL;
}

static int a_thread(const char *place) {
    pthread_t thread;
    return pthread_create(&thread, NULL, lives_on, strdup(place));
}

static int detached(const char *place) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, lives_on, strdup(place));
    pthread_detach(thread);
    return error;
}

static void *creates_another(void *place) {
    detached(place);
    return NULL;
}

// The one that creates the thread has ended when anybody looks.
static int chain(const char *place) {
    pthread_t thread;
    int error = pthread_create(&thread, NULL, creates_another, (void *)place);
    pthread_join(thread, NULL);
    return error;
}

static int lives_on_c11(void *place) {
    lives_on(place);
    return 0;
}

static int c11(const char *place) {
    thrd_t thread;
    return thrd_create(&thread, lives_on_c11, strdup(place));
}

static int lives_on_bare(void *place) {
    lives_on(place);
    syscall(SYS_exit, 0);
    return 0;
}

// A thread that not even libc knows.
static int bare(const char *place) {
    char *stack = malloc(65536);
    int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM;
    return clone(lives_on_bare, stack + 65536, flags, strdup(place)) < 0;
}

// A function that libc calls on a thread that it creates by itself.
static void resolved(union sigval place) { lives_on(place.sival_ptr); }

static int resolver(const char *place) {
    struct gaicb *request = calloc(1, sizeof *request);
    request->ar_name = "127.0.0.1";
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = resolved};
    event.sigev_value.sival_ptr = strdup(place);
    return getaddrinfo_a(GAI_NOWAIT, &request, 1, &event);
}

// Its value is freed when the plugin's own thread ends, by a destructor that does not return until it may.
static void waits(void *place) {
    wait_for(place);
    done(place);
}

static int blocking_destructor(const char *place) {
    pthread_key_t key;
    int error = pthread_key_create(&key, waits);
    return error ? error : pthread_setspecific(key, strdup(place));
}

// --- timers

static int timer(struct sigevent *event) {
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, event, &timer) != 0) return errno;
    struct itimerspec often = {.it_interval = {.tv_nsec = 200000}, .it_value = {.tv_nsec = 200000}};
    return timer_settime(timer, 0, &often, NULL);
}

static volatile int ticks;

static void tick(union sigval value) {
    (void)value;
    ticks++;
}

// Calls back five thousand times a second, each time on a new thread.
static int calling_timer(const char *place) {
    (void)place;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = tick};
    int error = timer(&event);
    while (error == 0 && ticks < 20) usleep(100);
    return error;
}

static void on_signal(int number) {
    (void)number;
    ticks++;
}

static int take(int number, void (*handler)(int)) {
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};
    return sigaction(number, &action, NULL) == 0 ? 0 : errno;
}

// Sends a signal that ends a process which does not handle it.
static int signalling_timer(const char *place) {
    (void)place;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR2};
    int error = take(SIGUSR2, on_signal);
    if (error == 0) error = timer(&event);
    while (error == 0 && ticks < 20) usleep(100);
    return error;
}

// Goes off after the unload, when its signal ends a process again.
static int interval(const char *place) {
    (void)place;
    struct itimerval often = {.it_interval = {.tv_usec = 1000}, .it_value = {.tv_usec = 1000}};
    int error = take(SIGALRM, on_signal);
    if (error == 0) error = setitimer(ITIMER_REAL, &often, NULL);
    while (error == 0 && ticks < 20) usleep(100);
    return error;
}

static int an_alarm(const char *place) {
    (void)place;
    int error = take(SIGALRM, on_signal);
    if (error == 0) alarm(60);
    return error;
}

static int a_microsecond_alarm(const char *place) {
    (void)place;
    int error = take(SIGALRM, on_signal);
    if (error == 0) ualarm(1000, 1000);
    while (error == 0 && ticks < 20) usleep(100);
    return error;
}

// --- ends

static int aborts(const char *place) {
    (void)place;
    abort();
}

static int asserts(const char *place) {
    assert(place == NULL);
    return 0;
}

static int exits(const char *place) {
    (void)place;
    exit(7);
}

static int exits_at_once(const char *place) {
    (void)place;
    _exit(7);
}

static int exits_quickly(const char *place) {
    (void)place;
    quick_exit(7);
}

static void *aborts_on_a_thread(void *place) {
    mark(place, "begun");
    abort();
}

static int thread_aborts(const char *place) {
    pthread_t thread;
    return pthread_create(&thread, NULL, aborts_on_a_thread, strdup(place));
}

// A child process may end as it likes.
static int child_exits(const char *place) {
    (void)place;
    pid_t child = fork();
    if (child == 0) _exit(7);
    int status;
    if (child < 0 || waitpid(child, &status, 0) != child) return errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// --- signals

static int sigterm(const char *place) {
    (void)place;
    return take(SIGTERM, on_signal);
}

static int signal_term(const char *place) {
    (void)place;
    return signal(SIGTERM, on_signal) == SIG_ERR ? errno : 0;
}

static int sigpipe(const char *place) {
    (void)place;
    return take(SIGPIPE, SIG_DFL);
}

static int ignore_sigpipe(const char *place) {
    (void)place;
    return take(SIGPIPE, SIG_IGN);
}

static int sigsegv(const char *place) {
    (void)place;
    return take(SIGSEGV, on_signal);
}

static int sigusr1(const char *place) {
    (void)place;
    return take(SIGUSR1, on_signal);
}

// Takes SIGUSR1 and gives it back as it found it: nothing stays.
static int borrow(const char *place) {
    (void)place;
    struct sigaction action = {.sa_handler = on_signal}, before;
    if (sigaction(SIGUSR1, &action, &before) != 0) return errno;
    raise(SIGUSR1);
    return sigaction(SIGUSR1, &before, NULL);
}

// As the kernel has it; libc is not asked.
struct kernel_action {
    void (*handler)(int);
    unsigned long flags;
    void (*restorer)(void);
    unsigned long mask;
};

static int bare_action(int number) {
    struct kernel_action action = {.handler = on_signal};
    return syscall(SYS_rt_sigaction, number, &action, NULL, sizeof action.mask) == 0 ? 0 : errno;
}

static int bare_sigterm(const char *place) {
    (void)place;
    return bare_action(SIGTERM);
}

static int bare_sigusr1(const char *place) {
    (void)place;
    return bare_action(SIGUSR1);
}

static int how_many_ticks(const char *place) {
    (void)place;
    return ticks;
}

// --- what finalisers do

int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *library);
extern void *__dso_handle;

static int finalises;

static void forgets(void *value) { free(value); }

static int finaliser(const char *place) {
    (void)place;
    finalises = 1;
    return 0;
}

// A thread-local with a destructor and a key with one, both first used when it is too late.
__attribute__((destructor)) static void late(void) {
    if (!finalises) return;
    pthread_key_t key;
    tss_t c11_key;
    pthread_key_create(&key, forgets);
    tss_create(&c11_key, forgets);
    pthread_setspecific(key, malloc(1));
    tss_set(c11_key, malloc(1));
    __cxa_thread_atexit_impl(forgets, malloc(1), &__dso_handle);
}

// --- libraries

static int opens(const char *place) { return dlopen(place, RTLD_NOW) == NULL; }

static const struct deed {
    const char *name;
    int (*does)(const char *place);
} DEEDS[] = {
    {"abort", aborts},
    {"alarm", an_alarm},
    {"assert", asserts},
    {"bare", bare},
    {"bare_sigterm", bare_sigterm},
    {"bare_sigusr1", bare_sigusr1},
    {"block", block},
    {"blocking_destructor", blocking_destructor},
    {"borrow", borrow},
    {"c11", c11},
    {"calling_timer", calling_timer},
    {"chain", chain},
    {"child_exits", child_exits},
    {"dependent", dependent_thread},
    {"detached", detached},
    {"exit", exits},
    {"exit_at_once", exits_at_once},
    {"finaliser", finaliser},
    {"ignore_sigpipe", ignore_sigpipe},
    {"interval", interval},
    {"opens", opens},
    {"quick_exit", exits_quickly},
    {"resolver", resolver},
    {"signal_term", signal_term},
    {"signalling_timer", signalling_timer},
    {"sigpipe", sigpipe},
    {"sigsegv", sigsegv},
    {"sigterm", sigterm},
    {"sigusr1", sigusr1},
    {"thread", a_thread},
    {"thread_aborts", thread_aborts},
    {"ticks", how_many_ticks},
    {"ualarm", a_microsecond_alarm},
};

int hostile_deed(const char *name, const char *place) {
    for (size_t i = 0; i < sizeof DEEDS / sizeof *DEEDS; i++)
        if (strcmp(DEEDS[i].name, name) == 0) return DEEDS[i].does(place);
    return -1;
}
