// GETs with libcurl's multi interface, in the form that is meant for many connections: the program waits (here with
// epoll) and tells libcurl which socket is ready.

#include "meter.hpp"

#include <curl/curl.h>

#include <algorithm>
#include <string>
#include <vector>

#include <sys/epoll.h>
#include <unistd.h>

namespace {

struct transfer {
    CURL* handle = curl_easy_init();
    std::string body;
    bool first = true;
};

std::size_t take(char* bytes, std::size_t, std::size_t size, void* body)
{
    static_cast<std::string*>(body)->append(bytes, size);
    return size;
}

int watch(CURL*, curl_socket_t socket, int what, void* poll, void*)
{
    const int epoll = *static_cast<int*>(poll);
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(epoll, EPOLL_CTL_DEL, socket, nullptr);
        return 0;
    }
    epoll_event event{};
    event.events = ((what & CURL_POLL_IN) ? EPOLLIN : 0u) | ((what & CURL_POLL_OUT) ? EPOLLOUT : 0u);
    event.data.fd = socket;
    // epoll forgets a socket that is closed, libcurl does not tell of it
    if (epoll_ctl(epoll, EPOLL_CTL_MOD, socket, &event) != 0) epoll_ctl(epoll, EPOLL_CTL_ADD, socket, &event);
    return 0;
}

int set_timer(CURLM*, long milliseconds, void* timer)
{
    *static_cast<long*>(timer) = milliseconds;
    return 0;
}

void prepare(transfer& t, const bench::load& load, curl_slist* fields)
{
    curl_easy_setopt(t.handle, CURLOPT_URL, load.url.c_str());
    curl_easy_setopt(t.handle, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    curl_easy_setopt(t.handle, CURLOPT_HTTPHEADER, fields);
    curl_easy_setopt(t.handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(t.handle, CURLOPT_WRITEFUNCTION, take);
    curl_easy_setopt(t.handle, CURLOPT_WRITEDATA, &t.body);
    curl_easy_setopt(t.handle, CURLOPT_PRIVATE, &t);
    if (!load.ca_file.empty()) curl_easy_setopt(t.handle, CURLOPT_CAINFO, load.ca_file.c_str());
}

// Counts what is finished, and starts it again.
void collect(CURLM* multi, bench::meter& m)
{
    int left = 0;
    while (CURLMsg* const message = curl_multi_info_read(multi, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        const CURLcode result = message->data.result;
        CURL* const handle = message->easy_handle;
        transfer* t = nullptr;
        long status = 0;
        curl_easy_getinfo(handle, CURLINFO_PRIVATE, &t);
        curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
        m.count(t->first, result == CURLE_OK && status == 200);
        t->first = false;
        std::string().swap(t->body); // a new answer is a new string, as elsewhere
        curl_multi_remove_handle(multi, handle);
        curl_multi_add_handle(multi, handle);
    }
}

} // namespace

int main(int count, char** arguments)
{
    const bench::load load(count, arguments);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    const std::string authorization = std::string("Authorization: Bearer ") + bench::sample_token;
    curl_slist* const fields = curl_slist_append(nullptr, authorization.c_str());

    int epoll = epoll_create1(0);
    long timer = 0;
    CURLM* const multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, watch);
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, &epoll);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, set_timer);
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, &timer);
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(load.connections));

    std::vector<transfer> transfers(static_cast<std::size_t>(load.connections));
    for (transfer& t : transfers) {
        prepare(t, load, fields);
        curl_multi_add_handle(multi, t.handle);
    }

    bench::meter m(load);
    int running = 0;
    std::vector<epoll_event> events(256);
    while (m.goes_on()) {
        const int n = epoll_wait(epoll, events.data(), static_cast<int>(events.size()), static_cast<int>(timer));
        if (n == 0) {
            timer = -1; // unless it is set anew
            curl_multi_socket_action(multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        for (int i = 0; i < n; ++i) {
            const epoll_event& e = events[static_cast<std::size_t>(i)];
            const int what = ((e.events & EPOLLIN) ? CURL_CSELECT_IN : 0) |
                             ((e.events & EPOLLOUT) ? CURL_CSELECT_OUT : 0) |
                             ((e.events & (EPOLLERR | EPOLLHUP)) ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(multi, e.data.fd, what, &running);
        }
        collect(multi, m);
    }
    m.print();

    for (transfer& t : transfers) {
        curl_multi_remove_handle(multi, t.handle);
        curl_easy_cleanup(t.handle);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(fields);
    close(epoll);
}
