// A thread for each connection, which blocks.
//   thread_per_connection PORT
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <thread>

#include "listen.h"

namespace {

bool send_all(int socket, const char* data, ssize_t size) {
  while (size > 0) {
    const auto sent = send(socket, data, static_cast<std::size_t>(size), MSG_NOSIGNAL);
    if (sent < 0) return false;
    data += sent;
    size -= sent;
  }
  return true;
}

void serve(int socket) {
  std::array<char, 4096> buffer;
  ssize_t size = 0;
  do {
    size = recv(socket, buffer.data(), buffer.size(), 0);
  } while (size > 0 && send_all(socket, buffer.data(), size));
  close(socket);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 64;
  const int listener = listen_on(arguments[1], 0);
  for (;;) {
    const int socket = accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket >= 0) std::thread(serve, socket).detach();
  }
}
