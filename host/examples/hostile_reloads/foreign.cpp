// C++ in the hostile plugin: a thread of std::thread's, with a thread_local that has a destructor and a static one, a timer that calls back, a
// key and a signal. Only the thread is ended by `foreign_stop`.

#include <atomic>
#include <chrono>
#include <csignal>
#include <ctime>
#include <string>
#include <thread>

#include <pthread.h>

namespace {

struct Noted {
    std::string text;
    ~Noted() { text.clear(); }
};

thread_local Noted noted{"on a thread of C++"};
Noted kept{"for as long as the library is there"};

std::atomic<int> turns{0};
std::atomic<bool> stop{false};
std::thread *worker = nullptr;

void turn() {
    while (!stop) {
        noted.text += '.';
        if (noted.text.size() > 1000) noted.text.clear();
        turns++;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
}

void tick(sigval) { turns++; }

void forget(void *) {}

void on_signal(int) {}

}  // namespace

extern "C" int foreign_start() {
    worker = new std::thread(turn);
    noted.text += kept.text;
    sigevent event{};
    event.sigev_notify = SIGEV_THREAD;
    event.sigev_notify_function = tick;
    timer_t timer;
    if (timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) return -1;
    itimerspec often{};
    often.it_interval.tv_nsec = often.it_value.tv_nsec = 2000000;
    if (timer_settime(timer, 0, &often, nullptr) != 0) return -2;
    pthread_key_t key;
    if (pthread_key_create(&key, forget) != 0) return -3;
    struct sigaction action{};
    action.sa_handler = on_signal;
    return sigaction(SIGUSR1, &action, nullptr) == 0 ? 0 : -4;
}

extern "C" void foreign_stop() {
    stop = true;
    worker->join();
    delete worker;
    worker = nullptr;
}

extern "C" int foreign_turns() { return turns; }
