// libuv: a buffer as large as it suggests for each read, freed once it has been written.
//   libuv PORT
#include <stdlib.h>
#include <sys/socket.h>
#include <uv.h>

#include "listen.h"

struct answer {
  uv_write_t request;
  uv_buf_t data;
};

static void close_connection(uv_handle_t* handle) {
  free(handle);
}

static void allocate(uv_handle_t* handle, size_t suggested, uv_buf_t* buffer) {
  (void)handle;
  *buffer = uv_buf_init(malloc(suggested), (unsigned)suggested);
}

static void written(uv_write_t* request, int status) {
  struct answer* answer = (struct answer*)request;
  uv_handle_t* connection = (uv_handle_t*)request->handle;
  if (status != 0 && !uv_is_closing(connection)) uv_close(connection, close_connection);
  free(answer->data.base);
  free(answer);
}

static void received(uv_stream_t* connection, ssize_t size, const uv_buf_t* buffer) {
  if (size > 0) {
    struct answer* answer = malloc(sizeof *answer);
    answer->data = uv_buf_init(buffer->base, (unsigned)size);
    uv_write(&answer->request, connection, &answer->data, 1, written);
    return;
  }
  free(buffer->base);
  if (size < 0 && !uv_is_closing((uv_handle_t*)connection))
    uv_close((uv_handle_t*)connection, close_connection);
}

static void connected(uv_stream_t* listener, int status) {
  if (status != 0) return;
  uv_tcp_t* connection = malloc(sizeof *connection);
  uv_tcp_init(listener->loop, connection);
  uv_accept(listener, (uv_stream_t*)connection);
  uv_read_start((uv_stream_t*)connection, allocate, received);
}

int main(int count, char** arguments) {
  if (count != 2) return 64;
  uv_loop_t* loop = uv_default_loop();
  uv_tcp_t listener;
  uv_tcp_init(loop, &listener);
  uv_tcp_open(&listener, listen_on(arguments[1], SOCK_NONBLOCK));
  uv_listen((uv_stream_t*)&listener, 4096, connected);
  return uv_run(loop, UV_RUN_DEFAULT);
}
