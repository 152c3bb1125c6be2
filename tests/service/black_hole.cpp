#include "tests/service/black_hole.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <fstream>
#include <stdexcept>
#include <string>
#include <thread>

#include "tests/service/patience.hpp"

namespace service {
namespace {

constexpr int kept_waiting = 4;  // more than the queue has room for
}  // namespace

BlackHole::BlackHole() : listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket") {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_.get(), generic, size) != 0) throw_errno("bind");
  if (listen(listener_.get(), 0) != 0) throw_errno("listen");
  if (getsockname(listener_.get(), generic, &size) != 0) throw_errno("getsockname");
  port_ = ntohs(address.sin_port);
  for (int i = 0; i < kept_waiting; ++i) {
    const int client = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    clients_.emplace_back(client, "socket");
    connect(client, generic, size);  // the first ones succeed
  }
  own_ = connecting();
}

void BlackHole::wait_for_client() const {
  const auto deadline = Clock::now() + patience;
  while (connecting() <= own_) {
    if (Clock::now() > deadline) throw std::runtime_error("nobody connects");
    std::this_thread::sleep_for(std::chrono::milliseconds(glance));
  }
}

// Sockets in the state SYN_SENT whose peer is this port, proc(5).
std::size_t BlackHole::connecting() const {
  constexpr const char* syn_sent = "02";
  std::ifstream table("/proc/net/tcp");
  std::string number;
  std::string local;
  std::string peer;
  std::string state;
  std::size_t count = 0;
  for (std::string rest; table >> number >> local >> peer >> state; std::getline(table, rest)) {
    const auto colon = peer.find(':');
    if (state == syn_sent && std::stoul(peer.substr(colon + 1), nullptr, 16) == port_) ++count;
  }
  return count;
}

}  // namespace service
