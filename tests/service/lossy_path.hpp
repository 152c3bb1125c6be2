#pragma once

#include <netinet/in.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "tests/service/file_descriptor.hpp"
#include "tests/service/patience.hpp"

namespace service {

// A way to a UDP echo service that loses, doubles, delays, reorders or changes datagrams, and
// counts each of them. It listens at a port of 127.0.0.1. Requests pass unharmed, so that what
// happens to an echo is exactly what the client sees.
class LossyPath {
 public:
  // The fate of an echo on its way back.
  struct Fate {
    int copies = 1;          // 0: it is lost
    bool overtaken = false;  // by the next echo for the same client, if one comes in time
    std::chrono::milliseconds delay{0};
  };
  // Called for each echo with its number, from 1, and its payload, which may be changed.
  using Decide = std::function<Fate(std::uint64_t number, std::string& payload)>;

  // Shares of the echoes, from 0 to 1. The dice fall alike in every run.
  struct Shares {
    double lost = 0;
    double doubled = 0;
    double overtaken = 0;
  };
  static Decide at_random(Shares shares);

  // To the service at a port of 127.0.0.1; without one the path ends in an echo of its own.
  explicit LossyPath(Decide decide, std::optional<std::uint16_t> service = std::nullopt);
  LossyPath(const LossyPath&) = delete;
  LossyPath& operator=(const LossyPath&) = delete;
  ~LossyPath();

  std::uint16_t port() const { return port_; }

  // Counts of what was done, in datagrams.
  std::uint64_t requests() const { return requests_; }    // that clients sent
  std::uint64_t echoes() const { return echoes_; }        // that the service sent
  std::uint64_t lost() const { return lost_; }            // echoes of which no copy was sent on
  std::uint64_t doubled() const { return doubled_; }      // copies beyond the first
  std::uint64_t overtaken() const { return overtaken_; }  // echoes sent on after a later one

 private:
  // The address and port of a client.
  using Client = std::pair<in_addr_t, in_port_t>;
  struct Echo {
    Client client;
    std::string payload;
    int copies = 1;
  };

  void relay();
  void take_requests();
  void take_echoes(const Client& client);
  void take_echo(const Client& client, std::string payload);
  void send(const Echo& echo);
  void send_what_is_due();

  static constexpr std::chrono::milliseconds longest_wait{100};  // of one to be overtaken

  Decide decide_;
  std::optional<std::uint16_t> service_;
  FileDescriptor socket_;  // towards the clients
  std::uint16_t port_ = 0;
  std::map<Client, FileDescriptor> services_;                  // towards the service, one a client
  std::map<Client, std::pair<Clock::time_point, Echo>> held_;  // until the next one has passed
  std::multimap<Clock::time_point, Echo> delayed_;
  std::atomic<std::uint64_t> requests_ = 0;
  std::atomic<std::uint64_t> echoes_ = 0;
  std::atomic<std::uint64_t> lost_ = 0;
  std::atomic<std::uint64_t> doubled_ = 0;
  std::atomic<std::uint64_t> overtaken_ = 0;
  std::atomic<bool> ending_ = false;
  std::jthread thread_;  // last: it uses the members above
};

inline LossyPath::Fate unharmed(std::uint64_t, std::string&) {
  return {};
}

}  // namespace service
