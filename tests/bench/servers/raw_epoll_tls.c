// The baseline of TLS: raw_epoll's loop with OpenSSL on the socket. One record a turn, three system
// calls an echo.
//   raw_epoll_tls PORT BUFFER_SIZE CERTIFICATE KEY
#define _GNU_SOURCE
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
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
  SSL* tls;
  char* rest;  // what OpenSSL did not take; nothing more is read until it has
  size_t rest_size;
};

static int epoll;
static SSL_CTX* context;
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
  if (SSL_is_init_finished(connection->tls)) SSL_shutdown(connection->tls);
  ERR_clear_error();
  SSL_free(connection->tls);
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
    connection->tls = SSL_new(context);
    SSL_set_fd(connection->tls, accepted);
    SSL_set_accept_state(connection->tls);
    watch(connection, EPOLL_CTL_ADD, EPOLLIN);
  }
}

// Whether the call has only to be made again later; ends the connection otherwise.
static int again(struct connection* connection) {
  const int error = SSL_get_error(connection->tls, -1);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return 1;
  end(connection);
  return 0;
}

static void echo(struct connection* connection) {
  do {
    size_t got = 0;
    if (SSL_read_ex(connection->tls, buffer, buffer_size, &got) != 1) {
      again(connection);
      return;
    }
    size_t sent = 0;
    if (SSL_write_ex(connection->tls, buffer, got, &sent) != 1) {
      if (!again(connection)) return;
      connection->rest = malloc(got);
      connection->rest_size = got;
      memcpy(connection->rest, buffer, got);
      watch(connection, EPOLL_CTL_MOD, EPOLLOUT);
      return;
    }
  } while (SSL_has_pending(connection->tls));
}

static void send_rest(struct connection* connection) {
  size_t sent = 0;
  if (SSL_write_ex(connection->tls, connection->rest, connection->rest_size, &sent) != 1) {
    again(connection);
    return;
  }
  free(connection->rest);
  connection->rest = NULL;
  watch(connection, EPOLL_CTL_MOD, EPOLLIN);
  if (SSL_has_pending(connection->tls)) echo(connection);
}

int main(int count, char** arguments) {
  if (count != 5) return 64;
  signal(SIGPIPE, SIG_IGN);
  buffer_size = strtoul(arguments[2], NULL, 10);
  buffer = malloc(buffer_size);
  context = SSL_CTX_new(TLS_server_method());
  SSL_CTX_set_mode(context, SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(context, 1);
  SSL_CTX_set_num_tickets(context, 0);
  if (SSL_CTX_use_certificate_chain_file(context, arguments[3]) != 1 ||
      SSL_CTX_use_PrivateKey_file(context, arguments[4], SSL_FILETYPE_PEM) != 1) {
    ERR_print_errors_fp(stderr);
    return 78;
  }
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
