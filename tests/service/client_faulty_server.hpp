#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tests/service/file_descriptor.hpp"

namespace service {

// One connection as a faulty server sees it. Every call returns early when the test ends.
class FaultyConnection {
 public:
  FaultyConnection(FileDescriptor socket, const std::atomic<bool>& ending);

  // The bytes that have come, at least one; nothing at the client's FIN or on a broken connection.
  std::optional<std::string> receive();
  // Exactly so many bytes, or fewer at the end.
  std::string receive(std::size_t size);
  void send(std::string_view bytes);
  void echo_until_end();
  void wait(std::chrono::milliseconds time) const;
  // Keeps the connection open and takes nothing.
  void be_silent() const;
  // FIN; what comes afterwards is still received.
  void half_close();
  // RST.
  void reset();

 private:
  FileDescriptor socket_;
  const std::atomic<bool>* ending_;
};

// A server that misbehaves as the test wants: the behaviour is called for each connection, with its
// number from 1, on a thread of its own; when it returns, the connection is closed.
class FaultyServer {
 public:
  using Behaviour = std::function<void(FaultyConnection&, int number)>;

  explicit FaultyServer(Behaviour behaviour);
  // On a port that an earlier one had.
  FaultyServer(Behaviour behaviour, std::uint16_t port);
  FaultyServer(const FaultyServer&) = delete;
  FaultyServer& operator=(const FaultyServer&) = delete;
  ~FaultyServer();

  std::uint16_t port() const { return port_; }

 private:
  void accept_all();

  Behaviour behaviour_;
  FileDescriptor listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_ = false;
  std::vector<std::jthread> connections_;
  std::jthread acceptor_;  // last: it uses the members above
};

}  // namespace service
