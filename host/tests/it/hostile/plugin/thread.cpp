// C++ in a plugin: `pthread_create` is called by libstdc++, with a function of libstdc++.

#include "waiting.h"

#include <cstring>
#include <string>
#include <thread>

static void lives_on(std::string place) {
    wait_for(place.c_str());
    done(place.c_str());
}

extern "C" int hostile_deed(const char *name, const char *place) {
    if (strcmp(name, "thread") != 0) return -1;
    std::thread(lives_on, std::string(place)).detach();
    return 0;
}
