// io_uring as it is meant to be used: one multishot accept, one multishot receive a connection into
// buffers of a ring, sends in the order of arrival, and one system call for all that is ready.
//   raw_io_uring PORT
#define _GNU_SOURCE
#include <errno.h>
#include <liburing.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "listen.h"

enum { entries = 4096, buffers = 1024, buffer_size = 16384, group = 1 };
enum operation { receive, transmit };  // the lowest bit of what a completion carries

struct filled {
  struct filled* next;
  unsigned size;
};

struct connection {
  int socket;
  int receives;                 // the multishot receive is armed
  int starved;                  // stands in the queue for buffers
  int ended;                    // no more will come
  struct filled *first, *last;  // to be sent; the first is under way
  struct connection* next_starved;
};

static struct io_uring ring;
static struct io_uring_buf_ring* free_buffers;
static char* memory;
static struct filled all_filled[buffers];
static struct connection* starved;
static unsigned in_use;  // buffers

static struct io_uring_sqe* next_entry(void) {
  struct io_uring_sqe* entry = io_uring_get_sqe(&ring);
  if (entry != NULL) return entry;
  io_uring_submit(&ring);
  return io_uring_get_sqe(&ring);
}

static void provide(unsigned id) {
  io_uring_buf_ring_add(free_buffers, memory + (size_t)id * buffer_size, buffer_size,
                        (unsigned short)id, io_uring_buf_ring_mask(buffers), 0);
  io_uring_buf_ring_advance(free_buffers, 1);
}

static void arm_accept(int listener) {
  struct io_uring_sqe* entry = next_entry();
  io_uring_prep_multishot_accept(entry, listener, NULL, NULL, SOCK_CLOEXEC);
  io_uring_sqe_set_data(entry, NULL);
}

static void arm_receive(struct connection* connection) {
  struct io_uring_sqe* entry = next_entry();
  io_uring_prep_recv_multishot(entry, connection->socket, NULL, 0, 0);
  entry->flags |= IOSQE_BUFFER_SELECT;
  entry->buf_group = group;
  io_uring_sqe_set_data64(entry, (uintptr_t)connection | receive);
  connection->receives = 1;
}

static void send_first(struct connection* connection) {
  const size_t id = (size_t)(connection->first - all_filled);
  struct io_uring_sqe* entry = next_entry();
  io_uring_prep_send(entry, connection->socket, memory + id * buffer_size, connection->first->size,
                     MSG_NOSIGNAL | MSG_WAITALL);
  io_uring_sqe_set_data64(entry, (uintptr_t)connection | transmit);
}

static void end_if_done(struct connection* connection) {
  if (!connection->ended || connection->receives || connection->starved || connection->first)
    return;
  close(connection->socket);
  free(connection);
}

static void accepted(int listener, const struct io_uring_cqe* completion) {
  if (completion->res >= 0) {
    struct connection* connection = calloc(1, sizeof *connection);
    connection->socket = completion->res;
    arm_receive(connection);
  }
  if (!(completion->flags & IORING_CQE_F_MORE)) arm_accept(listener);
}

static void received(struct connection* connection, const struct io_uring_cqe* completion) {
  connection->receives = (completion->flags & IORING_CQE_F_MORE) != 0;
  if (completion->res > 0) {
    struct filled* filled = &all_filled[completion->flags >> IORING_CQE_BUFFER_SHIFT];
    *filled = (struct filled){.size = (unsigned)completion->res};
    ++in_use;
    if (connection->first == NULL) {
      connection->first = connection->last = filled;
      send_first(connection);
    } else {
      connection->last = connection->last->next = filled;
    }
    if (!connection->receives) arm_receive(connection);
  } else if (completion->res == -ENOBUFS && in_use < buffers) {
    arm_receive(connection);
  } else if (completion->res == -ENOBUFS) {
    connection->starved = 1;
    connection->next_starved = starved;
    starved = connection;
  } else {
    connection->ended = 1;
  }
}

static void feed_starved(void) {
  while (starved != NULL) {
    struct connection* connection = starved;
    starved = connection->next_starved;
    connection->starved = 0;
    arm_receive(connection);
  }
}

static void transmitted(struct connection* connection, const struct io_uring_cqe* completion) {
  struct filled* done = connection->first;
  connection->first = done->next;
  if (completion->res < (int)done->size) {
    shutdown(connection->socket, SHUT_RDWR);
    connection->ended = 1;
  }
  provide((unsigned)(done - all_filled));
  --in_use;
  if (connection->first != NULL) send_first(connection);
  feed_starved();
}

static void complete(int listener, const struct io_uring_cqe* completion) {
  struct connection* connection = (struct connection*)(completion->user_data & ~(uintptr_t)1);
  if (connection == NULL) return accepted(listener, completion);
  if ((completion->user_data & 1) == receive) {
    received(connection, completion);
  } else {
    transmitted(connection, completion);
  }
  end_if_done(connection);
}

static void set_up(void) {
  struct io_uring_params parameters = {
      .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
      .cq_entries = 4 * entries};
  int failed = io_uring_queue_init_params(entries, &ring, &parameters);
  const size_t ring_size = buffers * sizeof(struct io_uring_buf);
  if (!failed) failed = -posix_memalign((void**)&free_buffers, 4096, ring_size);
  if (!failed) failed = -posix_memalign((void**)&memory, 4096, (size_t)buffers * buffer_size);
  if (!failed) {
    struct io_uring_buf_reg registration = {
        .ring_addr = (uintptr_t)free_buffers, .ring_entries = buffers, .bgid = group};
    failed = io_uring_register_buf_ring(&ring, &registration, 0);
  }
  if (failed) {
    fprintf(stderr, "io_uring: %s\n", strerror(-failed));
    exit(1);
  }
  io_uring_buf_ring_init(free_buffers);
  for (unsigned id = 0; id < buffers; ++id)
    provide(id);
}

int main(int count, char** arguments) {
  if (count != 2) return 64;
  set_up();
  const int listener = listen_on(arguments[1], 0);
  arm_accept(listener);
  for (;;) {
    io_uring_submit_and_wait(&ring, 1);
    struct io_uring_cqe* completion;
    unsigned head, seen = 0;
    io_uring_for_each_cqe(&ring, head, completion) {
      complete(listener, completion);
      ++seen;
    }
    io_uring_cq_advance(&ring, seen);
  }
}
