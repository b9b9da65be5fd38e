// What a plugin's C code may do. Linked into the plugin: see lib.rs.

#define _GNU_SOURCE
#include "waiting.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

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

static int block(const char *place) {
    mark(place, "begun");
    wait_for(place);
    return 0;
}

static const struct deed {
    const char *name;
    int (*does)(const char *place);
} DEEDS[] = {
    {"block", block},
    {"thread", a_thread},
};

int hostile_deed(const char *name, const char *place) {
    for (size_t i = 0; i < sizeof DEEDS / sizeof *DEEDS; i++)
        if (strcmp(DEEDS[i].name, name) == 0) return DEEDS[i].does(place);
    return -1;
}
