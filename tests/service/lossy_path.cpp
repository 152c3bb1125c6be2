#include "tests/service/lossy_path.hpp"
#include "tests/service/patience.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <memory>
#include <random>
#include <vector>

namespace service {
namespace {

constexpr int buffer_size = 4 << 20;

sockaddr_in ipv4_address(in_addr_t address, in_port_t port) {
  sockaddr_in result{};
  result.sin_family = AF_INET;
  result.sin_addr.s_addr = address;
  result.sin_port = port;
  return result;
}

const sockaddr* generic(const sockaddr_in& address) {
  return reinterpret_cast<const sockaddr*>(&address);
}

// A socket with room for bursts, so that the kernel loses nothing that this path does not count.
FileDescriptor new_socket() {
  FileDescriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
  for (const int option : {SO_RCVBUFFORCE, SO_RCVBUF, SO_SNDBUF})
    setsockopt(socket.get(), SOL_SOCKET, option, &buffer_size, sizeof buffer_size);
  return socket;
}

std::optional<std::string> receive(const FileDescriptor& socket, sockaddr_in* from) {
  thread_local std::array<char, 65536> buffer;
  socklen_t size = sizeof *from;
  const auto length = recvfrom(socket.get(), buffer.data(), buffer.size(), 0,
                               reinterpret_cast<sockaddr*>(from), from ? &size : nullptr);
  if (length < 0) return std::nullopt;
  return std::string(buffer.data(), static_cast<std::size_t>(length));
}

}  // namespace

LossyPath::Decide LossyPath::at_random(Shares shares) {
  const auto random = std::make_shared<std::mt19937>(862);
  return [=](std::uint64_t, std::string&) {
    const auto falls = [&](double share) { return std::bernoulli_distribution(share)(*random); };
    Fate fate;
    if (falls(shares.lost))
      fate.copies = 0;
    else if (falls(shares.doubled))
      fate.copies = 2;
    else
      fate.overtaken = falls(shares.overtaken);
    return fate;
  };
}

LossyPath::LossyPath(Decide decide, std::optional<std::uint16_t> service)
    : decide_(std::move(decide)), service_(service), socket_(new_socket()) {
  auto address = ipv4_address(htonl(INADDR_LOOPBACK), 0);
  socklen_t size = sizeof address;
  if (bind(socket_.get(), generic(address), size) != 0) throw_errno("bind");
  if (getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw_errno("getsockname");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::jthread([this] { relay(); });
}

LossyPath::~LossyPath() {
  ending_ = true;
}

void LossyPath::relay() {
  while (!ending_) {
    std::vector<pollfd> sockets{{.fd = socket_.get(), .events = POLLIN, .revents = 0}};
    std::vector<Client> clients;
    for (const auto& [client, socket] : services_) {
      sockets.push_back({.fd = socket.get(), .events = POLLIN, .revents = 0});
      clients.push_back(client);
    }
    const bool something_waits = !held_.empty() || !delayed_.empty();
    poll(sockets.data(), sockets.size(), something_waits ? 1 : glance);
    if (sockets.front().revents != 0) take_requests();
    for (std::size_t i = 0; i < clients.size(); ++i) {
      if (sockets[i + 1].revents != 0) take_echoes(clients[i]);
    }
    send_what_is_due();
  }
}

void LossyPath::take_requests() {
  sockaddr_in from{};
  while (auto payload = receive(socket_, &from)) {
    ++requests_;
    const Client client(from.sin_addr.s_addr, from.sin_port);
    if (!service_) {
      take_echo(client, std::move(*payload));
      continue;
    }
    auto& socket = services_[client];
    if (socket.get() < 0) {
      socket = new_socket();
      const auto service = ipv4_address(htonl(INADDR_LOOPBACK), htons(*service_));
      if (connect(socket.get(), generic(service), sizeof service) != 0) throw_errno("connect");
    }
    ::send(socket.get(), payload->data(), payload->size(), 0);
  }
}

void LossyPath::take_echoes(const Client& client) {
  while (auto payload = receive(services_[client], nullptr))
    take_echo(client, std::move(*payload));
}

void LossyPath::take_echo(const Client& client, std::string payload) {
  const auto fate = decide_(++echoes_, payload);
  Echo echo{client, std::move(payload), fate.copies};
  if (fate.copies == 0) {
    ++lost_;
  } else if (fate.delay.count() > 0) {
    delayed_.emplace(Clock::now() + fate.delay, std::move(echo));
  } else if (fate.overtaken && !held_.contains(client)) {
    held_[client] = {Clock::now() + longest_wait, std::move(echo)};
  } else {
    send(echo);
    if (const auto held = held_.find(client); held != held_.end()) {
      ++overtaken_;  // first, since whoever receives the echo may look at the count
      send(held->second.second);
      held_.erase(held);
    }
  }
}

void LossyPath::send(const Echo& echo) {
  const auto to = ipv4_address(echo.client.first, echo.client.second);
  doubled_ += static_cast<std::uint64_t>(echo.copies - 1);
  for (int copy = 0; copy < echo.copies; ++copy) {
    sendto(socket_.get(), echo.payload.data(), echo.payload.size(), 0, generic(to), sizeof to);
  }
}

void LossyPath::send_what_is_due() {
  const auto now = Clock::now();
  for (auto first = delayed_.begin(); first != delayed_.end() && first->first <= now;
       first = delayed_.erase(first)) {
    send(first->second);
  }
  std::erase_if(held_, [&](const auto& entry) {
    const auto& [until, echo] = entry.second;
    if (until > now) return false;
    send(echo);
    return true;
  });
}

}  // namespace service
