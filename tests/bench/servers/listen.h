#ifndef COROECHO_TESTS_BENCH_SERVERS_LISTEN_H
#define COROECHO_TESTS_BENCH_SERVERS_LISTEN_H

#ifdef __cplusplus
extern "C" {
#endif

// Listens on 127.0.0.1 at `port` (0: a free one), with TCP_NODELAY, which accepted sockets inherit,
// and reports the port on standard output. `flags` are those of socket(2), such as SOCK_NONBLOCK.
// Ends the program if it cannot.
int listen_on(const char* port, int flags);

#ifdef __cplusplus
}
#endif

#endif
