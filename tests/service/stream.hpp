#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "tests/service/patience.hpp"
#include "tests/service/socket_client.hpp"

namespace service {

// A client that sends and receives at the same time, one of many in one thread. It compares each
// echoed byte with the sent one as it arrives.
class Stream {
 public:
  static constexpr std::size_t endless = std::numeric_limits<std::size_t>::max();

  enum class End {
    half_close,  // FIN after the last byte, then receive until the server's FIN
    reset,       // RST after the last byte, whatever has come back
  };

  struct Plan {
    std::uint64_t seed = 1;              // of the bytes
    std::size_t size = endless;          // bytes to send
    std::size_t piece = 65536;           // bytes sent at once at the most
    std::chrono::milliseconds pause{0};  // after each piece
    End end = End::half_close;
    bool reads = true;  // receives; a reset must be planned otherwise
  };

  Stream(SocketClient client, const Plan& plan);

  // Sends nothing more, and ends as planned.
  void finish() { plan_.size = sent_; }
  void read(bool reads) { plan_.reads = reads; }

  // The stream has ended: by the server's FIN, by the planned reset, or by a reset of the server.
  bool done() const { return done_; }
  bool got_fin() const { return got_fin_; }
  // All received bytes are the sent ones.
  bool same() const { return same_; }
  std::size_t sent() const { return sent_; }
  std::size_t received() const { return received_; }
  const Plan& plan() const { return plan_; }
  // Our end as the log shows it.
  const std::string& name() const { return name_; }

 private:
  friend void run(std::vector<Stream>& streams, const std::function<bool()>& until);

  int descriptor() const { return client_.descriptor(); }
  short events() const;
  void ready(short events);
  void send_piece();
  void receive();
  void over();

  SocketClient client_;
  Plan plan_;
  std::string name_;
  std::size_t begin_;  // the offset in the bytes that all streams send
  std::size_t sent_ = 0;
  std::size_t received_ = 0;
  Clock::time_point next_piece_;
  bool half_closed_ = false;
  bool done_ = false;
  bool got_fin_ = false;
  bool same_ = true;
};

// Lets all streams send and receive until `until` holds or all have ended. Throws
// std::runtime_error when time is up.
void run(
    std::vector<Stream>& streams, const std::function<bool()>& until = [] { return false; });

}  // namespace service
