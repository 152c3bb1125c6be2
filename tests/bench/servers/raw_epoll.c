// The baseline of all comparisons: level-triggered epoll, one buffer for all connections, two
// system calls an echo.
//   raw_epoll PORT BUFFER_SIZE
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen.h"

enum { most_events = 512 };

struct connection {
  int socket;
  char* rest;  // what the socket did not take; nothing more is read until it has
  size_t rest_size;
};

static int epoll;
static char* buffer;
static size_t buffer_size;

static void watch(struct connection* connection, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = connection};
  if (epoll_ctl(epoll, operation, connection->socket, &event) != 0) {
    perror("epoll_ctl");
    exit(1);
  }
}

static void end(struct connection* connection) {
  close(connection->socket);
  free(connection->rest);
  free(connection);
}

static void accept_all(int listener) {
  for (;;) {
    const int accepted = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (accepted < 0) return;
    struct connection* connection = calloc(1, sizeof *connection);
    connection->socket = accepted;
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
  }
}

static void keep_rest(struct connection* connection, const char* from, size_t size) {
  connection->rest = malloc(size);
  connection->rest_size = size;
  memcpy(connection->rest, from, size);
  watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
}

static void echo(struct connection* connection) {
  const ssize_t got = recv(connection->socket, buffer, buffer_size, 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return end(connection);
  ssize_t sent = send(connection->socket, buffer, (size_t)got, MSG_NOSIGNAL);
  if (sent < 0 && errno == EAGAIN) sent = 0;
  if (sent < 0) return end(connection);
  if (sent < got) keep_rest(connection, buffer + sent, (size_t)(got - sent));
}

static void send_rest(struct connection* connection) {
  const ssize_t sent =
      send(connection->socket, connection->rest, connection->rest_size, MSG_NOSIGNAL);
  if (sent < 0 && errno == EAGAIN) return;
  if (sent < 0) return end(connection);
  connection->rest_size -= (size_t)sent;
  memmove(connection->rest, connection->rest + sent, connection->rest_size);
  if (connection->rest_size > 0) return;
  free(connection->rest);
  connection->rest = NULL;
  watch(connection, EPOLL_CTL_MOD, EPOLLIN);
}

int main(int count, char** arguments) {
  if (count != 3) return 64;
  buffer_size = strtoul(arguments[2], NULL, 10);
  buffer = malloc(buffer_size);
  epoll = epoll_create1(EPOLL_CLOEXEC);
  struct connection listener = {.socket = listen_on(arguments[1], SOCK_NONBLOCK)};
  watch(&listener, EPOLL_CTL_ADD, EPOLLIN);
  for (;;) {
    struct epoll_event events[most_events];
    const int ready = epoll_wait(epoll, events, most_events, -1);
    for (int i = 0; i < ready; ++i) {
      struct connection* connection = events[i].data.ptr;
      if (connection == &listener) {
        accept_all(listener.socket);
      } else if (connection->rest != NULL) {
        send_rest(connection);
      } else {
        echo(connection);
      }
    }
  }
}
