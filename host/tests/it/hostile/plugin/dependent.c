// A library that a plugin is linked with, or opens: its threads are created by its own code, in its own code.

#define _GNU_SOURCE
#include "waiting.h"

#include <pthread.h>
#include <string.h>

static void *lives_on(void *place) {
    wait_for(place);
    done(place);
    return NULL;
}

int dependent_thread(const char *place) {
    pthread_t thread;
    return pthread_create(&thread, NULL, lives_on, strdup(place));
}
