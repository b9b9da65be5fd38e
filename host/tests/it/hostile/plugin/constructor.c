// Runs when the library is opened: a thread that lives on, and, where the test wants it, an opening that takes its time.

#include "waiting.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

static char place[4096];

static void *lives_on(void *unused) {
    (void)unused;
    wait_for(place);
    done(place);
    return NULL;
}

__attribute__((constructor)) static void opened(void) {
    const char *folder = getenv("TMPDIR");
    if (folder == NULL) return;
    pthread_t thread;
    snprintf(place, sizeof place, "%s/constructed", folder);
    pthread_create(&thread, NULL, lives_on, NULL);
    char slow[4096];
    snprintf(slow, sizeof slow, "%s/slow", folder);
    if (access(slow, F_OK) != 0) return;
    snprintf(slow, sizeof slow, "%s/opens", folder);
    wait_for(slow);
}
