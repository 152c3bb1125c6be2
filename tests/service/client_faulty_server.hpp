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

  // Waits for bytes, at least one. Returns nothing at the client's FIN or on a broken connection.
  std::optional<std::string> receive();
  // Receives exactly so many bytes, or fewer at the end.
  std::string receive(std::size_t size);
  void send(std::string_view bytes);
  void echo_until_end();
  void wait(std::chrono::milliseconds time) const;
  // Keeps the connection open and receives nothing.
  void be_silent() const;
  // Sends FIN; later bytes are still received.
  void half_close();
  // Resets the connection.
  void reset();

 private:
  FileDescriptor socket_;
  const std::atomic<bool>* ending_;
};

// A server that misbehaves as the test wants. It calls the behaviour for each connection, with its
// number from 1, on a thread of its own, and closes the connection when that returns.
class FaultyServer {
 public:
  using Behaviour = std::function<void(FaultyConnection&, int number)>;

  explicit FaultyServer(Behaviour behaviour);
  // Listens on the port of an earlier one.
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
